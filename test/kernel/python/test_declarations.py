"""Declarations that the compiler reads when a cell first needs them."""
from client import KernelTestCase


class NodeTypes(KernelTestCase):
    def error(self, code: str) -> str:
        return str(self.run_cell(code).reply.get("evalue"))

    def test_of_what_is_reached_through_globals(self) -> None:
        self.assertIn("Property 'wirte' does not exist on type 'WriteStream", self.error("process.stdout.wirte('x')"))
        self.assertIn("does not exist on type 'Response'", self.error("(await fetch('data:,x')).txt()"))
        self.assertEqual(self.ok("await (await fetch('data:,text')).text()").result, "'text'")

    def test_of_what_is_imported(self) -> None:
        self.assertIn("has no exported member", self.error('import { creatServer } from "node:http"; creatServer()'))
        self.assertIn("'string' is not assignable to parameter of type 'number'", self.error('import net from "net"; new net.BlockList().addSubnet("::", "x")'))
        self.assertEqual(self.ok('import http from "http"; const server = http.createServer((_, reply) => { reply.end() }); server.listening').result, "false")
        # Declarations of cells name what the module names.
        self.assertIn("is not assignable to parameter of type", self.error("server.close(1)"))
        self.assertIn("Cannot find module 'node:nothing'", self.error('import nothing from "node:nothing"'))

    def test_are_completed_and_inspected(self) -> None:
        self.assertIn("networkInterfaces", self.complete('import os from "node:os"; os.netw¦')[0])
        self.assertIn("toASCII", self.complete("const punycode = await import('punycode'); punycode.to¦")[0])
        code = 'import * as dns from "dns"; dns.lookup'
        content = self.reply_to(self.kc.inspect(code, len(code)))["content"]
        self.assertIn("Resolves a host name", content["data"]["text/plain"])
        self.assertIn("@since", content["data"]["text/plain"])

    def test_names_of_modules_are_completed(self) -> None:
        self.assertEqual(self.complete('import {} from "node:worker_th¦')[0], ["node:worker_threads"])


class Documentation(KernelTestCase):
    def inspect(self, marked: str) -> str:
        cursor = marked.index("¦")
        return str(self.reply_to(self.kc.inspect(marked.replace("¦", ""), cursor))["content"]["data"].get("text/plain"))

    def test_of_a_cell_s_own_functions(self) -> None:
        self.ok("/** Doubles.\n * @param x any number\n * @returns twice `x` */\nfunction double(x: number) { return 2 * x }")
        text = self.inspect("double¦(1)")
        for part in ("function double(x: number): number", "Doubles.", "@param x any number", "@returns twice `x`"):
            self.assertIn(part, text)
        self.assertIn("Named.", self.inspect("/** Named. */ const own = 1; own¦"))

    def test_of_the_library_with_its_tags(self) -> None:
        text = self.inspect("PatchableGraph.capture¦")
        self.assertIn("Traces `model` on example inputs", text)
        self.assertIn("@throws CaptureError", text)
