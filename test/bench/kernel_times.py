"""Times one Jupyter kernel through jupyter_client.

Arguments: kernel name, trivial cell; and for kernels with graphs a cell that captures a large one, a cell that names a node of it, and code to
complete with the cursor at its mark `¦` (all "" for others).

Prints one line of JSON, times in milliseconds, memory in bytes; of a kernel that dies on the way, what was measured by then.
"""
from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from queue import Empty
from typing import Any

from jupyter_client.manager import KernelManager

TIMEOUT = 120
TRIVIAL = 30
COMPLETIONS = 10
LONG = 300


def milliseconds(since: float) -> float:
    return (time.perf_counter() - since) * 1000


def resident(pid: int) -> int:
    return int(subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True).stdout) * 1024


class Client:
    def __init__(self, name: str) -> None:
        self.manager = KernelManager(kernel_name=name)
        self.launched = time.perf_counter()
        self.manager.start_kernel()
        self.client = self.manager.blocking_client()
        self.client.start_channels()

    def info(self) -> float:
        """Since the launch. The request waits here until the kernel has bound its sockets."""
        self.client.kernel_info()
        self.client.get_shell_msg(timeout=TIMEOUT)
        return milliseconds(self.launched)

    def cell(self, code: str) -> float:
        started = time.perf_counter()
        msg_id = self.client.execute(code)
        while True:
            try:
                message = self.client.get_iopub_msg(timeout=1)
            except Empty:
                if not self.manager.is_alive() or milliseconds(started) > TIMEOUT * 1000:
                    raise
                continue
            if message["parent_header"].get("msg_id") != msg_id:
                continue
            if message["msg_type"] == "error":
                raise RuntimeError(message["content"]["evalue"])
            if message["msg_type"] == "status" and message["content"]["execution_state"] == "idle":
                return milliseconds(started)

    def complete(self, marked: str) -> float:
        """@param marked code with the cursor at `¦`, where there is something to complete"""
        started = time.perf_counter()
        msg_id = self.client.complete(marked.replace("¦", ""), marked.index("¦"))
        while True:
            message = self.client.get_shell_msg(timeout=TIMEOUT)
            if message["parent_header"].get("msg_id") == msg_id:
                if not message["content"]["matches"]:
                    raise RuntimeError("nothing was completed")
                return milliseconds(started)

    @property
    def pid(self) -> int:
        return int(self.manager.provisioner.pid)  # type: ignore[union-attr]

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def warm_up(name: str, trivial: str) -> None:
    """A start with cold files, in which a kernel may keep what makes later ones faster."""
    client = Client(name)
    client.info()
    try:
        client.cell(trivial)
        time.sleep(2)
    except Empty:
        pass
    client.close()


def main(name: str, trivial: str, large: str, naming: str, marked: str) -> None:
    warm_up(name, trivial)
    client = Client(name)
    figures: dict[str, Any] = {"info": client.info()}
    try:
        measure(client, figures, trivial)
        if large:
            measure_large(client, figures, trivial, large, naming, marked)
    except Empty:
        print(f"{name} died", file=sys.stderr)
    client.close()
    print(json.dumps(figures))


def measure(client: Client, figures: dict[str, Any], trivial: str) -> None:
    client.cell(trivial)
    figures["firstCell"] = milliseconds(client.launched)
    time.sleep(1)
    figures["idleBytes"] = resident(client.pid)
    figures["cell"] = statistics.median(client.cell(trivial) for _ in range(TRIVIAL))


def measure_large(client: Client, figures: dict[str, Any], trivial: str, large: str, naming: str, marked: str) -> None:
    client.cell(large)
    figures["afterCapture"] = client.cell(trivial)
    for number in range(LONG - TRIVIAL):
        client.cell(f"const value{number} = {number}")
    figures["lateCell"] = statistics.median(client.cell(trivial) for _ in range(TRIVIAL))
    figures["namingCell"] = statistics.median(client.cell(naming) for _ in range(TRIVIAL))
    figures["completion"] = statistics.median(client.complete(marked) for _ in range(COMPLETIONS))


main(*sys.argv[1:6])
