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
        self.assertIn("handler failed", outputs[0]["content"]["text"])
        self.assertEqual(self.ok("1").result, "1")
