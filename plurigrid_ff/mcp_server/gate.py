"""Turns: so many calls at once, the next in the order they came."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import anyio

from plurigrid_ff.errors import LimitError


class Gate:
    """Lets ``places`` calls in at once; ``queue`` more may wait, first come, first served.

    Args:
        kind: What the calls do, for messages.
        places: How many may be in.
        queue: How many may wait; 0 refuses whoever cannot enter at once.
    """

    def __init__(self, kind: str, *, places: int, queue: int) -> None:
        self.kind = kind
        self.inside = 0
        self.waiting = 0
        self._places = places
        self._queue = queue
        self._turns = anyio.Semaphore(places)

    @asynccontextmanager
    async def turn(self, on_wait: Callable[[int], Awaitable[None]]) -> AsyncIterator[None]:
        """Wait for a place and hold it.

        Args:
            on_wait: Told how many calls come first, where there is a wait.

        Raises:
            LimitError: The queue is full.
        """
        ahead = self.inside + self.waiting - self._places + 1
        if ahead > self._queue:
            raise LimitError(
                f"{self.kind}: {self.inside} running and {self.waiting} waiting, as many as this "
                "server takes; call again when one is done"
            )
        self.waiting += 1
        try:
            if ahead > 0:
                await on_wait(ahead)
            await self._turns.acquire()
        finally:
            self.waiting -= 1
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
            self._turns.release()


class Claims:
    """Which places are being written, so that no two calls write the same one."""

    def __init__(self) -> None:
        self._held: list[Path] = []

    @contextmanager
    def hold(self, path: Path) -> Iterator[None]:
        """Claim a path and all below it.

        Raises:
            LimitError: Another call holds it, or something above or below it.
        """
        for held in self._held:
            if path.is_relative_to(held) or held.is_relative_to(path):
                raise LimitError(
                    f"out: {str(path)!r} is being written by another call; wait for that, or "
                    "choose another out"
                )
        self._held.append(path)
        try:
            yield
        finally:
            self._held.remove(path)
