"""Another client: the command line of the protocol's own inspector, which is an npm package.

Where CI is set the package is fetched; elsewhere it is used if npx has it already, as after
``npx --yes --package=@modelcontextprotocol/inspector@0.22.0 -- mcp-inspector --help``.
"""

import json
import os
import shutil
import subprocess
import sys

import pytest

from plurigrid_ff.mcp_server.plugin_tools import FIRST_PARTY
from plurigrid_ff.mcp_server.tools import TOOLS

PACKAGE = "@modelcontextprotocol/inspector@0.22.0"  # the last that runs on Node 20


@pytest.fixture
def inspect(tmp_path):
    """Ask a server over stdio, through the inspector."""
    npx = shutil.which("npx")
    if npx is None:
        pytest.skip("npx is not on PATH: install Node 20 or newer")
    runner = [npx, "--yes" if os.environ.get("CI") else "--no", f"--package={PACKAGE}", "--"]

    def ask(*arguments):
        server = [sys.executable, "-m", "plurigrid_ff.mcp_server", "--folder", str(tmp_path)]
        done = subprocess.run(
            [*runner, "mcp-inspector", "--cli", *server, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if done.returncode and "npm" in done.stderr:
            pytest.skip(
                f"{PACKAGE} cannot be had here: {done.stderr.strip().splitlines()[-1]:.200}"
            )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return ask


def test_the_inspector_lists_and_calls_our_tools(inspect):
    listed = inspect("--method", "tools/list")["tools"]
    assert {tool["name"] for tool in listed} == TOOLS.keys() | FIRST_PARTY.keys()

    called = inspect("--method", "tools/call", "--tool-name", "color_at", "--tool-arg", "index=1")
    assert called["structuredContent"]["index"] == 1
