import json
from typing import Any

from client import KernelTestCase
from test_graphs import FIXTURES, MODEL

OTHER = """
class Other extends nn.Module {
  readonly lin = new nn.Linear(4, 2);
  forward(a: Tensor) { return { y: this.lin.call(a) }; }
}
const other = await PatchableGraph.capture(new Other(), torch.ones([1, 3, 4]));
const zero = new ZeroPatch(), x = torch.ones([1, 3, 4]);
"""


class NamesTestCase(KernelTestCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        for code in (MODEL, OTHER, "const held = { pg, list: [pg, other] }; let current = pg;"):
            cls.ok(cls(), code)

    def runTest(self) -> None:
        """Only lets setUpClass borrow an instance."""


class NamesAsTypes(NamesTestCase):
    def refused(self, code: str) -> str:
        """What the compiler says of a cell that must not run."""
        cell = self.run_cell(code)
        self.assertEqual(cell.reply["status"], "error", code)
        self.assertEqual(cell.reply["ename"], "TypeScriptError", cell.reply["evalue"])
        return str(cell.reply["evalue"])

    def test_a_misspelt_name_is_refused_where_it_stands(self) -> None:
        cell = self.run_cell('console.log("never");\nawait pg.patch({ "layers_3.fc": zero,\n  "layers_33.fc": zero }, () => pg.run(x))')
        self.assertEqual(cell.text(), "")
        self.assertIn(':3:3 - no node "layers_33.fc". Did you mean "layers_3.fc"', cell.reply["evalue"])
        self.assertIn("~~~~~~~~~~~~~~", "".join(cell.reply["traceback"]))

    def test_wherever_a_name_is_taken(self) -> None:
        for code in (
            'pg.run(x, { outputs: ["layers_2", "layers_2.ad_1"] })',
            'pg.node("layers_2.ad_1")',
            'pg.sweep({ inputs: x, cells: [{ "layers_2.ad_1": zero }], metric: () => 1 })',
            'pg.sweep({ inputs: x, cells: [], base: { "layers_2.ad_1": zero }, metric: () => 1 })',
            'const n = 2; pg.patch({ [`layers_${n}.ad_1`]: zero }, () => 1)',
            'pg.patch({ "layers.2.add": zero, "layers_2.ad_1": zero }, () => 1)',
            'const patches = { "layers_2.ad_1": zero }; pg.patch(patches, () => 1)',
            'pg.sweep({ inputs: x, cells: [], metric: () => 1, outputs: ["layers_2.ad_1"] })',
            'pg.sweep.plan({ inputs: x, cells: [], metric: () => 1, outputs: ["layers_2", "layers_2.ad_1"] })',
            'pg.attributionPatch({ clean: x, corrupted: x, metric: logProbability({ token: 1 }), nodes: ["layers_2.ad_1"] })',
            'const made = () => ({ "layers_2.ad_1": zero }); pg.patch(made(), () => 1)',
            'const made = () => ({ layers_1: zero, "layers_2.ad_1": zero }); pg.patch(made(), () => 1)',
            'const made = { layers_1: zero, "layers_2.ad_1": zero }; pg.patch({ ...made, layers_3: zero }, () => 1)',
            'const made = { layers_1: zero, "layers_2.ad_1": zero }; pg.patch(made, () => 1)',
            'pg.sweep({ inputs: x, cells: [1, 2].map(() => ({ layers_1: zero, "layers_2.ad_1": zero })), metric: () => 1 })',
            'const base = { layers_1: zero, "layers_2.ad_1": zero }; pg.sweep({ inputs: x, cells: [], base, metric: () => 1 })',
        ):
            with self.subTest(code=code):
                self.assertIn('no node "layers_2.ad_1". Did you mean "layers_2.add_1"', self.refused(code))

    def test_graphs_are_told_apart(self) -> None:
        self.ok('other.patch({ "lin": zero }, () => 1); held.list[1].patch({ "lin": zero }, () => 1)')
        for code in ('other.patch({ "layers_2": zero })', 'pg.patch({ "lin": zero })', 'held.pg.patch({ "lin": zero })'):
            with self.subTest(code=code):
                self.refused(code)

    def test_a_variable_has_the_names_of_the_graph_it_holds(self) -> None:
        self.refused('current.patch({ "lin": zero })')
        self.ok('current = other as PatchableGraph<any>; current.patch({ "lin": zero }, () => 1)')
        self.refused('current.patch({ "layers_2": zero })')
        self.ok("current = pg; 0")

    def test_what_a_graph_accepts_compiles(self) -> None:
        for code in (
            'await pg.patch({ "layers.2.fc": zero }, () => pg.run(x))',
            'await pg.patch({ layers_2: zero }, () => pg.run(x))',
            'const mine = { "layers.2": zero }; await pg.patch(mine, () => pg.run(x))',
            'await pg.run(x, { outputs: ["layers.2", pg.graph.layers_1] })',
            'const out = await pg.patch({ "layers.2": zero }, () => pg.run(x)); out.shape',
            'await other.run(x, { outputs: ["output|y"] })',
            'const made = (): { layers_1: Patch; nothing?: Patch } => ({ layers_1: zero }); pg.patch(made(), () => 1)',
            'const made = (l: number) => ({ [`layers_${l}`]: zero }); pg.patch(made(1), () => 1)',
            'await pg.sweep({ inputs: x, cells: [{ layers_1: zero }], metric: (out) => Number(out.layers_2.sum().item()), outputs: ["layers_2"] as string[] })',
            "function use(graph: PatchableGraph) { return graph.patch({ whatever: zero }, () => 1) }",
            "for (const g of [pg, other]) { using scope = g.patch({ [g === pg ? 'layers_2' : 'lin']: zero }); await g.run(x) }",
        ):
            with self.subTest(code=code):
                self.ok(code)

    def test_names_made_at_run_time_are_checked_then(self) -> None:
        self.ok('for (const l of [1, 2]) await pg.patch({ [`layers_${l}`]: zero }, () => pg.run(x))')
        self.ok('const list: string[] = ["layers_1"]; await pg.run(x, { outputs: list })')
        cell = self.run_cell('for (const l of [98, 99]) await pg.patch({ [`layers_${l}`]: zero }, () => pg.run(x))')
        self.assertEqual(cell.reply["ename"], "UnknownNodeError")

    def test_capturing_again_and_loading_keep_names(self) -> None:
        self.ok("const again = await PatchableGraph.capture(new Net(), x)")
        self.refused('again.patch({ "layers_2.fcc": zero })')
        self.ok("{ const both = [pg, again]; for (const g of both) g.patch({ layers_2: zero }, () => 1) }")


class Completion(NamesTestCase):
    def texts(self, marked: str) -> list[str]:
        return self.complete(marked)[0]

    def test_names_are_those_of_the_graph_that_is_meant(self) -> None:
        own = ["a", "lin", "output"]
        for code in (
            'other.patch({ "¦',
            'held.list[1].patch({ "¦" })',
            'const g = held.list[1]; g.patch({ "¦" })',
            'function f(g: typeof other) { g.run(x, { outputs: ["¦"] }) }',
            'for (const g of [other]) g.node("¦")',
        ):
            with self.subTest(code=code):
                self.assertEqual(self.texts(code), own)
        either = self.texts('function f(pg: PatchableGraph) { pg.patch({ "¦" }) }')
        self.assertTrue({"a", "lin", "layers_2"} <= set(either), either)

    def test_wherever_a_name_is_taken(self) -> None:
        for code in (
            'pg.nodes["layers_0.f¦"]',
            'pg.sweep({ cells: [1].map((l) => ({ "layers_0.f¦": zero })) })',
            'const patches = { "layers_0.f¦": zero, "x": new ZeroPatch() }',
            'const e = "😀😀"; pg.node("layers_0.f¦")',
        ):
            with self.subTest(code=code):
                matches, replaced, types = self.complete(code)
                self.assertEqual((matches, replaced), (["layers_0.fc"], "layers_0.f"))
                self.assertEqual(types[0]["type"], "Linear · float32[1, 3, 4]")
                self.assertEqual(set(types[0]), {"text", "type", "signature", "start", "end"})

    def test_pytorch_spelling_and_beginnings_of_words(self) -> None:
        self.assertEqual(self.texts('pg.patch({ "layers.1¦'), ["layers.1", "layers.10"])
        self.assertEqual(self.texts('pg.patch({ "l3add1¦" })'), ["layers_3.add_1", "layers_3.add_10"])

    def test_the_tree(self) -> None:
        for code in ("held.pg.graph.layers_3.ad¦", 'pg.graph.layers_3["ad¦"]'):
            matches, replaced, types = self.complete(code)
            self.assertEqual((matches[:3], matches[10], replaced), (["add", "add_1", "add_2"], "add_10", "ad"), code)
            self.assertEqual(types[0]["type"], "add · float32[1, 3, 4]")

    def test_the_library(self) -> None:
        self.assertIn("log_softmax", self.texts("torch.log_so¦"))
        self.assertIn("cumsum", self.texts("x.cum¦"))
        self.assertIn("loadIn8bit", self.texts('AutoModelForCausalLM.fromPretrained("x", { ¦ })'))
        self.assertEqual(self.texts('AutoModelForCausalLM.fromPretrained("x", { dtype: "¦" })'), ["bfloat16", "float16", "float32"])


class Inspection(NamesTestCase):
    def inspect(self, marked: str) -> dict[str, Any]:
        cursor = marked.index("¦")
        content = self.reply_to(self.kc.inspect(marked.replace("¦", ""), cursor))["content"]
        self.assertTrue(content["found"], marked)
        self.assertEqual(set(content["data"]), {"text/plain", "text/markdown"})
        return content["data"]

    def test_a_node_by_its_name_and_in_the_tree(self) -> None:
        for code in ('pg.patch({ "layers_2.add_1¦": zero })', 'pg.run(x, { outputs: ["layers_2.ad¦d_1', "pg.graph.layers_2.ad¦d_1"):
            text = self.inspect(code)["text/plain"]
            for part in ("layers_2.add_1", "add · float32[1, 3, 4]", "aten::add.Tensor", "in layers_2: Block", "read by layers_2.add_2", "cell_1.ts:6"):
                self.assertIn(part, text, code)

    def test_what_a_probe_saw_last(self) -> None:
        self.ok('const probe = new ProbePatch(); await pg.patch({ input: new ReplacePatch({ value: 2 }), "layers_0.hidden_states": probe }, () => pg.run(x))')
        self.assertIn("last probed [1, 3, 4] min 2, max 2, mean 2", self.inspect('pg.node("layers_0.hidden_states¦")')["text/plain"])

    def test_functions_have_their_signature_and_documentation(self) -> None:
        for code, signature, docs in (
            ("pg.run(¦", "run<", "Runs the graph"),
            ("pg.run(x, ¦)", "run<", "Runs the graph"),
            ("new ProbePatch(¦)", "ProbePatch", "Keeps the value"),
            ("nn.Linear¦", "Linear", "input @ weight.T"),
            ("torch.log_softmax¦", "log_softmax(self: Tensor", "ScalarType? dtype=None"),
        ):
            data = self.inspect(code)
            self.assertIn(signature, data["text/plain"])
            self.assertIn(docs, data["text/plain"])
            self.assertTrue(data["text/markdown"].startswith("```ts\n"), code)


class AliasNames(KernelTestCase):
    def test_are_completed_and_inspected(self) -> None:
        path = json.dumps(str(FIXTURES / "gpt2-tiny"))
        self.ok(f'const gpt = await AutoModelForCausalLM.fromPretrained({path}); const pg = await PatchableGraph.capture(gpt, {{ input_ids: torch.tensor([[1, 2, 3]], {{ dtype: "int64" }}) }})')
        matches, replaced, types = self.complete('pg.patch({ "blocks.1.hook_resid_p¦')
        self.assertEqual((matches, replaced), (["blocks.1.hook_resid_post", "blocks.1.hook_resid_pre"], "blocks.1.hook_resid_p"))
        self.assertIn("float32[1, 3, ", types[1]["type"])
        code = 'pg.node("blocks.1.hook_resid_pre'
        text = self.reply_to(self.kc.inspect(code, len(code)))["content"]["data"]["text/plain"]
        self.assertIn("also called", text)
        self.assertIn("blocks.1.hook_resid_pre", text)


class EarlierVariables(KernelTestCase):
    def test_in_the_short_form_of_properties(self) -> None:
        self.ok("const one = 1, two = 2; let three = 3")
        self.assertEqual(self.ok("({ one, deep: { two } })").result, "{ one: 1, deep: { two: 2 } }")
        self.assertEqual(self.ok("const four = 4; const all = () => ({ one, four }); all()").result, "{ one: 1, four: 4 }")
        self.assertEqual(self.ok("({ three } = { three: 30 }); three").result, "30")
        self.assertEqual(self.ok("({ three = one } = {}); three").result, "1")
