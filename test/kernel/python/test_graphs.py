import json
from pathlib import Path
from shutil import copytree
from tempfile import TemporaryDirectory

from client import KernelTestCase

FIXTURES = Path(__file__).parents[2] / "fixtures"

MODEL = """
class Block extends nn.Module {
  readonly fc = new nn.Linear(4, 4);
  forward(hidden_states: Tensor): Tensor {
    let x = this.fc.call(hidden_states);
    for (let i = 0; i < 11; i++) x = x.add(1);
    return x;
  }
}
class Net extends nn.Module {
  readonly layers = new nn.ModuleList(Array.from({ length: 11 }, () => new Block()));
  forward(input: Tensor): Tensor {
    let x = input;
    for (const layer of this.layers) x = layer.call(x);
    return x;
  }
}
const model = new Net();
const pg = await PatchableGraph.capture(model, torch.ones([1, 3, 4]));
"""


class Graphs(KernelTestCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.captured = cls.ok(cls(), MODEL)

    def runTest(self) -> None:
        """Only lets setUpClass borrow an instance."""

    def test_node_names_one_segment_at_a_time_in_natural_order(self) -> None:
        matches, replaced, _ = self.complete('pg.patch({ "layers_1¦')
        self.assertEqual((matches, replaced), (["layers_1", "layers_10"], "layers_1"))
        matches, replaced, types = self.complete('pg.patch({ "layers_1.a¦dd_2": new ZeroPatch() })')
        self.assertEqual(matches[:4], ["layers_1.add", "layers_1.add_1", "layers_1.add_2", "layers_1.add_3"])
        self.assertEqual(matches[-1], "layers_1.add_10")
        self.assertEqual(replaced, "layers_1.add_2")
        self.assertEqual(types[0]["type"], "add · float32[1, 3, 4]")

    def test_node_names_wherever_one_is_expected(self) -> None:
        for before in ('await pg.run(x, { outputs: ["', 'pg.nodes.get("', '😀; pg.patch({ "'):
            code = before.replace("😀", 'const e = "😀"')
            matches, replaced, _ = self.complete(f"{code}layers_0.f¦")
            self.assertEqual((matches, replaced), (["layers_0.fc"], "layers_0.f"), before)

    def test_other_strings_are_left_alone(self) -> None:
        for code in ('console.log("layers_¦")', 'pg.patch({ "layers_0.fc": new ZeroPatch({ slice: "¦" }) })', 'const s = "lay¦'):
            matches, _, _ = self.complete(code)
            self.assertEqual([name for name in matches if name.startswith("layers")], [], code)

    def test_members_of_the_graph_tree(self) -> None:
        matches, replaced, _ = self.complete("pg.graph.layers_3.ad¦")
        self.assertIn("add_10", matches)
        self.assertEqual(replaced, "ad")

    def test_a_node_name_is_inspected(self) -> None:
        code = 'pg.patch({ "layers_2.add_1": new ZeroPatch() })'
        content = self.reply_to(self.kc.inspect(code, code.index("add_1")))["content"]
        self.assertIn("float32[1, 3, 4]", content["data"]["text/plain"])

    def test_the_library_is_inspected(self) -> None:
        content = self.reply_to(self.kc.inspect("pg.run(", 7))["content"]
        self.assertIn("Runs the graph", content["data"]["text/plain"])

    def test_node_and_the_language_are_inspected(self) -> None:
        for code, words in [("parseInt", "Converts a string to an integer"), ("[1].map", "Calls a defined callback function"), ("process.chdir", "changes the current working directory")]:
            content = self.reply_to(self.kc.inspect(code, len(code)))["content"]
            self.assertIn(words, content["data"]["text/plain"])

    def test_the_catalogue_is_sent(self) -> None:
        kinds = [(m["msg_type"], m["content"].get("target_name")) for m in self.captured.outputs if m["msg_type"].startswith("comm")]
        self.assertEqual(kinds[0], ("comm_open", "graphpatch.catalog"))
        added = [m["content"]["data"] for m in self.captured.outputs if m["msg_type"] == "comm_msg"]
        self.assertEqual(added[0]["type"], "graph-added")
        graph = added[0]["graph"]
        names = [graph["texts"][module] + name for module, name in zip(graph["module"], graph["name"])]
        self.assertIn("layers_10.add_10", names)
        opened = self.outputs_of(self.request("comm_open", {"comm_id": "page", "target_name": "graphpatch.catalog", "data": {}}))
        self.assertEqual(opened[0]["content"]["data"]["type"], "snapshot")

    def test_a_probe_is_drawn(self) -> None:
        cell = self.ok(
            """const probe = new ProbePatch();
               await pg.patch({ "layers_0.fc": probe }, () => pg.run(torch.ones([1, 3, 4])));
               probe.activation"""
        )
        data = cell.of("execute_result")[0]["data"]
        self.assertEqual(
            sorted(data),
            ["application/vnd.graphpatch.view.v1+json", "application/vnd.plotly.v1+json", "image/png", "text/plain"],
        )
        view = data["application/vnd.graphpatch.view.v1+json"]
        self.assertEqual((view["kind"], view["shape"]), ("activation", [1, 3, 4]))
        config = data["application/vnd.plotly.v1+json"]["config"]
        self.assertEqual((config["showSendToCloud"], config["plotlyServerURL"]), (False, ""))
        self.assertTrue(data["image/png"].startswith("iVBOR"))

    def test_mistakes_are_explained_and_survived(self) -> None:
        cell = self.run_cell('await pg.patch({ "layers_0.fcc": new ZeroPatch() }, () => pg.run(torch.ones([1, 3, 4])))')
        self.assertEqual(cell.reply["ename"], "UnknownNodeError")
        self.assertIn("layers_0.fc", cell.reply["evalue"])
        cell = self.run_cell('new ZeroPatch({ slice: "1:x" })')
        self.assertEqual(cell.reply["ename"], "SliceError")
        cell = self.run_cell("const gone = torch.ones([2]); gone.dispose(); gone.add(1)")
        self.assertEqual(cell.reply["ename"], "DisposedTensorError")
        add = "new AddPatch({ value: torch.zeros([5]) })"
        cell = self.run_cell(f'await pg.patch({{ "layers_3.fc": {add} }}, () => pg.run(torch.ones([1, 3, 4])))')
        self.assertEqual(cell.reply["ename"], "PatchError")
        self.assertIn("layers_3.fc.output: a value of shape [5] does not fit", cell.reply["evalue"])
        self.assertEqual(self.ok("torch.ones([2]).sum().item()").result, "2")

    def test_bad_model_files_are_refused_and_survived(self) -> None:
        with TemporaryDirectory() as folder:
            model = Path(folder) / "model"
            copytree(FIXTURES / "gpt2-tiny", model)
            weights = model / "model.safetensors"
            weights.write_bytes(weights.read_bytes()[:-100])
            gguf = Path(folder) / "model.gguf"
            gguf.write_bytes((FIXTURES / "gguf" / "llama-tiny.gguf").read_bytes()[:5000])
            strange = Path(folder) / "strange"
            strange.mkdir()
            (strange / "config.json").write_text('{"model_type": "frobnicator"}')
            for path, error, hint in [
                (model, "CorruptFileError", "model.safetensors"),
                (gguf, "CorruptFileError", "model.gguf"),
                (strange, "UnknownArchitectureError", "frobnicator"),
                (Path(folder) / "absent", "MissingFileError", "absent"),
            ]:
                with self.subTest(path=path.name):
                    cell = self.run_cell(f"await AutoModelForCausalLM.fromPretrained({json.dumps(str(path))})")
                    self.assertEqual(cell.reply["ename"], error)
                    self.assertIn(hint, cell.reply["evalue"])
        self.assertEqual(self.ok("torch.ones([2]).sum().item()").result, "2")
