"""Jupyter's own conformance tests, and what they leave out."""
import json
import random
import time
from tempfile import NamedTemporaryFile
from typing import Any

import jupyter_kernel_test
from client import KERNEL, KernelTestCase
from jupyter_client.manager import start_new_kernel
from jupyter_client.session import Session


class Conformance(jupyter_kernel_test.KernelTests):
    kernel_name = "graphpatch"
    language_name = "typescript"
    file_extension = ".ts"
    code_hello_world = 'console.log("hello, world")'
    code_stderr = 'console.error("oops")'
    completion_samples = [{"text": "Math.sqr", "matches": ["sqrt"]}, {"text": "clearOut", "matches": ["clearOutput"]}]
    complete_code_samples = ["1 + 1", "function f() { return 1 }", "// only a comment", "const s = `a\nb`"]
    incomplete_code_samples = ["function f() {", "const x = [1,", "`open", "f(1,", "/* open"]
    invalid_code_samples = ["const = 1", "1 +* 2; f()", ")"]
    code_page_something = 'page("a long text")'
    code_generate_error = 'throw new Error("boom")'
    code_execute_result = [
        {"code": "6 * 7", "result": "42"},
        {"code": '"a" + "b"', "result": "'ab'"},
        {"code": "[1, 2]", "result": "[ 1, 2 ]"},
    ]
    code_display_data = [{"code": 'display.html("<b>x</b>")', "mime": "text/html"}]
    supported_history_operations = ("tail", "range", "search")
    code_history_pattern = '"a"*'
    code_inspect_sample = "console"
    code_clear_output = "clearOutput()"


class Protocol(KernelTestCase):
    def test_every_request_of_ten_thousand_is_answered(self) -> None:
        kinds: list[tuple[str, dict[str, Any]]] = [
            ("kernel_info_request", {}),
            ("comm_info_request", {}),
            ("is_complete_request", {"code": "f("}),
            ("history_request", {"hist_access_type": "tail", "n": 1}),
            ("execute_request", {"code": "", "silent": True}),
            ("inspect_request", {"code": "", "cursor_pos": 0}),
            ("surprise_request", {}),
        ]
        rare = [("execute_request", {"code": "1 + 1"}), ("complete_request", {"code": "Math.sq", "cursor_pos": 7})]
        waiting: dict[str, str] = {}
        for number in range(10_000):
            kind, content = rare[number % 2] if number % 200 < 2 else kinds[number % len(kinds)]
            waiting[self.request(kind, content)] = kind
        deadline = time.monotonic() + 200
        while waiting and time.monotonic() < deadline:
            message = self.kc.get_shell_msg(timeout=60)
            kind = waiting.pop(message["parent_header"]["msg_id"], message["msg_type"])
            self.assertEqual(message["msg_type"], kind.replace("_request", "_reply"))
        self.assertEqual(len(waiting), 0)

    def test_a_client_that_reads_late_gets_every_reply(self) -> None:
        # More than the buffers between the two hold.
        waiting = {self.request("is_complete_request", {"code": "f("}) for _ in range(20_000)}
        time.sleep(4)
        while waiting:
            waiting.discard(self.kc.get_shell_msg(timeout=20)["parent_header"]["msg_id"])

    def test_no_message_ends_the_kernel(self) -> None:
        chance = random.Random(7)
        values = [None, True, -1, 2**53, 1e308, "", "\u0000\ud83d", [], {}, [None], {"code": {}}, "x" * 100_000]
        fields = ["code", "cursor_pos", "silent", "user_expressions", "hist_access_type", "n", "pattern", "session", "start", "comm_id", "target_name", "data", "detail_level", "value", "restart"]
        kinds = ["execute", "complete", "inspect", "is_complete", "history", "comm_info", "kernel_info", "", "__proto__", "constructor"]
        messages = ["comm_open", "comm_msg", "comm_close", "input_reply", "toString"]
        channels = [self.kc.shell_channel.socket, self.kc.control_channel.socket, self.kc.stdin_channel.socket]
        session = self.kc.session
        for _ in range(1000):
            socket = chance.choice(channels)
            if chance.random() < 0.3:
                frames = [chance.randbytes(chance.randrange(40)) for _ in range(chance.randrange(9))] or [b""]
                if chance.random() < 0.5:
                    frames.insert(chance.randrange(len(frames) + 1), b"<IDS|MSG>")
                socket.send_multipart(frames)
                continue
            kind = chance.choice([f"{kind}_request" for kind in kinds] + messages)
            content: Any = {field: chance.choice(values) for field in chance.sample(fields, 4)}
            if isinstance(content.get("code"), str):
                content["code"] = content["code"][:50]
            header = {**session.msg_header(kind), "date": "2026-01-01", chance.choice(["msg_id", "session", "date", "extra"]): chance.choice(["a", "a", 5])}
            parts = [json.dumps(part).encode() for part in (header, chance.choice([{}, [], header]), chance.choice([{}, {}, 5]), chance.choice([content, content, [], None]))]
            socket.send_multipart([b"<IDS|MSG>", session.sign(parts), *parts, *chance.choice([[], [b"", b"buffer"]])])
        self.assertEqual(self.ok("6 * 7", timeout=120).result, "42")
        self.assertTrue(self.km.is_alive())

    def test_history_is_kept_across_restarts(self) -> None:
        mark = f"'remembered {time.time()}'"
        self.ok(mark)
        self.restart(now=False)
        for request in (
            {"hist_access_type": "search", "pattern": f"{mark}*"},
            {"hist_access_type": "tail", "n": 1},
            {"hist_access_type": "range", "session": -1, "start": 0},
        ):
            history = self.reply_to(self.request("history_request", {**request, "output": False, "raw": True}))["content"]["history"]
            self.assertEqual(history[-1][2], mark, request)

    def test_what_is_dropped_is_logged(self) -> None:
        with NamedTemporaryFile("r") as log, open(log.name, "w") as out:
            km, kc = start_new_kernel(kernel_name=KERNEL, startup_timeout=60, stderr=out)
            try:
                socket = kc.shell_channel.socket
                socket.send_multipart([b"nonsense"])
                message = kc.session.serialize(kc.session.msg("execute_request", {"code": "1"}))
                socket.send_multipart([message[0], b"0" * 64, *message[2:]])
                socket.send_multipart([b"<IDS|MSG>", kc.session.sign([b"{}"] * 4), *[b"{}"] * 4])
                kc.execute_interactive("1", timeout=60, output_hook=lambda _: None)
                lines = log.read().splitlines()
            finally:
                kc.stop_channels()
                km.shutdown_kernel(now=True)
        dropped = [line for line in lines if line.startswith("graphpatch-kernel: dropped a message: ")]
        for reason in ("no <IDS|MSG> delimiter", "wrong signature", "the header lacks msg_id, msg_type or session"):
            self.assertEqual(len([line for line in dropped if reason in line]), 1, lines)

    def test_the_kernel_is_described_before_the_compiler_is_there(self) -> None:
        started = time.monotonic()
        self.km.restart_kernel(now=True)
        self.kc.kernel_info(reply=True, timeout=60)
        described = time.monotonic() - started
        self.reply_to(self.kc.execute("1"), timeout=60)
        self.assertLess(described, 0.8 * (time.monotonic() - started))
        self.await_restart()

    def test_a_subscription_is_welcomed(self) -> None:
        # A session refuses what it has seen, and the other subscriber gets these messages, too.
        session = Session(key=self.kc.session.key)
        for topic in (b"", b"stream"):
            socket = self.kc.connect_iopub()
            try:
                socket.unsubscribe(b"")
                socket.subscribe(topic)
                deadline = time.monotonic() + 10
                while time.monotonic() < deadline:
                    if not socket.poll(100):
                        continue
                    _, frames = session.feed_identities(socket.recv_multipart())
                    message = session.deserialize(frames)
                    if message["msg_type"] == "iopub_welcome" and message["content"]["subscription"] == topic.decode():
                        break
                else:
                    self.fail(f"no welcome for {topic!r}")
            finally:
                socket.close()

    def test_what_the_control_channel_answers_is_answered_on_shell_too(self) -> None:
        # VS Code asks for interrupts over shell.
        running = self.kc.execute("while (true) {}")
        time.sleep(0.5)
        self.assertEqual(self.reply_to(self.request("interrupt_request", {}))["content"], {"status": "ok"})
        self.assertEqual(self.reply_to(running)["content"]["ename"], "Interrupted")
        self.assertEqual(self.ok("6 * 7").result, "42")
        reply = self.reply_to(self.request("shutdown_request", {"restart": True}))
        self.assertEqual(reply["content"], {"status": "ok", "restart": True})
        deadline = time.monotonic() + 10
        while self.km.is_alive() and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertFalse(self.km.is_alive())
        self.restart(now=True)
