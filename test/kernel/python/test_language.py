from client import KernelTestCase


class Language(KernelTestCase):
    def test_names_of_earlier_cells_in_shorthand_properties(self) -> None:
        self.ok("const width = 2, height = 3; let depth = 0")
        self.assertEqual(self.ok("({ width, height })").result, "{ width: 2, height: 3 }")
        self.assertEqual(self.ok("[4].map((depth) => ({ width, depth }))").result, "[ { width: 2, depth: 4 } ]")
        self.ok("({ depth } = { depth: 5 })")
        self.assertEqual(self.ok("const box = await { box: { depth } }; box").result, "{ box: { depth: 5 } }")

    def test_modern_typescript(self) -> None:
        self.ok("const fs = await import('fs'); export const answer = 42")
        self.assertEqual(self.ok("typeof fs.readFileSync + answer").result, "'function42'")
        self.ok("class A { x = 1 }")
        self.ok("class A { y = 2 }")
        self.assertEqual(self.ok("new A().y").result, "2")
        cell = self.ok('{ using r = { [Symbol.dispose]() { console.log("disposed") } }; console.log("used") }')
        self.assertEqual(cell.text(), "used\ndisposed\n")
        self.assertEqual(self.ok("let s = 0; for await (const i of [1, 2]) s += i; s").result, "3")

    def test_the_library_is_typed_from_the_first_cell(self) -> None:
        self.assertEqual(self.ok("const t: Tensor = torch.ones([2, 2]); t.sum().item()").result, "4")
        self.assertIn("Property 'nothing' does not exist", self.run_cell("torch.ones([1]).nothing").reply["evalue"])
        self.ok("class M extends nn.Module { declare readonly l: nn.Linear; forward(x: Tensor) { return x.add(1) } }\nnew M().call(t).sum().item()")

    def test_the_library_can_be_imported_from_anywhere(self) -> None:
        self.assertEqual(self.ok('import { Tensor as T } from "@graphpatch/native"; T === Tensor').result, "true")

    def test_names_after_emoji_are_completed_at_the_right_place(self) -> None:
        matches, replaced, _ = self.complete('const e = "😀😀"; Math.sqr¦')
        self.assertEqual((matches, replaced), (["sqrt"], "sqr"))

    def test_decorators_and_no_jsx(self) -> None:
        cell = self.ok("function note(_: unknown, context: ClassMethodDecoratorContext) { console.log(context.name) }\nclass D { @note method() {} }")
        self.assertEqual(cell.text(), "method\n")
        self.assertEqual(self.ok("const cast = <number>(5 as unknown); cast").result, "5")

    def test_functions_see_what_later_cells_assign(self) -> None:
        self.ok("let rate = 1; let { step } = { step: 2 }; const next = () => rate * step")
        self.assertEqual(self.ok("rate = 10; next()").result, "20")
        self.ok("let rate = 100")
        self.assertEqual(self.ok("step = 3; next()").result, "300")

    def test_positions_behind_an_exported_variable(self) -> None:
        cell = self.run_cell("let used = 1; let failing = (() => { throw new Error(String(used)) })()")
        self.assertIn(f"cell {cell.reply['execution_count']}:1:44", "\n".join(cell.reply["traceback"]))

    def test_a_failed_cell_keeps_what_it_came_to(self) -> None:
        self.ok("let before = 1; let untouched = 'old'")
        self.run_cell("const reached = 5; let before = 'new'; type Told = number; await null; throw new Error('x'); const untouched = 7, never = 1")
        self.assertEqual(self.ok("const told: Told = reached; [told, before.length, untouched.toUpperCase()]").result, "[ 5, 3, 'OLD' ]")
        self.assertEqual(self.run_cell("never").reply["ename"], "TypeScriptError")
        self.ok("let before")
        self.assertIsNone(self.ok("before").result)

    def test_strict_by_default(self) -> None:
        self.assertIn("implicitly has an 'any' type", self.run_cell("function loose(a) { return a }").reply["evalue"])
