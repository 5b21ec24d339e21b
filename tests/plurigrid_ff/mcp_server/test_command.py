"""``plurigrid-ff-mcp`` as a user starts it: options, start-up, and what it refuses."""

import socket
import subprocess
import sys

import pytest
from click.testing import CliRunner

from plurigrid_ff.mcp_server import command
from plurigrid_ff.mcp_server.limits import Limits

START = """
import sys
import anyio
from mcp import Client
from pathlib import Path
from plurigrid_ff.mcp_server.door import Door
from plurigrid_ff.mcp_server.limits import Limits
from plurigrid_ff.mcp_server.server import FFServer
from plurigrid_ff.mcp_server.working_folder import WorkingFolder

async def start():
    server = FFServer(Door(WorkingFolder(Path({folder!r})), Limits()))
    async with Client(server, mode="legacy") as client:
        await client.list_tools()
        await client.list_resources()
        await client.list_prompts()
        for name in ("list_triads", "list_skills", "list_recipes", "list_datasets"):
            assert not (await client.call_tool(name, {{}})).is_error

anyio.run(start)
loaded = sorted({heavy!r} & sys.modules.keys())
sys.exit(f"loaded: {{loaded}}" if loaded else 0)
"""
HEAVY = {"torch", "gudhi", "sklearn", "matplotlib", "scipy"}


@pytest.fixture
def started(monkeypatch):
    """What the command would have served."""
    seen = []
    monkeypatch.setattr(command, "start", lambda *arguments: seen.append(arguments))
    return seen


def invoke(*arguments, **environment):
    return CliRunner().invoke(command.main, arguments, env=environment)


def test_a_server_starts_and_lists_without_any_heavy_library(tmp_path):
    program = START.format(folder=str(tmp_path), heavy=HEAVY)

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)

    assert answer.returncode == 0, answer.stderr


def test_limits_come_from_options_and_from_the_environment(started, tmp_path):
    answer = invoke(
        "--folder", str(tmp_path), "--max-epochs", "7", PLURIGRID_FF_MCP_MAX_WIDTH="64"
    )  # fmt: skip

    assert answer.exit_code == 0, answer.output
    ((folder, http, _, allow_plugins, limits),) = started
    assert (folder, http, allow_plugins) == (tmp_path, False, True)
    assert limits == Limits(max_epochs=7, max_width=64)


@pytest.mark.parametrize("name", Limits.model_fields)
def test_every_limit_has_an_option_that_refuses_what_is_too_small(started, name):
    option = f"--{name.replace('_', '-')}"

    answer = invoke(option, "-1")

    assert answer.exit_code == 2
    assert f"Invalid value for '{option}'" in answer.stderr
    assert started == []


def test_a_port_that_is_taken_is_one_sentence(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]

        answer = invoke("--folder", str(tmp_path), "--http", "--port", str(port))

    assert answer.exit_code == 1
    assert answer.stderr == (
        f"Error: port {port} of 127.0.0.1 is taken; name another with --port, or 0 for any that "
        "is free\n"
    )


def test_a_folder_that_is_not_there_is_one_sentence(tmp_path):
    answer = invoke("--folder", str(tmp_path / "absent"))

    assert answer.exit_code == 1
    assert "absent: cannot be the working folder: " in answer.stderr
    assert "Traceback" not in answer.output


def test_without_the_sdk_the_extra_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "mcp.server", None)

    answer = invoke("--folder", str(tmp_path))

    assert answer.exit_code == 1
    assert answer.stderr == (
        "Error: plurigrid-ff-mcp needs the MCP SDK: pip install 'plurigrid-ff[mcp]'\n"
    )
