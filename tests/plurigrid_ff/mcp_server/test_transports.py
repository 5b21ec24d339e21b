"""Real servers in processes of their own: stdio, and HTTP on this machine."""

import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters

from plurigrid_ff.mcp_server.tools import TOOLS

pytestmark = pytest.mark.anyio

SERVER = ["-m", "plurigrid_ff.mcp_server"]
INITIALIZE = {
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "test", "version": "0"},
    },
}
LONG = {"training": {"epochs": 200}, "device": "cpu"}


@pytest.fixture
def parameters(work):
    return StdioServerParameters(
        command=sys.executable, args=[*SERVER, "--folder", str(work)], env=dict(os.environ)
    )


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Port of a server over HTTP; it is told to end as Ctrl-C would."""
    folder = tmp_path_factory.mktemp("http") / "work"
    folder.mkdir()
    log = folder.with_name("log")
    command = [sys.executable, *SERVER, "--folder", str(folder), "--http", "--port", "0"]
    # A file and not a pipe: nobody reads while the tests run, and a full pipe stops the server.
    with log.open("w") as errors, subprocess.Popen(command, stderr=errors) as server:
        while not (found := re.search(r"serving http://127\.0\.0\.1:(\d+)/mcp", log.read_text())):
            assert server.poll() is None, log.read_text()
            time.sleep(0.05)
        yield int(found[1]), folder
        server.send_signal(signal.SIGINT)
        assert server.wait(60) == 130


def workers_in(folder):
    """Processes whose working directory is the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").resolve() == folder and b"worker" in (
                process / "cmdline"
            ).read_bytes():
                found.append(process.name)
        except OSError:
            continue
    return found


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_client_over_stdio_lists_and_calls_in_either_era(parameters, mode):
    async with Client(parameters, mode=mode) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        answer = await client.call_tool("check_triad", {"triad": "nope"})

    assert tools >= TOOLS.keys()
    assert answer.is_error
    assert "unknown triad 'nope'" in answer.content[0].text


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the worker in /proc")
@pytest.mark.parametrize("dies", ["the client", "the server"])
async def test_whoever_dies_takes_the_training_along(parameters, work, dies, until):
    command = [parameters.command, *parameters.args]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        for message in (
            INITIALIZE,
            {"method": "notifications/initialized"},
            {"id": 2, "method": "tools/call"}
            | {"params": {"name": "train", "arguments": {"out": "run", **LONG}}},
        ):
            server.stdin.write(json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n")
            server.stdin.flush()
        await until(lambda: (work / "run.partial" / "rounds.jsonl").exists())
        assert len(workers_in(work)) == 1

        if dies == "the server":
            server.kill()
        else:
            server.stdin.close()

        await until(lambda: not workers_in(work))
        await until(lambda: server.poll() is not None)
    assert (work / "run.partial").is_dir()
    assert not (work / "run").exists()


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_client_over_http_lists_and_calls_in_either_era(address, mode):
    port, folder = address
    async with Client(f"http://127.0.0.1:{port}/mcp", mode=mode) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        state = (await client.call_tool("show_limits", {})).structured_content

    assert tools >= TOOLS.keys()
    assert state["folder"] == str(folder)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://localhost:3000"}, 200),
        ({"Host": "evil.example"}, 421),
        ({"Host": "127.0.0.1.evil.example:80"}, 421),
        ({"Host": "localhost.evil.example"}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1.evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_requests_that_a_web_page_could_send_are_refused(address, headers, status):
    body = {"jsonrpc": "2.0", **INITIALIZE}
    usual = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
    }
    connection = http.client.HTTPConnection("127.0.0.1", address[0], timeout=30)

    connection.request("POST", "/mcp", json.dumps(body), usual | headers)

    assert connection.getresponse().status == status
    connection.close()


def test_other_machines_cannot_reach_the_port(address):
    listening = [
        line.split()[1]
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]
        if line.split()[3] == "0A" and int(line.split()[1].partition(":")[2], 16) == address[0]
    ]

    assert [place.partition(":")[0] for place in listening] == ["0100007F"]


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the worker in /proc")
@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_client_over_http_that_leaves_takes_its_training_with_it(address, mode, until):
    port, folder = address
    out = f"run-{mode}"
    client = Client(f"http://127.0.0.1:{port}/mcp", mode=mode)
    async with client, anyio.create_task_group() as group:
        group.start_soon(client.call_tool, "train", {"out": out, **LONG})
        await until(lambda: (folder / f"{out}.partial" / "rounds.jsonl").exists())
        group.cancel_scope.cancel()

    await until(lambda: not workers_in(folder))
    assert not (folder / out).exists()
