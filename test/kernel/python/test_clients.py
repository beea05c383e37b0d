"""Notebooks run by the programs that people run them with."""
from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory
from typing import Any, Callable
from unittest import TestCase

import nbformat
import tomllib
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from client import KERNEL

PAPERMILL = Path(__file__).parents[3] / "kernel" / "papermill"
TIMEOUT = 120


def notebook(*cells: str, parameters: str | None = None) -> nbformat.NotebookNode:
    metadata = {"kernelspec": {"name": KERNEL, "display_name": "TypeScript (graphpatch)", "language": "typescript"}}
    first = [] if parameters is None else [new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    return new_notebook(cells=[*first, *map(new_code_cell, cells)], metadata=metadata)


def results(nb: nbformat.NotebookNode) -> list[str]:
    return [out["data"]["text/plain"] for cell in nb.cells for out in cell.outputs if out["output_type"] == "execute_result"]


class Papermill(TestCase):
    """With the package of kernel/papermill as pip would put it."""

    def setUp(self) -> None:
        holder = TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = Path(holder.name)
        site = self.folder / "site"
        site.mkdir()
        copy(PAPERMILL / "graphpatch_papermill.py", site)
        project = tomllib.loads((PAPERMILL / "pyproject.toml").read_text())["project"]
        info = site / f"graphpatch_papermill-{project['version']}.dist-info"
        info.mkdir()
        groups = project["entry-points"].items()
        text = "\n".join(f"[{group}]\n" + "\n".join(f"{name} = {target}" for name, target in points.items()) for group, points in groups)
        (info / "entry_points.txt").write_text(text)
        self.env = {**os.environ, "PYTHONPATH": str(site)}

    def papermill(self, nb: nbformat.NotebookNode, *options: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        nbformat.write(nb, self.folder / "in.ipynb")
        command = [sys.executable, "-m", "papermill", "in.ipynb", *options]
        return subprocess.run(command, cwd=self.folder, env=env or self.env, capture_output=True, text=True, timeout=TIMEOUT)

    def test_parameters(self) -> None:
        nb = notebook("[layer, name, flags, nothing]", "deep.a['b c'][1] + layer", "const kept: 'float16' = dtype; kept", parameters='const layer = 1, name = "x"; let flags = [true]; const nothing = 0, deep = {}, dtype = "float32"')
        values = {"layer": 5, "name": 'é😀 "quoted"\n', "flags": [False, 1.5], "nothing": None, "deep": {"a": {"b c": [0, 2]}}, "dtype": "float16"}
        (self.folder / "values.yaml").write_text(json.dumps(values, ensure_ascii=False))
        done = self.papermill(nb, "out.ipynb", "-f", "values.yaml", "--no-progress-bar")
        self.assertEqual(done.returncode, 0, done.stderr)
        shown = results(nbformat.read(self.folder / "out.ipynb", as_version=4))
        self.assertEqual(shown, ["[ 5, 'é😀 \"quoted\"\\n', [ false, 1.5 ], null ]", "7", "'float16'"])

    def test_an_error_ends_it_and_is_told(self) -> None:
        done = self.papermill(notebook("1", "throw new RangeError('no more')", "2"), "out.ipynb", "--no-progress-bar")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("RangeError: no more", done.stderr)

    def test_the_parameters_of_a_notebook_are_listed(self) -> None:
        done = self.papermill(notebook("1", parameters="const layer: number = 3; // which block"), "--help-notebook")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("layer: number (default 3)", done.stdout)
        self.assertIn("which block", done.stdout)

    def test_values_that_are_no_json(self) -> None:
        load = "import papermill.engines; from papermill.translators import papermill_translators; T = papermill_translators.find_translator('', 'typescript'); "
        code = load + "print(T.codify({'a': float('nan'), 'b': -float('inf'), 'c': 2**60, 'd': __import__('datetime').date(2026, 1, 2), 'e': {'__proto__': 1}}, 'x\\ny'), end='')"
        done = subprocess.run([sys.executable, "-c", code], env=self.env, capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual(done.stdout, f'// x y\nconst a = NaN;\nconst b = -Infinity;\nconst c = {2**60}n;\nconst d = "2026-01-02";\nconst e = {{ ["__proto__"]: 1 }};\n')
        done = subprocess.run([sys.executable, "-c", load + "T.codify({'a b': 1})"], env=self.env, capture_output=True, text=True, timeout=TIMEOUT)
        self.assertIn("parameter 'a b': not a name of a variable in TypeScript", done.stderr)


class Clients(TestCase):
    def test_nbclient(self) -> None:
        nb = notebook("const x = torch.ones([2, 3])", "x.sum().item()", "console.log('said')")
        NotebookClient(nb, timeout=TIMEOUT, kernel_name=KERNEL).execute()
        self.assertEqual(results(nb), ["6"])
        self.assertEqual(nb.cells[2].outputs, [{"output_type": "stream", "name": "stdout", "text": "said\n"}])

    def test_jupyter_console(self) -> None:
        lines = 'const a = 20\na + 1\nconsole.log("said " + a)\nthrow new TypeError("bad")\na * 6\nexit\n'
        command = [sys.executable, "-m", "jupyter_console", "--simple-prompt", "--kernel", KERNEL]
        done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=TIMEOUT)
        said = re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr)
        for expected in ("Out[2]: 21", "said 20", "TypeError: bad", "Out[5]: 120"):
            self.assertIn(expected, said)

    def test_behind_a_gateway(self) -> None:
        from jupyter_server.gateway.gateway_client import GatewayClient
        from jupyter_server.gateway.managers import GatewayKernelManager

        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        with TemporaryDirectory() as folder:
            log = Path(folder) / "log"
            with log.open("w") as out:
                gateway = subprocess.Popen([sys.executable, "-m", "kernel_gateway", f"--port={port}", "--ip=127.0.0.1"], stdout=out, stderr=out)
            try:
                wait_for(lambda: "kernelspecs" in json.load(urllib.request.urlopen(f"{url}/api/kernelspecs", timeout=5)), log)
                GatewayClient.instance().url = url
                nb = notebook("const kept = 6", "kept * 7", "comms.registerTarget('t', () => 1); display.html('<b>x</b>')")
                NotebookClient(nb, timeout=TIMEOUT, kernel_name=KERNEL, kernel_manager_class=GatewayKernelManager).execute(kernel_name=KERNEL)
                self.assertEqual(results(nb), ["42"])
                self.assertEqual(nb.cells[2].outputs[0]["data"], {"text/html": "<b>x</b>"})
            finally:
                GatewayClient.clear_instance()
                gateway.terminate()
                gateway.wait(20)


def wait_for(condition: Callable[[], Any], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the gateway did not start:\n{log.read_text()}")
