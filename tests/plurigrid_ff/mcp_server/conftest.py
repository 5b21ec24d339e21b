"""A server in a folder of its own, and clients of the SDK in memory."""

from contextlib import asynccontextmanager

import anyio
import pytest
from mcp import Client

from plurigrid_ff.mcp_server.door import Door
from plurigrid_ff.mcp_server.launching import WorkerError
from plurigrid_ff.mcp_server.limits import Limits
from plurigrid_ff.mcp_server.server import FFServer
from plurigrid_ff.mcp_server.worker import outcome
from plurigrid_ff.mcp_server.working_folder import WorkingFolder

SMALL = {
    "network": {"hidden": [24, 16]},
    "training": {"epochs": 4, "epochs_per_round": 2, "batch_size": 32, "learning_rate": 5e-3},
    "device": "cpu",
}


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def work(tmp_path):
    """The working folder, with something beside it that no call may touch."""
    folder = tmp_path / "work"
    folder.mkdir()
    (tmp_path / "secret.toml").write_text("seed = 1")
    return folder


@pytest.fixture
def serve(work):
    """Make a server with limits."""

    def make(**limits) -> FFServer:
        return FFServer(Door(WorkingFolder(work), Limits(**limits)))

    return make


@pytest.fixture
def connect(serve):
    """Connect a client in memory, through the protocol's handshake and framing."""

    @asynccontextmanager
    async def connected(server=None, **limits):
        async with Client(server or serve(**limits), mode="legacy") as client:
            yield client

    return connected


@pytest.fixture
def ask(connect):
    """Call one tool and return its answer, or the sentence of its error."""

    def call(name, arguments, **limits):
        async def once():
            async with connect(**limits) as client:
                return await client.call_tool(name, arguments)

        answer = anyio.run(once)
        assert answer.is_error == (answer.structured_content is None)
        return answer.content[0].text if answer.is_error else answer.structured_content

    return call


@pytest.fixture
def in_this_process(work, monkeypatch):
    """Do what workers do in here: quicker, and measured by coverage."""
    monkeypatch.chdir(work)

    async def run(request, folder, report):
        assert folder == work
        event = await anyio.to_thread.run_sync(outcome, request, lambda share, words: None)
        if event.failure is not None:
            raise WorkerError(event.failure)
        return event.result

    monkeypatch.setattr("plurigrid_ff.mcp_server.door.run_in_worker", run)


@pytest.fixture
def until():
    """Wait for what other tasks and processes do; two minutes is for ever."""

    async def wait(condition):
        with anyio.fail_after(120):
            while not condition():
                await anyio.sleep(0.02)

    return wait


@pytest.fixture
def small():
    """Settings of a run of a moment."""
    return SMALL


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A working folder with a run in it, trained by a worker; the answer; the progress."""
    folder = tmp_path_factory.mktemp("trained")
    for name in ("torch", "plurigrid_ff", "json"):
        (folder / f"{name}.py").write_text("raise SystemExit('imported from the working folder')")
    progress = []

    async def heard(share, total, words):
        progress.append((share, total, words))

    async def once():
        server = FFServer(Door(WorkingFolder(folder), Limits()))
        async with Client(server, mode="legacy") as client:
            arguments = {"out": "runs/one", **SMALL}
            return await client.call_tool("train", arguments, progress_callback=heard)

    answer = anyio.run(once)
    assert not answer.is_error, answer.content[0].text
    return folder / "runs" / "one", answer.structured_content, progress
