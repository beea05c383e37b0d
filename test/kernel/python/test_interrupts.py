import time

from client import KernelTestCase


class Interrupts(KernelTestCase):
    def interrupt(self, code: str) -> None:
        self.ok("var kept = 7")
        msg_id = self.kc.execute(code)
        time.sleep(0.6)
        started = time.monotonic()
        self.km.interrupt_kernel()
        reply = self.reply_to(msg_id, timeout=10)["content"]
        self.assertLess(time.monotonic() - started, 1)
        self.assertEqual((reply["status"], reply["ename"]), ("error", "Interrupted"))
        self.assertEqual(self.ok("kept * 6").result, "42")

    def test_loop(self) -> None:
        self.interrupt("while (true) {}")

    def test_loop_after_an_await(self) -> None:
        self.interrupt("await null; while (true) {}")

    def test_loop_of_awaits(self) -> None:
        self.interrupt("for (;;) await null")

    def test_pending_promise(self) -> None:
        self.interrupt("await new Promise(() => {})")

    def test_printing_loop(self) -> None:
        self.interrupt('for (;;) { await new Promise((r) => setTimeout(r, 1)); console.log("x") }')

    def test_loop_after_a_native_call(self) -> None:
        self.interrupt("await torch.ones([2], { requires_grad: true }).sum().backward(); while (true) {}")

    def test_loop_in_an_asynchronous_context(self) -> None:
        self.interrupt("await torch.noGrad(async () => { await null; while (true) {} })")

    def test_loop_in_an_immediate(self) -> None:
        self.interrupt("await new Promise((done) => setImmediate(() => { while (true) {} }))")

    def test_many_interrupts_one_after_the_other(self) -> None:
        for _ in range(5):
            self.interrupt("await null; for (;;) {}")

    def test_loop_in_a_timer(self) -> None:
        self.ok("var kept = 7; setTimeout(() => { while (true) {} }, 100); 0")
        time.sleep(0.6)
        started = time.monotonic()
        self.km.interrupt_kernel()
        self.assertEqual(self.ok("kept * 6", timeout=10).result, "42")
        self.assertLess(time.monotonic() - started, 1)

    def test_heartbeat_and_control_answer_during_a_loop(self) -> None:
        msg_id = self.kc.execute("const stop = Date.now() + 1200; while (Date.now() < stop);")
        time.sleep(0.2)
        started = time.monotonic()
        message = self.kc.session.msg("kernel_info_request", {})
        self.kc.control_channel.send(message)
        self.kc.get_control_msg(timeout=2)
        self.assertLess(time.monotonic() - started, 0.5)
        self.assertTrue(self.kc.is_alive())
        self.assertEqual(self.finish(msg_id).reply["status"], "ok")
