"""Activities on their way from one process to the next, a few batches ahead of the work."""

from collections import deque
from collections.abc import Iterator, Sequence

import torch
import torch.distributed as dist
from torch import Tensor

from plurigrid_ff.distributed.fleet import Fleet
from plurigrid_ff.learning.channels import DEPTH


class ProcessInlet:
    """Receives while the stage computes: buffers for the next ``DEPTH`` batches are posted.

    Args:
        fleet: The processes.
        rank: Which of them sends.
        shapes: Of one row of what the layers below pass on, the nearest last.
        rails: Rows per sample.
        device: Where the activity will lie.
    """

    def __init__(
        self,
        fleet: Fleet,
        rank: int,
        shapes: Sequence[tuple[int, ...]],
        rails: int,
        device: torch.device,
    ) -> None:
        self._fleet = fleet
        self._rank = rank
        self._shapes = shapes
        self._rails = rails
        self._device = device
        self._samples: Iterator[int] = iter(())
        self._posted: deque[list[tuple[dist.Work, Tensor]]] = deque()

    def open(self, samples: Iterator[int]) -> None:
        """Expect batches of so many samples, one after the other."""
        self._samples = samples
        for _ in range(DEPTH):
            self._post()

    def receive(self) -> Sequence[Tensor]:
        """Return the next batch, and post a buffer for one that comes later."""
        with self._fleet.talking(self._fleet.name(self._rank)):
            arrived = self._posted.popleft()
            for work, _ in arrived:
                work.wait()
        self._post()
        return [_from_wire(buffer) for _, buffer in arrived]

    def _post(self) -> None:
        """Ask for one batch more, if there is one."""
        count = next(self._samples, None)
        if count is None:
            return
        rows = count * self._rails
        buffers = [
            torch.empty(rows, *_wire_shape(shape), device=self._device) for shape in self._shapes
        ]
        with self._fleet.talking(self._fleet.name(self._rank)):
            self._posted.append([(_begun(dist.irecv(one, self._rank)), one) for one in buffers])


class ProcessOutlet:
    """Sends while the stage computes; waits while ``DEPTH`` batches are on their way.

    Args:
        fleet: The processes.
        rank: Which of them receives.
    """

    def __init__(self, fleet: Fleet, rank: int) -> None:
        self._fleet = fleet
        self._rank = rank
        # The tensors are held, too: they may be freed once they are sent.
        self._sent: deque[list[tuple[dist.Work, Tensor]]] = deque()

    def send(self, passed_on: Sequence[Tensor]) -> None:
        """Hand over a batch; wait while too many have not been taken."""
        with self._fleet.talking(self._fleet.name(self._rank)):
            while len(self._sent) >= DEPTH:
                self._wait()
            held = [_on_wire(h) for h in passed_on]
            self._sent.append([(_begun(dist.isend(h, self._rank)), h) for h in held])

    def close(self) -> None:
        """Wait until all batches have been taken."""
        with self._fleet.talking(self._fleet.name(self._rank)):
            while self._sent:
                self._wait()

    def _wait(self) -> None:
        """Wait for the batch that was sent first."""
        for work, _ in self._sent.popleft():
            work.wait()


def _begun(work: dist.Work | None) -> dist.Work:
    """Return what torch gives to every rank of the group."""
    assert work is not None  # noqa: S101 - both ends are in the group
    return work


def _on_wire(h: Tensor) -> Tensor:
    """Lay an activity out as it travels: images with their channels innermost, as they are."""
    return (h.movedim(1, -1) if h.ndim == 4 else h).contiguous()


def _wire_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape of one row of :func:`_on_wire`."""
    return (*shape[1:], shape[0]) if len(shape) == 3 else shape


def _from_wire(h: Tensor) -> Tensor:
    """Undo :func:`_on_wire`; the layout in memory stays, and so do the bits of what follows."""
    return h.movedim(-1, 1) if h.ndim == 4 else h
