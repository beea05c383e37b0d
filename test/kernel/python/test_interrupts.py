import os
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

from jupyter_client.manager import start_new_kernel

from client import KERNEL, KernelTestCase

TRIES = 3


def limit() -> float:
    """Seconds until an interrupted cell has ended, in one of three tries: one, and more where other programs wait for the cores."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


# Much to do in many small steps: a run of it takes seconds on any machine.
LARGE = """
class Deep extends nn.Module {
  readonly layer = new nn.Linear(2048, 2048);
  forward(x: Tensor): Tensor { for (let i = 0; i < 240; i++) x = this.layer.call(x); return x; }
}
const deep = new Deep().requires_grad_(false);
const pg = await PatchableGraph.capture(deep, torch.randn([2, 2048]));
const input = torch.randn([64, 2048]);
"""
TOLD = "const told = (work: Promise<unknown>) => work.then(() => 'finished', (error) => `${error.name}: ${error.message}`);"


class Interrupts(KernelTestCase):
    def interrupt(self, code: str, under_way: Event | None = None) -> None:
        took = []
        while len(took) < TRIES and (not took or took[-1] >= limit()):
            took.append(self.interrupt_once(code, under_way))
        self.assertLess(took[-1], limit(), took)

    def interrupt_once(self, code: str, under_way: Event | None) -> float:
        self.ok("var kept = 7")
        msg_id = self.kc.execute(code)
        if under_way:
            self.assertTrue(under_way.wait(30))
        else:
            time.sleep(0.6)
        started = time.monotonic()
        self.km.interrupt_kernel()
        reply = self.reply_to(msg_id)["content"]
        took = time.monotonic() - started
        self.assertEqual((reply["status"], reply["ename"]), ("error", "Interrupted"))
        self.assertEqual(self.ok("kept * 6").result, "42")
        return took

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

    def test_while_the_library_is_loaded(self) -> None:
        for delay in (0.2, 0.4, 0.6, 0.8):
            manager, client = start_new_kernel(kernel_name=KERNEL, startup_timeout=60)
            kernel = KernelTestCase()
            kernel.km, kernel.kc = manager, client
            kernel.ok("var kept = 7")
            msg_id = client.execute("let t = torch.ones([2, 2]); for (;;) t = t.mm(t).mul(0)")
            time.sleep(delay)
            manager.interrupt_kernel()
            self.assertEqual(kernel.reply_to(msg_id)["content"].get("ename"), "Interrupted")
            self.assertEqual(kernel.ok("Number(torch.ones([3]).sum().item()) + kept").result, "10")
            client.stop_channels()
            manager.shutdown_kernel(now=True)

    def test_loop_of_operators(self) -> None:
        # Terminated within the addon, the process would die.
        for _ in range(5):
            self.interrupt("let t = torch.ones([50, 50]); for (;;) t = t.mm(t).mul(0)")

    def test_loop_that_catches_everything(self) -> None:
        self.interrupt("for (;;) { try { while (true) {} } catch {} }")

    def test_loops_of_jobs(self) -> None:
        for name in ("queueMicrotask", "process.nextTick", "setImmediate"):
            self.interrupt(f"{name}(function again() {{ {name}(again) }}); await new Promise(() => {{}})")

    def test_an_interrupted_loop_does_not_go_on_unseen(self) -> None:
        for wait in ("new Promise((r) => setTimeout(r, 1))", "sleep(1)", "new Promise((r) => setImmediate(r))"):
            self.interrupt(f'import {{ setTimeout as sleep }} from "timers/promises"; var ticks = 0; for (;;) {{ await {wait}; ticks++ }}')
            first = self.ok("ticks").result
            time.sleep(0.1)
            self.assertEqual(self.ok("ticks").result, first, wait)

    def stops_native_work(self, setup: str, work: str, outcome: str, under_way: Event | None = None) -> None:
        """`work` is done over and over, so that it is under way when the interrupt comes."""
        self.ok(TOLD + setup, timeout=120)
        self.interrupt(f"const outcome = told((async () => {{ for (;;) await {work} }})()); await outcome", under_way)
        self.assertRegex(self.ok("await outcome", timeout=60).result or "", outcome)

    def test_a_run_itself_is_stopped(self) -> None:
        self.stops_native_work(LARGE, "pg.run(input)", "CancelledError: the run was cancelled before node")

    def test_a_sweep_itself_is_stopped(self) -> None:
        cells = "[0, 1, 2, 3].map(() => ({ x: new ZeroPatch() }))"
        sweep = f"pg.sweep({{ inputs: input, cells: {cells}, metric: (x: any) => x.sum(), exact: true }})"
        self.stops_native_work(LARGE, sweep, "CancelledError: the (run was cancelled before node|sweep was cancelled after)")

    def test_a_backward_pass_itself_is_stopped(self) -> None:
        chain = """const w = torch.randn([200, 200], { requires_grad: true });
                   let loss: Tensor = w; for (let i = 0; i < 1000; i++) loss = loss.mm(w); loss = loss.sum();"""
        self.stops_native_work(chain, "loss.backward(null, { retain_graph: true })", "CancelledError: backward.. was cancelled'")

    def test_a_download_itself_is_stopped(self) -> None:
        asked, done = Event(), Event()

        class Silent(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.set()
                done.wait(60)

            do_HEAD = do_GET

            def log_message(self, *_: object) -> None:
                pass

        hub = ThreadingHTTPServer(("127.0.0.1", 0), Silent)
        Thread(target=hub.serve_forever, daemon=True).start()
        setup = f'process.env.HF_ENDPOINT = "http://127.0.0.1:{hub.server_port}"; process.env.HF_HUB_ETAG_TIMEOUT = "60";'
        self.stops_native_work(setup, 'AutoModel.fromPretrained("nobody/nothing")', "CancelledError: loading nobody/nothing was cancelled", asked)
        done.set()
        hub.shutdown()
        hub.server_close()

    def test_loop_in_a_timer(self) -> None:
        took = []
        while len(took) < TRIES and (not took or took[-1] >= limit()):
            self.ok("var kept = 7; setTimeout(() => { while (true) {} }, 100); 0")
            time.sleep(0.6)
            started = time.monotonic()
            self.km.interrupt_kernel()
            # It goes over another socket: a cell sent at once may come first, and would be what is interrupted.
            time.sleep(0.3)
            self.assertEqual(self.ok("kept * 6", timeout=10).result, "42")
            took.append(time.monotonic() - started)
        self.assertLess(took[-1], limit(), took)

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


class LongOperator(KernelTestCase):
    """With a kernel of its own, because the operator goes on."""

    def leaves(self, code: str, told: str) -> float:
        msg_id = self.kc.execute(code)
        time.sleep(1.5)
        started = time.monotonic()
        self.km.interrupt_kernel()
        reply = self.reply_to(msg_id)["content"]
        took = time.monotonic() - started
        self.assertEqual((reply["status"], reply["ename"]), ("error", "Interrupted"))
        self.assertIn(told, reply["evalue"])
        self.assertEqual(self.ok("kept * 6").result, "42")
        return took

    def test_a_single_long_operator_is_left(self) -> None:
        # A minute or more that nothing can stop: the cell ends, and the operator is waited for no more.
        self.ok("var kept = 7; var large = torch.randn([4000, 4000])")
        # Each one while those before go on, and take the cores.
        took = [self.leaves("const parts = torch.linalg_svd(large)", "aten::linalg_svd of [4000, 4000] was left") for _ in range(TRIES)]
        self.assertLess(min(took), limit(), took)
        self.ok("var sum = torch.zeros([10000, 10000]), factor = torch.ones([10000, 10000])")
        self.leaves("sum.addmm_(factor, factor)", "writing to its argument self")
        self.assertEqual(self.ok("torch.ones([2]).sum().item()").result, "2")

    def test_a_long_operator_on_little_is_left(self) -> None:
        # How long they take is in the numbers that they are given, or in a list of tensors.
        self.ok("var kept = 7, x = torch.tensor([0.5]), square = torch.randn([5000, 5000])")
        name = "aten::special_legendre_polynomial_p of [1]"
        for code, told in [
            ("const p = torch.ops.aten.special_legendre_polynomial_p(x, 2 ** 40)", f"{name} was left"),
            ("const p = torch.ops.aten.special_legendre_polynomial_p(x, torch.tensor([2 ** 40]))", f"{name}, [1] was left"),
            ('const p = torch.einsum("ij,jk,kl->il", [square, square, square])', "aten::einsum of [5000, 5000], [5000, 5000], [5000, 5000] was left"),
        ]:
            with self.subTest(code):
                self.leaves(code, told)
