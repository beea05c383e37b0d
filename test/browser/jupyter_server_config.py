"""Server for the browser tests: no token, an empty folder, test helpers. Never use it for anything else."""

import os

from jupyterlab.galata import configure_jupyter_server

configure_jupyter_server(c)  # noqa: F821 (given by Jupyter)

c.ServerApp.port = int(os.environ["GRAPHPATCH_TEST_PORT"])  # noqa: F821
c.ServerApp.allow_root = True  # noqa: F821
