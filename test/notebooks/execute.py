"""Executes a notebook in its own kernel, as "Run All" does, and writes it with its outputs. Usage: execute.py FROM TO"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient


def main(source: str, target: str) -> None:
    notebook = nbformat.read(source, as_version=4)
    nbformat.validate(notebook)
    # a cell that fails is kept in the output, with its traceback: the test names it
    client = NotebookClient(
        notebook, timeout=900, allow_errors=True, resources={"metadata": {"path": str(Path(source).parent)}}
    )
    client.execute()
    nbformat.write(notebook, target)


if __name__ == "__main__":
    main(*sys.argv[1:])
