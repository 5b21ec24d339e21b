from pathlib import Path

import anyio
import pytest

from plurigrid_ff.errors import LimitError
from plurigrid_ff.mcp_server.gate import Claims, Gate

pytestmark = pytest.mark.anyio


class Visitors:
    """Calls that stay inside a gate until told to leave."""

    def __init__(self, gate):
        self.gate = gate
        self.entered = []
        self.told = {}
        self.leave = {}

    async def visit(self, name):
        self.leave[name] = anyio.Event()

        async def wait(ahead):
            self.told[name] = ahead

        async with self.gate.turn(wait):
            self.entered.append(name)
            await self.leave[name].wait()


async def test_calls_enter_in_the_order_they_came_and_are_told_of_their_wait():
    visitors = Visitors(Gate("training", places=2, queue=9))

    async with anyio.create_task_group() as group:
        for name in "abcd":
            group.start_soon(visitors.visit, name)
            await anyio.wait_all_tasks_blocked()
        assert visitors.entered == ["a", "b"]
        assert visitors.told == {"c": 1, "d": 2}
        for name in "badc":
            visitors.leave[name].set()
            await anyio.wait_all_tasks_blocked()

    assert visitors.entered == ["a", "b", "c", "d"]
    assert (visitors.gate.inside, visitors.gate.waiting) == (0, 0)


async def test_beyond_the_queue_calls_are_refused_and_told_why():
    visitors = Visitors(Gate("training", places=1, queue=1))

    async with anyio.create_task_group() as group:
        for name in "ab":
            group.start_soon(visitors.visit, name)
            await anyio.wait_all_tasks_blocked()
        with pytest.raises(LimitError, match="training: 1 running and 1 waiting, as many as"):
            await visitors.visit("c")
        group.cancel_scope.cancel()


async def test_a_call_that_gives_up_leaves_the_queue():
    visitors = Visitors(Gate("training", places=1, queue=1))

    async with anyio.create_task_group() as group:
        group.start_soon(visitors.visit, "a")
        await anyio.wait_all_tasks_blocked()
        with anyio.move_on_after(0):
            await visitors.visit("b")
        assert visitors.gate.waiting == 0
        group.start_soon(visitors.visit, "c")
        await anyio.wait_all_tasks_blocked()
        visitors.leave["a"].set()
        await anyio.wait_all_tasks_blocked()
        assert visitors.entered == ["a", "c"]
        visitors.leave["c"].set()


@pytest.mark.parametrize("other", ["runs/a", "runs/a/seed-0", "runs"])
async def test_two_calls_never_write_the_same_place(other):
    claims = Claims()

    with claims.hold(Path("runs/a")):
        with claims.hold(Path("runs/b")):
            pass
        with (
            pytest.raises(LimitError, match="is being written by another call; wait"),
            claims.hold(Path(other)),
        ):
            pass
    with claims.hold(Path(other)):
        pass
