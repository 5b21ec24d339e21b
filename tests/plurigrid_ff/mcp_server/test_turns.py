"""Several calls at once, without the work: who waits, who is refused, what they are told."""

import anyio
import pytest

from plurigrid_ff.mcp_server.launching import StoppedError
from plurigrid_ff.mcp_server.server import reporting_to
from plurigrid_ff.results import RunReport

pytestmark = pytest.mark.anyio

REPORT = RunReport(
    triad=None,
    trit_sum=1,
    verdict=None,
    test_accuracy=0.5,
    layers=(),
    confusion=(),
    class_names=("a", "b"),
    rounds=1,
    parameters=1,
    data="digits",
    data_digest="",
    seed=0,
    device="cpu",
    versions={},
    seconds=1.0,
    log_head="",
)


@pytest.fixture
def workers(monkeypatch):
    """Workers that answer when they are told to."""

    class Workers:
        def __init__(self):
            self.started, self.may_end = [], anyio.Event()

        async def run(self, request, folder, report):
            self.started.append(request.arguments["out"])
            await self.may_end.wait()
            return REPORT.model_dump(mode="json")

    workers = Workers()
    monkeypatch.setattr("plurigrid_ff.mcp_server.door.run_in_worker", workers.run)
    return workers


async def test_a_second_training_waits_and_is_told_so(connect, serve, workers, small, until):
    server, heard = serve(), []

    async def hear(share, total, words):
        heard.append((share, words))

    async with connect(server) as one, connect(server) as two, anyio.create_task_group() as group:
        group.start_soon(one.call_tool, "train", {"out": "a", **small})
        await until(lambda: workers.started)
        second = {"out": "b", **small}
        group.start_soon(lambda: two.call_tool("train", second, progress_callback=hear))
        await until(lambda: heard)
        state = (await one.call_tool("show_limits", {})).structured_content
        assert state["training"] == {"running": 1, "waiting": 1}
        assert workers.started == ["a"]
        workers.may_end.set()

    assert workers.started == ["a", "b"]
    assert heard == [(0.0, "waiting: 1 call first")]


async def test_without_a_queue_a_second_training_is_refused(connect, serve, workers, small, until):
    server = serve(queue=0)

    async with connect(server) as one, connect(server) as two, anyio.create_task_group() as group:
        group.start_soon(one.call_tool, "train", {"out": "a", **small})
        await until(lambda: workers.started)
        refused = await two.call_tool("train", {"out": "b", **small})
        workers.may_end.set()

    assert refused.is_error
    assert refused.content[0].text == (
        "training: 1 running and 0 waiting, as many as this server takes; call again when one is "
        "done"
    )


async def test_two_trainings_never_write_the_same_folder(connect, serve, workers, small, until):
    server = serve(concurrency=2)

    async with connect(server) as one, connect(server) as two, anyio.create_task_group() as group:
        group.start_soon(one.call_tool, "train", {"out": "a", **small})
        await until(lambda: workers.started)
        refused = await two.call_tool("train", {"out": "x/../a", **small})
        workers.may_end.set()

    assert refused.content[0].text == (
        "out: 'a' is being written by another call; wait for that, or choose another out"
    )


async def test_no_share_is_reported_twice_and_none_goes_back():
    heard = []

    class Context:
        async def report_progress(self, share, total, words):
            heard.append(share)

    report = reporting_to(Context())
    for share in (0.0, 0.5, 0.5, 0.25, 1.0, 1.0):
        await report(share, "")

    assert heard == [0.0, 0.5, 1.0]


async def test_a_fault_of_ours_is_told_apart_and_its_text_stays_in_the_log(
    connect, monkeypatch, caplog
):
    def fail(**arguments):
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("plurigrid_ff.mcp_server.listing.shipped_recipes", fail)
    async with connect() as client:
        answer = await client.call_tool("list_recipes", {})

    assert answer.content[0].text == "failed with ZeroDivisionError; the server's log says where"
    assert "secret" in caplog.text


async def test_a_reproduction_that_is_stopped_says_what_is_kept(connect, monkeypatch, small):
    async def stop(request, folder, report):
        raise StoppedError("reproduce: stopped after 1 s")

    monkeypatch.setattr("plurigrid_ff.mcp_server.door.run_in_worker", stop)
    async with connect() as client:
        arguments = {"recipe": "digits-symba", "out": "a", **small}
        answer = await client.call_tool("reproduce", arguments)

    assert answer.content[0].text.endswith(
        "after 1 s; finished seeds are kept: the same call trains what is missing"
    )
