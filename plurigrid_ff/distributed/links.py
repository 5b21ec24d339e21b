"""Activities on their way from one process to the next, a few batches ahead of the work.

They travel as they lie in memory. How images lie there, a library chooses batch by batch, and the
bits of what is computed from them depend on it: each batch of them says it first.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from math import prod

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
        dtype: What its numbers are; both ends must agree.
    """

    def __init__(
        self,
        fleet: Fleet,
        rank: int,
        shapes: Sequence[tuple[int, ...]],
        rails: int,
        device: torch.device,
        dtype: torch.dtype,
    ) -> None:
        self._fleet = fleet
        self._rank = rank
        self._shapes = shapes
        self._rails = rails
        self._device = device
        self._dtype = dtype
        self._samples: Iterator[int] = iter(())
        self._posted: deque[list[tuple[dist.Work, Tensor]]] = deque()

    def open(self, samples: Iterator[int]) -> None:
        """Expect batches of so many samples, one after the other."""
        self._samples = samples
        for _ in range(DEPTH):
            self._post()

    def receive(self) -> Sequence[Tensor]:
        """Return the next batch, and post buffers for one that comes later."""
        with self._fleet.talking(self._fleet.name(self._rank)):
            arrived = self._posted.popleft()
            for work, _ in arrived:
                work.wait()
        self._post()
        buffers = [buffer for _, buffer in arrived]
        layouts = buffers.pop(0).tolist() if _laid_out(self._shapes) else [0] * len(buffers)
        return [
            _from_wire(flat, shape, layout)
            for flat, shape, layout in zip(buffers, self._shapes, layouts, strict=True)
        ]

    def _post(self) -> None:
        """Ask for one batch more, if there is one."""
        count = next(self._samples, None)
        if count is None:
            return
        sizes = [count * self._rails * prod(shape) for shape in self._shapes]
        buffers = [torch.empty(size, dtype=self._dtype, device=self._device) for size in sizes]
        if _laid_out(self._shapes):
            buffers.insert(0, torch.empty(len(sizes), dtype=torch.int64, device=self._device))
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
        held = [_on_wire(h) for h in passed_on]
        if _laid_out([tuple(h.shape[1:]) for h in passed_on]):
            layouts = [int(_channels_last(h)) for h in passed_on]
            held.insert(0, torch.tensor(layouts, device=held[0].device))
        with self._fleet.talking(self._fleet.name(self._rank)):
            while len(self._sent) >= DEPTH:
                self._wait()
            self._sent.append([(_begun(dist.isend(one, self._rank)), one) for one in held])

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


def _laid_out(shapes: Sequence[tuple[int, ...]]) -> bool:
    """Whether any row is an image, which may lie in memory in two ways."""
    return any(len(shape) == 3 for shape in shapes)


def _channels_last(h: Tensor) -> bool:
    """Whether an activity lies in memory with its channels innermost."""
    if h.ndim != 4 or h.is_contiguous():
        return False
    return h.is_contiguous(memory_format=torch.channels_last)


def _on_wire(h: Tensor) -> Tensor:
    """Return an activity's numbers in the order in which they lie in memory, ``(numbers,)``."""
    return (h.movedim(1, -1) if _channels_last(h) else h).reshape(-1)


def _from_wire(flat: Tensor, shape: tuple[int, ...], layout: int) -> Tensor:
    """Undo :func:`_on_wire`: ``(rows, *shape)``, laid out as it was."""
    if layout:
        return flat.view(-1, *shape[1:], shape[0]).movedim(-1, 1)
    return flat.view(-1, *shape)
