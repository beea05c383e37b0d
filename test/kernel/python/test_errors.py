import re
import time
from pathlib import Path

from jupyter_client.manager import start_new_kernel

from client import KERNEL, TIMEOUT, KernelTestCase


def plain(traceback: list[str]) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(traceback))


class Errors(KernelTestCase):
    def test_traceback_points_at_the_line_of_the_cell(self) -> None:
        self.ok("interface Unused { a: number }\n\nfunction fail(): never {\n  const x: number = 1;\n  throw new RangeError(`bad ${x}`);\n}")
        cell = self.run_cell("// a comment\nfail()")
        self.assertEqual((cell.reply["ename"], cell.reply["evalue"]), ("RangeError", "bad 1"))
        text = plain(cell.reply["traceback"])
        first, second = cell.reply["execution_count"] - 1, cell.reply["execution_count"]
        self.assertIn(f"at fail (cell {first}:5:9)", text)
        self.assertIn(f"at cell {second}:2:1", text)
        self.assertIn("> 5 |   throw new RangeError", text)
        self.assertNotIn("tslab", text)

    def test_traceback_after_an_await(self) -> None:
        cell = self.run_cell("await null;\n\nthrow new Error('late')")
        self.assertIn(f"cell {cell.reply['execution_count']}:3:7", plain(cell.reply["traceback"]))

    def test_stacks_that_a_cell_prints_name_its_lines(self) -> None:
        cell = self.ok('interface Unused { a: number }\nconsole.log(new Error("x").stack)')
        self.assertEqual(cell.text(), f"Error: x\n    at cell_{cell.reply['execution_count']}.ts:2:13\n")

    def test_diagnostics_read_like_those_of_tsc(self) -> None:
        cell = self.run_cell('let n: number = 1;\nn = "x"')
        self.assertEqual(cell.reply["ename"], "TypeScriptError")
        self.assertIn("2:1 - Type 'string' is not assignable to type 'number'.", cell.reply["evalue"])
        self.assertIn('> 2 | n = "x"', plain(cell.reply["traceback"]))

    def test_lines_of_ipython_are_recognised(self) -> None:
        for code, hint in (("%%time\n1", "IPython's magics"), ("const a = 1\n!ls -l", "import { execSync }"), ("console?", "Shift-Tab")):
            self.assertIn(hint, self.run_cell(code).reply["evalue"], code)
        self.assertEqual(self.ok("const b = 7\n  % 4\nb").result, "3")

    def test_a_diagnostic_with_explanations_is_one(self) -> None:
        cell = self.run_cell("const point: { x: { y: number } } = { x: { y: '' as unknown as string | undefined } }; function take(f: (a: string) => void) {}; take((a: number) => 0)")
        self.assertEqual(plain(cell.reply["traceback"]).count("error TS"), 2)
        self.assertIn("not assignable to type", cell.reply["evalue"])

    def test_anything_can_be_thrown(self) -> None:
        for code, value in [("throw 42", "42"), ("throw null", "null"), ("throw undefined", "undefined")]:
            self.assertEqual(self.run_cell(code).reply["evalue"], value)

    def test_the_cause_is_told(self) -> None:
        cell = self.run_cell('throw new Error("outer", { cause: new TypeError("inner") })')
        self.assertRegex(plain(cell.reply["traceback"]), r"(?s)outer.*Caused by:\nTypeError: inner")

    def test_background_errors_are_shown_and_the_kernel_lives(self) -> None:
        for code in ['setTimeout(() => { throw new Error("in a timer") }, 50); 0', 'void Promise.reject(new Error("rejected")); 0']:
            self.drain()
            msg_id = self.kc.execute(code)
            while True:
                message = self.kc.get_iopub_msg(timeout=10)
                if message["msg_type"] == "stream":
                    break
            self.assertIn("Uncaught", message["content"]["text"])
            self.reply_to(msg_id)
            self.assertEqual(self.ok("40 + 2").result, "42")

    def test_after_an_error_the_waiting_cells_are_dropped(self) -> None:
        ids = [self.kc.execute(code) for code in ('await new Promise((r) => setTimeout(r, 200)); throw new Error("x")', "1", "2")]
        self.assertEqual([self.reply_to(i)["content"]["status"] for i in ids], ["error", "aborted", "aborted"])
        self.assertEqual(self.ok("3").result, "3")

    def test_without_stop_on_error_they_run(self) -> None:
        ids = [self.kc.execute(code, stop_on_error=False) for code in ('throw new Error("x")', "1")]
        self.assertEqual([self.reply_to(i)["content"]["status"] for i in ids], ["error", "ok"])

    def test_what_cannot_be_shown_is_an_error(self) -> None:
        cell = self.run_cell('({ toMimeBundle: () => ({ "application/json": 1n }) })')
        self.assertEqual(cell.reply["ename"], "TypeError")
        cell = self.run_cell('({ toMimeBundle() { throw new Error("no picture") } })')
        self.assertEqual(cell.reply["evalue"], "no picture")
        self.assertEqual(self.ok("1").result, "1")

    def test_bad_messages_are_dropped(self) -> None:
        socket = self.kc.shell_channel.socket
        socket.send_multipart([b"nonsense"])
        socket.send_multipart([b"<IDS|MSG>", b"wrong", b"{}", b"{}", b"{}", b"{}"])
        message = self.kc.session.serialize(self.kc.session.msg("execute_request", {"code": "stolen = 1"}))
        message[1] = b"0" * 64
        socket.send_multipart(message)
        for kind, content in [("execute_request", {"code": 5}), ("complete_request", {}), ("comm_msg", {}), ("comm_open", {"comm_id": []})]:
            self.request(kind, content)
        self.assertEqual(self.ok("1").result, "1")

    def test_unknown_requests_get_an_error(self) -> None:
        reply = self.reply_to(self.request("surprise_request", {}))
        self.assertEqual((reply["msg_type"], reply["content"]["status"]), ("surprise_reply", "error"))

    def test_process_exit_answers_the_cell_and_ends_the_kernel(self) -> None:
        km, kc = start_new_kernel(kernel_name=KERNEL, startup_timeout=60)
        try:
            msg_id = kc.execute('console.log("last words"); process.exit(3)')
            texts = []
            while (message := kc.get_iopub_msg(timeout=TIMEOUT))["msg_type"] != "error":
                texts.append(message["content"].get("text", ""))
            self.assertIn("last words\n", texts)
            while kc.get_shell_msg(timeout=TIMEOUT)["parent_header"]["msg_id"] != msg_id:
                pass
            deadline = time.monotonic() + TIMEOUT
            while km.is_alive() and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertFalse(km.is_alive())
        finally:
            kc.stop_channels()
            km.shutdown_kernel(now=True)

    def test_out_of_memory_says_what_was_asked_for_and_what_is_held(self) -> None:
        cell = self.run_cell("const held = torch.ones([1_000_000]); torch.empty([2 ** 46])")
        self.assertEqual(cell.reply["ename"], "OutOfMemoryError")
        self.assertRegex(cell.reply["evalue"], r"You asked for \d{9} MB .*Tensors hold \d+ MB already \(\d+ of them")
        # Linux would grant this much, and end the kernel when it is used.
        some = int(re.search(r"MemAvailable:\s+(\d+)", Path("/proc/meminfo").read_text()).group(1)) * 1024 * 1.05
        self.assertEqual(self.run_cell(f"torch.ones([{some / 4:.0f}]).sum().item()").reply["ename"], "OutOfMemoryError")
        self.assertEqual(self.ok("torch.ones([2]).sum().item()").result, "2")
