"""Bounded channels between the threads of one process."""

from collections import deque
from collections.abc import Iterator, Sequence
from threading import Condition

from torch import Tensor

DEPTH = 2  # batches between two stages: one is read while the next is written


class BrokenChannelError(Exception):
    """The stage at the other end has failed; its own error says why."""


class Channel:
    """Hands activity from one thread to another, in order; holds ``DEPTH`` batches at most."""

    def __init__(self) -> None:
        self._held: deque[Sequence[Tensor]] = deque()
        self._changed = Condition()
        self._broken = False

    def open(self, samples: Iterator[int]) -> None:
        """Threads share memory, so nothing has to be prepared."""

    def send(self, passed_on: Sequence[Tensor]) -> None:
        """Hand over a batch; wait while too many have not been taken.

        Raises:
            BrokenChannelError: The receiver has failed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._broken or len(self._held) < DEPTH)
            if self._broken:
                raise BrokenChannelError
            self._held.append(passed_on)
            self._changed.notify_all()

    def receive(self) -> Sequence[Tensor]:
        """Wait for the next batch.

        Raises:
            BrokenChannelError: The sender has failed.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._broken or bool(self._held))
            if self._broken:
                raise BrokenChannelError
            taken = self._held.popleft()
            self._changed.notify_all()
            return taken

    def close(self) -> None:
        """A receiver that has not failed takes all there is; nobody has to wait for it."""

    def renew(self) -> None:
        """Begin anew, empty and whole; nobody may be using it."""
        self._held.clear()
        self._broken = False

    def break_off(self) -> None:
        """Let whoever waits, at either end, fail."""
        with self._changed:
            self._broken = True
            self._changed.notify_all()
