import json
from pathlib import Path
from typing import Any

from client import KernelTestCase
from test_graphs import MODEL

FIXTURES = Path(__file__).parents[2] / "fixtures"


class Displays(KernelTestCase):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.ok(cls(), MODEL)
        cls.ok(
            cls(),
            """const probe = new ProbePatch(), add = new AddPatch({ value: 2, slice: "0, 1" }), zero = new ZeroPatch();
               await pg.patch({ "layers_3.fc": [probe, add] }, () => pg.run(torch.ones([1, 3, 4])))""",
        )

    def runTest(self) -> None:
        """Only lets setUpClass borrow an instance."""

    def shown(self, code: str) -> dict[str, Any]:
        return self.ok(code).of("execute_result")[0]["data"]

    def test_tensors_with_shape_statistics_and_small_values(self) -> None:
        data = self.shown("torch.tensor([[1, 2.5], [NaN, 4]])")
        self.assertEqual(data["text/plain"], "tensor([[1.0000, 2.5000],\n        [   nan, 4.0000]])")
        self.assertIn("float32[2, 2]<br>min 1, max 4, mean 2.5, std 1.5; 1 NaN", data["text/html"])
        self.assertIn("<tr><td>NaN</td><td>4</td></tr>", data["text/html"])
        large = self.shown("torch.arange(2000).view([40, 50])")
        self.assertTrue(large["text/plain"].endswith("int64[40, 50]  min 0, max 1999, mean 999.5, std 577.5"), large["text/plain"])
        self.assertIn("<pre>tensor([[", large["text/html"])
        self.assertEqual(set(self.shown("torch.tensor(3)")), {"text/plain"})

    def test_graphs_and_modules_as_trees_that_open(self) -> None:
        for code, inside in (("pg", "<code>add_10</code> <small>add · float32[1, 3, 4]</small>"), ("pg.graph.layers_3", "<code>weight</code>"), ("model", "<code>weight</code> <small>float32[4, 4]</small>")):
            data = self.shown(code)
            self.assertIn("<details open><summary><code>", data["text/html"], code)
            self.assertIn(inside, data["text/html"])
            self.assertNotIn("<script", data["text/html"])
        self.assertEqual(self.shown("model")["text/plain"], "Net(\n  (layers): ModuleList(\n    (0-10): 11 x Block(\n      (fc): Linear(weight[4, 4], bias[4])\n    )\n  )\n)")

    def test_names_and_texts_of_strangers_stay_text(self) -> None:
        evil = "<img src=x onerror=alert(1)>"
        data = self.shown(f"const evil = new nn.ModuleList([new nn.Linear(2, 2)]); Object.assign(evil, {{ {json.dumps(evil)}: new nn.Linear(1, 1) }}); new nn.ModuleDict({{ {json.dumps(evil)}: evil }})")
        self.assertNotIn("<img", data["text/html"])
        self.assertIn("&lt;img", data["text/html"])
        path = json.dumps(str(FIXTURES / "gpt2-tiny"))
        data = self.shown(f'const tokenizer = await AutoTokenizer.fromPretrained({path}); tokenizer("hello <b>world")')
        self.assertIn("<td>&lt;</td>", data["text/html"])
        self.assertIn("input_ids, attention_mask: int64[1, 11]", data["text/plain"])

    def test_patches_say_what_they_did(self) -> None:
        data = self.shown("({ 'layers_3.fc': [probe, add], layers_1: zero })")
        self.assertIn("<tr><td>ProbePatch</td><td>layers_3.fc</td><td>yes</td><td>–</td><td>float32[1, 3, 4]</td></tr>", data["text/html"])
        self.assertIn("<tr><td>AddPatch [0, 1]</td><td>layers_3.fc</td><td>yes</td><td>2</td><td>–</td></tr>", data["text/html"])
        self.assertIn("<tr><td>ZeroPatch</td><td>layers_1</td><td>no</td>", data["text/html"])
        self.assertIn("<td>layers_3.fc.output</td>", self.shown("add")["text/html"])
        self.assertEqual(set(self.shown("({ a: 1 })")), {"text/plain"})

    def test_any_plotly_figure(self) -> None:
        data = self.shown('Plot({ data: [{ type: "bar", x: ["a", "b"], y: torch.tensor([1, 2]) }], layout: { title: "Bars" } })')
        figure = data["application/vnd.plotly.v1+json"]
        self.assertEqual(figure["data"][0]["y"], [1, 2])
        self.assertEqual(figure["config"]["plotlyServerURL"], "")
        self.assertEqual(data["text/plain"], "Bars\n  bar: x a, b; y 1, 2")


class ProgressLines(KernelTestCase):
    def lines(self, code: str) -> list[dict[str, Any]]:
        cell = self.ok(code)
        return [m["content"] for m in cell.outputs if m["msg_type"] in ("display_data", "update_display_data")]

    def test_long_loops_have_one_line_that_is_replaced(self) -> None:
        for wait in ("await new Promise((done) => setTimeout(done, 100))", "const end = Date.now() + 100; while (Date.now() < end);"):
            shown = self.lines(f'for (const step of progress(Array.from({{ length: 10 }}), "steps")) {{ {wait} }} 0')
            self.assertGreater(len(shown), 1)
            self.assertLess(len(shown), 15)
            self.assertEqual(len({content["transient"]["display_id"] for content in shown}), 1)
            self.assertRegex(shown[0]["data"]["text/plain"], r"^steps █+░+ \d/10 · [\d.]+ /s · [\d.]+ s, [\d.]+ s left$")
            self.assertRegex(shown[-1]["data"]["text/plain"], r"^steps █+ 10/10 · [\d.]+ /s · [\d.]+ s$")

    def test_quick_work_has_none(self) -> None:
        self.assertEqual(self.lines('for (const step of progress([1, 2, 3], "steps")); 0'), [])

    def test_sweeps(self) -> None:
        self.ok(MODEL)
        shown = self.lines(
            """await pg.sweep({ inputs: torch.ones([1, 3, 4]), exact: true, cells: Array.from({ length: 8 }, () => ({ layers_1: new ZeroPatch() })),
                 metric: async () => { await new Promise((done) => setTimeout(done, 150)); return 1; } }); 0"""
        )
        self.assertRegex(shown[-1]["data"]["text/plain"], r"^sweep █+ 8/8 cells · ")
