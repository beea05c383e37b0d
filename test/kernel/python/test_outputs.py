from client import KernelTestCase


class Outputs(KernelTestCase):
    def test_100000_printed_lines_arrive_complete_and_in_order(self) -> None:
        cell = self.ok("for (let i = 0; i < 100_000; i++) console.log(i)", timeout=120)
        self.assertEqual(cell.text(), "".join(f"{i}\n" for i in range(100_000)))

    def test_output_of_a_busy_loop_appears_while_it_runs(self) -> None:
        msg_id = self.kc.execute('console.log("early"); const end = Date.now() + 1500; while (Date.now() < end); console.log("late")')
        while True:
            message = self.kc.get_iopub_msg(timeout=5)
            if message["msg_type"] == "stream":
                break
        self.assertEqual(message["content"]["text"], "early\n")
        self.assertEqual(self.finish(msg_id).text(), "late\n")

    def test_stdout_and_stderr_keep_their_order(self) -> None:
        cell = self.ok('for (let i = 0; i < 3; i++) { console.log("out", i); console.error("err", i) }')
        parts = [(content["name"], content["text"]) for content in cell.of("stream")]
        self.assertEqual(parts, [(n, f"{n[3:]} {i}\n") for i in range(3) for n in ("stdout", "stderr")])

    def test_multibyte_text_written_in_pieces(self) -> None:
        cell = self.ok('const bytes = Buffer.from("é😀"); process.stdout.write(bytes.subarray(0, 1)); process.stdout.write(bytes.subarray(1)); 0')
        self.assertEqual(cell.text(), "é😀")

    def test_a_display_is_updated(self) -> None:
        cell = self.ok('const shown = display("one"); shown.update("two"); 0')
        first, second = cell.of("display_data")[0], cell.of("update_display_data")[0]
        self.assertEqual(first["transient"]["display_id"], second["transient"]["display_id"])
        self.assertEqual(second["data"]["text/plain"], "'two'")

    def test_displays_by_name_and_those_of_tslab(self) -> None:
        cell = self.ok('display("one", { id: "mine" }); display("two", { id: "mine", update: true }); display({ "text/html": "<b>" }, { raw: true }); 0')
        first, other = cell.of("display_data")
        (update,) = cell.of("update_display_data")
        self.assertEqual((first["transient"], update["transient"]), ({"display_id": "mine"},) * 2)
        self.assertEqual(other["data"], {"text/html": "<b>"})
        cell = self.ok('const place = newDisplay(); place.text("a"); place.html("<i>b</i>"); display.markdown("*c*"); display.raw("application/x-own", "d"); 0')
        first, *rest = cell.of("display_data")
        (update,) = cell.of("update_display_data")
        self.assertEqual(first["transient"], update["transient"])
        self.assertEqual([update["data"], *(content["data"] for content in rest)], [{"text/html": "<i>b</i>"}, {"text/markdown": "*c*"}, {"application/x-own": "d"}])

    def test_objects_say_how_they_are_shown(self) -> None:
        cell = self.ok('({ [Symbol.for("Jupyter.display")]: () => ({ "text/html": "<i>x</i>", "text/plain": "x" }) })')
        self.assertEqual(cell.of("execute_result")[0]["data"], {"text/html": "<i>x</i>", "text/plain": "x"})
        cell = self.ok('({ async toMimeBundle() { return { "image/png": new Uint8Array([1, 2, 3]) } } })')
        self.assertEqual(cell.of("execute_result")[0]["data"], {"image/png": "AQID"})

    def test_a_large_result(self) -> None:
        cell = self.ok('({ toMimeBundle: () => ({ "text/plain": "x".repeat(50_000_000) }) })', timeout=120)
        self.assertEqual(len(cell.result or ""), 50_000_000)

    def test_clearing_waits_where_it_is_asked_to(self) -> None:
        cell = self.ok('console.log("gone"); clearOutput(true); console.log("new"); clearOutput()')
        self.assertEqual([content["wait"] for content in cell.of("clear_output")], [True, False])
        self.assertEqual([message["msg_type"] for message in cell.outputs], ["execute_input", "stream", "clear_output", "stream", "clear_output"])

    def test_output_of_a_timer_goes_to_the_cell_that_set_it(self) -> None:
        first = self.kc.execute('setTimeout(() => console.log("from the first"), 300); 0')
        self.finish(first)
        self.ok("1")
        while True:
            message = self.kc.get_iopub_msg(timeout=5)
            if message["msg_type"] == "stream":
                break
        self.assertEqual(message["parent_header"]["msg_id"], first)

    def test_silent_cells_show_nothing(self) -> None:
        before = self.ok("1").reply["execution_count"]
        cell = self.ok('console.log("x"); 1', silent=True)
        self.assertEqual(cell.outputs, [])
        self.assertEqual(self.ok("1", store_history=False).reply["execution_count"], before)
        self.assertEqual(self.ok("1").reply["execution_count"], before + 1)

    def test_user_expressions(self) -> None:
        cell = self.ok("const a = 20", user_expressions={"good": "a + 1", "bad": "nothing"})
        expressions = cell.reply["user_expressions"]
        self.assertEqual(expressions["good"]["data"]["text/plain"], "21")
        self.assertEqual((expressions["bad"]["status"], expressions["bad"]["ename"]), ("error", "TypeScriptError"))

    def test_input(self) -> None:
        msg_id = self.kc.execute('const name = await input("who? "); name + "!"', allow_stdin=True)
        request = self.kc.get_stdin_msg(timeout=10)
        self.assertEqual(request["content"], {"prompt": "who? ", "password": False})
        self.kc.input("me")
        self.assertEqual(self.finish(msg_id).result, "'me!'")
        msg_id = self.kc.execute('await input("secret? ", { password: true })', allow_stdin=True)
        self.assertTrue(self.kc.get_stdin_msg(timeout=10)["content"]["password"])
        self.kc.input("hidden")
        self.assertEqual(self.finish(msg_id).result, "'hidden'")
        self.assertIn("does not take input", self.run_cell('await input("?")', allow_stdin=False).reply["evalue"])
