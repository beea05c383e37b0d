"""A kernel under test, and what is asked of it over the wire."""
from __future__ import annotations

import os
import time
from queue import Empty
from typing import Any
from unittest import TestCase

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

KERNEL = "graphpatch"
TIMEOUT = 30

Message = dict[str, Any]


class Cell:
    """What came of one execute_request."""

    def __init__(self, reply: Message, outputs: list[Message]) -> None:
        self.reply: Message = reply["content"]
        self.outputs = outputs

    def of(self, kind: str) -> list[Message]:
        return [message["content"] for message in self.outputs if message["msg_type"] == kind]

    def text(self, name: str = "stdout") -> str:
        return "".join(content["text"] for content in self.of("stream") if content["name"] == name)

    @property
    def result(self) -> str | None:
        results = self.of("execute_result")
        return results[0]["data"]["text/plain"] if results else None


class KernelTestCase(TestCase):
    """One kernel for all tests of a class."""

    km: KernelManager
    kc: BlockingKernelClient
    #: Folder of the notebook; where the tests run unless set.
    folder: str | None = None
    #: What its environment has besides this one's.
    environment: dict[str, str] = {}

    @classmethod
    def setUpClass(cls) -> None:
        env = {**os.environ, **cls.environment}
        cls.km, cls.kc = start_new_kernel(kernel_name=KERNEL, startup_timeout=60, cwd=cls.folder, env=env)

    @classmethod
    def tearDownClass(cls) -> None:
        cls.kc.stop_channels()
        cls.km.shutdown_kernel()

    def reply_to(self, msg_id: str, timeout: float = TIMEOUT) -> Message:
        deadline = time.monotonic() + timeout
        while True:
            message = self.kc.get_shell_msg(timeout=max(0.01, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") == msg_id:
                return message

    def outputs_of(self, msg_id: str, timeout: float = TIMEOUT) -> list[Message]:
        """What is published for a request, up to idle."""
        outputs = []
        deadline = time.monotonic() + timeout
        while True:
            message = self.kc.get_iopub_msg(timeout=max(0.01, deadline - time.monotonic()))
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            if message["msg_type"] != "status":
                outputs.append(message)
            elif message["content"]["execution_state"] == "idle":
                return outputs

    def finish(self, msg_id: str, timeout: float = TIMEOUT) -> Cell:
        return Cell(self.reply_to(msg_id, timeout), self.outputs_of(msg_id, timeout))

    def run_cell(self, code: str, timeout: float = TIMEOUT, **options: Any) -> Cell:
        return self.finish(self.kc.execute(code, **options), timeout)

    def ok(self, code: str, timeout: float = TIMEOUT, **options: Any) -> Cell:
        cell = self.run_cell(code, timeout, **options)
        self.assertEqual(cell.reply["status"], "ok", cell.reply.get("evalue"))
        return cell

    def complete(self, marked: str) -> tuple[list[str], str, list[dict[str, str]]]:
        """Matches at the mark `¦`, the text they replace, and their types."""
        cursor = marked.index("¦")
        code = marked.replace("¦", "")
        content = self.reply_to(self.kc.complete(code, cursor))["content"]
        self.assertEqual(content["status"], "ok", content)
        replaced = code[content["cursor_start"] : content["cursor_end"]]
        return content["matches"], replaced, content["metadata"]["_jupyter_types_experimental"]

    def request(self, kind: str, content: dict[str, Any], buffers: list[bytes] | None = None) -> str:
        message = self.kc.session.msg(kind, content)
        self.kc.session.send(self.kc.shell_channel.socket, message, buffers=buffers)
        return str(message["header"]["msg_id"])

    def restart(self, now: bool) -> None:
        self.km.restart_kernel(now=now)
        self.await_restart()

    def await_restart(self) -> None:
        """Waits until the new process is ready and its outputs are heard: a client subscribes to it when it next looks at what is published."""
        self.kc.wait_for_ready(timeout=60)
        while True:
            msg_id = self.kc.execute("", silent=True)
            self.reply_to(msg_id)
            try:
                self.outputs_of(msg_id, timeout=1)
                return
            except Empty:
                continue

    def drain(self) -> None:
        for channel in (self.kc.shell_channel, self.kc.iopub_channel):
            while True:
                try:
                    channel.get_msg(timeout=0.05)
                except Empty:
                    break
