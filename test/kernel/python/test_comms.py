from client import KernelTestCase


class Comms(KernelTestCase):
    def test_messages_and_buffers_go_both_ways(self) -> None:
        self.ok(
            """comms.registerTarget("echo", (comm, data) => {
                 comm.send({ opened: data });
                 comm.onMessage = (message, buffers) => comm.send({ echo: message }, buffers);
               })"""
        )
        opened = self.outputs_of(self.request("comm_open", {"comm_id": "c1", "target_name": "echo", "data": {"a": 1}}))
        self.assertEqual(opened[0]["content"], {"comm_id": "c1", "data": {"opened": {"a": 1}}})
        echoed = self.outputs_of(self.request("comm_msg", {"comm_id": "c1", "data": {"b": 2}}, [b"abc", bytes(100_000)]))
        self.assertEqual(echoed[0]["content"]["data"], {"echo": {"b": 2}})
        self.assertEqual([bytes(buffer) for buffer in echoed[0]["buffers"]], [b"abc", bytes(100_000)])
        info = self.reply_to(self.request("comm_info_request", {"target_name": "echo"}))["content"]
        self.assertEqual(info["comms"], {"c1": {"target_name": "echo"}})
        self.outputs_of(self.request("comm_close", {"comm_id": "c1", "data": {}}))
        info = self.reply_to(self.request("comm_info_request", {}))["content"]
        self.assertNotIn("c1", info["comms"])

    def test_an_unknown_target_is_closed(self) -> None:
        outputs = self.outputs_of(self.request("comm_open", {"comm_id": "c2", "target_name": "nowhere", "data": {}}))
        self.assertEqual([message["msg_type"] for message in outputs], ["comm_close"])

    def test_an_error_in_a_handler_is_shown(self) -> None:
        self.ok('comms.registerTarget("bad", () => { throw new Error("handler failed") })')
        outputs = self.outputs_of(self.request("comm_open", {"comm_id": "c3", "target_name": "bad", "data": {}}))
        self.assertEqual([message["msg_type"] for message in outputs], ["comm_close", "stream"])
        self.assertIn("handler failed", outputs[1]["content"]["text"])
        self.assertEqual(self.reply_to(self.request("comm_info_request", {"target_name": "bad"}))["content"]["comms"], {})
        self.assertEqual(self.ok("1").result, "1")

    def test_the_kernel_opens_one_too(self) -> None:
        cell = self.ok(
            """const sent = comms.open("page", { hello: 1 }, [Uint8Array.of(1, 2)]);
               let got: unknown[] = []; sent.onMessage = (data, buffers) => { got.push(data, buffers.map(({ length }) => length)) };
               sent.onClose = (data) => { got.push(data) };"""
        )
        opened = next(message for message in cell.outputs if message["msg_type"] == "comm_open")
        self.assertEqual((opened["content"]["target_name"], opened["content"]["data"]), ("page", {"hello": 1}))
        self.assertEqual([bytes(buffer) for buffer in opened["buffers"]], [b"\x01\x02"])
        comm_id = opened["content"]["comm_id"]
        self.outputs_of(self.request("comm_msg", {"comm_id": comm_id, "data": {"a": [1]}}, [bytes(7), b""]))
        self.outputs_of(self.request("comm_close", {"comm_id": comm_id, "data": {"why": "done"}}))
        self.assertEqual(self.ok("JSON.stringify(got)").result, """'[{"a":[1]},[7,0],{"why":"done"}]'""")
        closed = self.ok('comms.open("page").close({ bye: 1 })')
        self.assertEqual([message["msg_type"] for message in closed.outputs if message["msg_type"].startswith("comm")], ["comm_open", "comm_close"])
