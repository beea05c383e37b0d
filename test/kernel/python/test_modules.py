"""What cells import from beside the notebook."""
import json
import re
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from client import KernelTestCase
from test_errors import plain


class Modules(KernelTestCase):
    @classmethod
    def setUpClass(cls) -> None:
        cls.holder = TemporaryDirectory()
        cls.folder = cls.holder.name
        cls.write("tsconfig.json", json.dumps({"compilerOptions": {"noImplicitAny": False, "noUncheckedIndexedAccess": True}}))
        cls.package(
            "esm-only",
            {"type": "module", "exports": {".": {"types": "./index.d.ts", "import": "./index.js"}}},
            "export const waited = await Promise.resolve(3); export default class D { x = 5 }",
            "export declare const waited: number; export default class D { x: number }",
        )
        cls.package("cjs", {"main": "index.js"}, "module.exports = function f() { return 'f' }; module.exports.extra = 1", "declare function f(): string; declare namespace f { const extra: number } export = f;")
        cls.package("untyped", {"main": "index.js"}, "exports.value = 12")
        super().setUpClass()

    @classmethod
    def tearDownClass(cls) -> None:
        super().tearDownClass()
        cls.holder.cleanup()

    @classmethod
    def write(cls, name: str, text: str) -> None:
        path = Path(cls.holder.name) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    @classmethod
    def package(cls, name: str, manifest: dict[str, object], code: str, types: str | None = None) -> None:
        cls.write(f"node_modules/{name}/package.json", json.dumps({"name": name, "version": "1.0.0", **manifest}))
        cls.write(f"node_modules/{name}/index.js", code)
        if types is not None:
            cls.write(f"node_modules/{name}/index.d.ts", types)

    def test_esm_only_packages(self) -> None:
        cell = self.ok('import D, { waited } from "esm-only"; new D().x + waited')
        self.assertEqual((cell.result, cell.text("stderr")), ("8", ""))
        self.assertEqual(self.ok('const m = await import("esm-only"); m.waited + new m.default().x').result, "8")
        self.assertEqual(self.ok('import * as all from "esm-only"; all.waited').result, "3")

    def test_commonjs_packages(self) -> None:
        self.assertEqual(self.ok('import f from "cjs"; f() + f.extra').result, "'f1'")
        self.assertEqual(self.ok('const c = await import("cjs"); c.default() + c.extra').result, "'f1'")

    def test_packages_without_types_are_any(self) -> None:
        self.assertEqual(self.ok('import { value } from "untyped"; value').result, "12")

    def test_a_module_beside_the_notebook_is_read_again_when_it_changes(self) -> None:
        self.write("inner.ts", "export const inner = 1")
        self.write("outer.ts", 'import { inner } from "./inner";\nexport const outer = (): number => inner + 1')
        self.assertEqual(self.ok('import { outer } from "./outer"; outer()').result, "2")
        self.write("inner.ts", "export const inner = 41;")
        self.assertEqual(self.ok('import { outer } from "./outer"; outer()').result, "42")
        self.write("outer.ts", 'export const outer = (): string => "text"')
        self.assertEqual(self.ok('import { outer } from "./outer"; outer().length').result, "4")

    def test_what_is_installed_later_is_found(self) -> None:
        self.assertIn("Cannot find module 'late'", self.run_cell('import { late } from "late"').reply["evalue"])
        self.package("late", {"main": "index.js"}, "exports.late = 1", "export declare const late: number")
        self.assertEqual(self.ok('import { late } from "late"; late').result, "1")
        self.assertIn("Cannot find module './lateFile'", self.run_cell('import { file } from "./lateFile"').reply["evalue"])
        self.write("lateFile.ts", "export const file = 2")
        self.assertEqual(self.ok('import { file } from "./lateFile"; file').result, "2")

    def test_tracebacks_and_diagnostics_name_the_lines_of_a_module(self) -> None:
        self.write("failing.ts", "interface Unused { a: number }\n\nexport function fail(): never {\n  throw new Error('in a module');\n}")
        cell = self.run_cell('import { fail } from "./failing"; fail()')
        self.assertRegex("\n".join(cell.reply["traceback"]), r"failing\.ts:4:9")
        self.write("wrong.ts", "export const wrong: number = 'text'")
        self.assertIn("wrong.ts:1:14 - Type 'string' is not assignable", self.run_cell('import { wrong } from "./wrong"').reply["evalue"])

    def test_tsconfig_is_honoured(self) -> None:
        self.ok("function loose(a) { return a }")
        cell = self.run_cell("const list = [1]; const first: number = list[0]")
        self.assertTrue(re.search("undefined", cell.reply["evalue"]), cell.reply["evalue"])

    def test_modules_in_mts_files(self) -> None:
        self.write("helper.ts", "export const three: number = 3")
        self.write("sub/first.mts", 'import { three } from "../helper.ts";\nimport { four } from "./second.cjs";\nexport const seven: number = three + four;\nexport const fail = () => {\n  throw new Error("told")\n}')
        self.write("sub/second.cts", "export const four: number = 4")
        for specifier in ("./sub/first.mjs", "./sub/first.mts"):
            self.assertEqual(self.ok(f'import {{ seven, fail }} from "{specifier}"; seven').result, "7")
        self.assertIn("sub/first.mts:5:9", plain(self.run_cell("fail()").reply["traceback"]))
        self.write("sub/second.cts", "export const four: number = 40")
        self.assertEqual(self.ok('import { seven } from "./sub/first.mjs"; seven').result, "43")
        self.write("sub/second.cts", "export const four: number = 'x'")
        self.assertIn("'string' is not assignable", self.run_cell('import { seven } from "./sub/first.mjs"; seven').reply["evalue"])

    def test_files_by_their_own_extension(self) -> None:
        self.write("typed.ts", "export const typed = 5")
        self.assertEqual(self.ok('import { typed } from "./typed.ts"; typed').result, "5")

    def test_names_of_modules_that_are_computed(self) -> None:
        self.write("plain.mjs", "export const plain = await 6")
        for name, value in (("esm-only", "m.waited"), ("cjs", "m.extra + m.default()"), ("node:path", "typeof m.join"), ("./plain.mjs", "m.plain")):
            self.ok(f'const name = "{name}" + ""; const m = await import(name)')
            self.assertIn(self.ok(value).result, ("3", "'1f'", "'function'", "6"), name)
        self.ok('const literal = await import("./plain.mjs")')
        self.assertEqual(self.ok("literal.plain").result, "6")
        self.assertEqual(self.ok('import { plain } from "./plain.mjs"; plain').result, "6")
        self.write("plain.mjs", "export const plain = await 66")
        self.assertEqual(self.ok('import { plain } from "./plain.mjs"; plain').result, "66")
        self.assertIn("Cannot find module 'not-there'", self.run_cell('await import("not-" + "there")').reply["evalue"])

    def test_modules_that_await(self) -> None:
        self.write("waits.ts", "export const late = await new Promise<number>((r) => setTimeout(() => r(41), 20));\nexport const next = (x: number) => x + 1")
        self.write("waitsToo.mts", 'import { late } from "./waits.js";\nexport const more: number = (await Promise.resolve(late)) + 1;\nexport const fail = () => {\n  throw new Error("told")\n}')
        self.write("between.ts", 'import { late } from "./waits";\nexport const twice = late * 2;')
        self.assertEqual(self.ok('import { late, next } from "./waits"; next(late)').result, "42")
        self.assertEqual(self.ok('import { more, fail } from "./waitsToo.mts"; more').result, "42")
        self.assertIn("waitsToo.mts:4:9", plain(self.run_cell("fail()").reply["traceback"]))
        self.assertEqual(self.ok('import { twice } from "./between"; twice').result, "82")
        self.assertEqual(self.ok('const m = await import("./waits"); m.late').result, "41")
        self.write("waits.ts", "export const late = await Promise.resolve(1000);\nexport const next = (x: number) => x - 1")
        self.assertEqual(self.ok('import { twice } from "./between"; import { next } from "./waits"; next(twice)').result, "1999")
        self.assertIn("not assignable to type 'string'", self.run_cell('import { late } from "./waits"; const text: string = late').reply["evalue"])

    def test_what_goes_wrong_in_modules_that_await(self) -> None:
        self.write("throws.ts", "export const one: number = 1;\n\nawait Promise.resolve();\nthrow new Error('at load');")
        for _ in range(2):
            self.assertIn("throws.ts:4:7", plain(self.run_cell('import { one } from "./throws"; one').reply["traceback"]))
        self.write("never.ts", "export const never: number = 1;\nawait new Promise(() => {});")
        for _ in range(2):
            waiting = self.kc.execute('import { never } from "./never"; never')
            time.sleep(0.5)
            self.km.interrupt_kernel()
            self.assertEqual(self.reply_to(waiting)["content"]["ename"], "Interrupted")
        self.write("ring.ts", 'import { other } from "./ringToo";\nexport const one = await Promise.resolve(1);\nexport const both = () => one + other;')
        self.write("ringToo.ts", 'import { one } from "./ring";\nexport const other = await Promise.resolve(2);\nexport const later = () => one + 10;')
        self.assertEqual(self.ok('import { both } from "./ring"; import { later } from "./ringToo"; [both(), later()]').result, "[ 3, 11 ]")

    def test_files_whose_names_are_computed(self) -> None:
        self.write("asked/first.ts", 'import { second } from "./second";\nexport const first: number = (await 1) + second;')
        self.write("asked/second.ts", "export const second = 2;")
        for name in ("./asked/first", "./asked/first.ts", "./asked/first.js"):
            self.assertEqual(self.ok(f'const name = "{name}" + ""; const got = await import(name); got.first').result, "3")
        self.write("asked/first.ts", "export const first = 30;")
        self.assertEqual(self.ok("(await import(name)).first").result, "30")
        self.assertEqual(self.ok('import { first } from "./asked/first"; first').result, "30")
        self.assertIn("Cannot find module './asked/none'", self.run_cell('await import("./asked/" + "none")').reply["evalue"])

    def test_where_cells_and_modules_are(self) -> None:
        folder = str(Path(self.holder.name).resolve())
        self.write("deep/place.ts", "export const place = [__dirname, __filename, import.meta.dirname, import.meta.url]")
        self.assertEqual(self.ok("__dirname").result, repr(folder))
        self.assertEqual(self.ok("const held = { __dirname, of: { __filename: 1 } }; [held.__dirname === __dirname, held.of.__filename]").result, "[ true, 1 ]")
        self.assertEqual(self.ok("import.meta.dirname").result, repr(folder))
        self.assertEqual(self.ok("new URL('data.json', import.meta.url).pathname").result, repr(f"{folder}/data.json"))
        self.assertEqual(self.ok('import.meta.resolve("cjs")').result, repr(f"file://{folder}/node_modules/cjs/index.js"))
        places = self.ok('import { place } from "./deep/place"; place.join()').result
        self.assertEqual(places, repr(f"{folder}/deep,{folder}/deep/place.js,{folder}/deep,file://{folder}/deep/place.js"))
        self.assertEqual(self.ok("const own = (__dirname: string) => __dirname; own('mine')").result, "'mine'")
