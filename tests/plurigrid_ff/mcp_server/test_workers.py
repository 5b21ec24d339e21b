"""Worker processes: several at once, stopped early, short of memory, or dead."""

import signal
import subprocess
import sys

import anyio
import pytest

from plurigrid_ff import runs
from plurigrid_ff.config import RunConfig
from plurigrid_ff.mcp_server import launching, worker
from plurigrid_ff.mcp_server.jobs import JOBS
from plurigrid_ff.mcp_server.launching import StoppedError, run_in_worker
from plurigrid_ff.mcp_server.limits import Limits
from plurigrid_ff.mcp_server.messages import Request

LONG = {"epochs": 16, "epochs_per_round": 2, "batch_size": 16}


@pytest.mark.anyio
async def test_clients_that_train_at_once_get_what_one_alone_gets(
    connect, serve, work, small, trained
):
    server, answers = serve(concurrency=2), {}

    async def train(out):
        async with connect(server) as client:
            answers[out] = await client.call_tool("train", {"out": out, **small})

    async with anyio.create_task_group() as group:
        for out in "ab":
            group.start_soon(train, out)

    for out in "ab":
        assert not answers[out].is_error
        for name in ("network.safetensors", "rounds.jsonl", "run.toml"):
            assert (work / out / name).read_bytes() == (trained[0] / name).read_bytes()


@pytest.fixture
def ctrl_c_ignored():
    """As in a server that a shell started in its background, and so in its workers."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.anyio
@pytest.mark.usefixtures("ctrl_c_ignored")
async def test_a_cancelled_training_can_be_resumed_to_the_same_bytes(
    connect, work, small, tmp_path, caplog, until
):
    settings = small | {"training": LONG}
    begun = anyio.Event()

    async def hear(share, total, words):
        if share > 1 / 8:  # a round is complete, and seven are left, seconds of work
            begun.set()

    async with connect() as client:
        async with anyio.create_task_group() as group:
            arguments = {"out": "run", **settings}
            group.start_soon(lambda: client.call_tool("train", arguments, progress_callback=hear))
            await begun.wait()
            group.cancel_scope.cancel()
        await until(lambda: "cancelled" in caplog.text)
        left = sorted(path.name for path in work.iterdir())
        refused = await client.call_tool("train", {"out": "run", **settings})
        resumed = await client.call_tool("train", {"out": "run", "resume": True})

    assert left == ["run.partial"]
    assert "run.partial holds the rounds that were done" in caplog.text
    assert "holds an unfinished run; resume=true to go on with it" in refused.content[0].text
    assert not resumed.is_error
    runs.train(RunConfig(**settings), tmp_path / "whole")
    for name in ("network.safetensors", "rounds.jsonl", "run.toml"):
        assert (work / "run" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_a_call_that_takes_too_long_is_stopped_and_told_how_to_go_on(ask, work, small):
    # A single round, of minutes.
    settings = small | {"training": {"epochs": 200, "epochs_per_round": 200, "batch_size": 1}}

    message = ask("train", {"out": "run", **settings}, max_seconds=1)

    assert message == (
        "train: stopped after 1 s, the most one call may take; ask for less, or have the server "
        "started with a larger --max-seconds; no round was complete, so nothing is lost by "
        "starting again"
    )
    assert not (work / "run").exists()


def test_a_network_that_needs_more_memory_than_allowed_is_refused(ask, work, small):
    settings = small | {"network": {"hidden": [4096] * 6}}

    message = ask("train", {"out": "run", **settings}, max_memory_mib=512)

    assert "more than 512 MiB of memory would be needed; use fewer or narrower layers" in message
    assert not (work / "run").exists()


def request_for(job, **arguments):
    return Request(job=job, arguments=arguments, limits=Limits(), allow_plugins=False)


async def no_report(share, words):
    pass


@pytest.mark.anyio
async def test_a_worker_that_dies_is_said_to_have_died(monkeypatch, tmp_path):
    monkeypatch.setattr(launching, "WORKER", "plurigrid_ff.gf3")  # ends at once, and says nothing

    with pytest.raises(
        StoppedError, match=r"train: its process ended without an answer \(status 0"
    ):
        await run_in_worker(request_for("train"), tmp_path, no_report)


@pytest.mark.parametrize(
    ("error", "kind", "message"),
    [
        (FileNotFoundError(2, "No such file", "a.csv"), "OSError", "a.csv: No such file"),
        (MemoryError(), "LimitError", "more than 4096 MiB of memory would be needed"),
        (RuntimeError("can't allocate memory"), "LimitError", "more than 4096 MiB"),
        (ZeroDivisionError("secret"), "ZeroDivisionError", "failed with ZeroDivisionError; the"),
    ],
)
def test_whatever_a_job_raises_becomes_one_sentence(monkeypatch, error, kind, message):
    def job(arguments, desk):
        raise error

    monkeypatch.setitem(JOBS, "list_objectives", (JOBS["list_objectives"][0], job))

    failure = worker.outcome(request_for("list_objectives"), lambda share, words: None).failure

    assert failure.kind == kind
    assert message in failure.message
    assert "secret" not in failure.message


def test_cores_are_shared_among_the_calls_that_may_run(monkeypatch):
    monkeypatch.setattr(launching.os, "cpu_count", lambda: 8)

    assert [launching._threads(calls) for calls in (1, 3, 99)] == ["8", "2", "1"]


def test_a_worker_does_not_wait_for_the_protocols_libraries():
    modules = f"{launching.WORKER}, plurigrid_ff.mcp_server.jobs"
    program = f"import {modules}, sys; sys.exit('mcp' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program]).returncode == 0
