"""Batches on a GPU: what it was told to do for one is recorded, and replayed for the next.

A GPU is through with a small layer before the host has told it of the next one. A CUDA graph
tells it of a whole batch at once.

Reference:
    CUDA C++ Programming Guide, "CUDA Graphs"; ``torch.cuda.graph``.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from plurigrid_ff.learning.beside import Beside
from plurigrid_ff.learning.labelled import LabelledRails, Reading
from plurigrid_ff.learning.learners import Learner

WARM = 2  # batches before one is recorded: optimizers make their state, libraries choose kernels


class Carry(Protocol):
    """Lets all layers learn from a batch."""

    def __call__(
        self,
        x: Reading,
        y: Tensor,
        losses: Tensor,
        alive: Tensor,
        /,
        *,
        beside: Beside | None = None,
    ) -> None:
        """Let them learn.

        Args:
            x: What the first layer reads.
            y: Labels, shape ``(batch,)``.
            losses: Each layer's loss is added to it, shape ``(layers,)``.
            alive: Set where any unit of a layer is active, shape ``(layers,)``.
            beside: Where layers step; None: each before the next learns.
        """


class Recorder:
    """Lets layers learn from batches, by a graph once two batches of a kind have gone by.

    What is learned is the same. One graph is held, of the last kind that was recorded; its
    memory is as large as what a batch takes without it.

    Args:
        learners: What learns; a graph is of their tensors, wherever they lie in memory.
    """

    def __init__(self, learners: Iterable[Learner]) -> None:
        self._learners = list(learners)
        self._seen: dict[Hashable, int] = {}
        self._graph: _Graph | None = None
        self._refused = False

    def refresh(self) -> None:
        """Drop the graph if a tensor that it is of has been replaced."""
        if self._graph is not None and self._graph.addresses != self._addresses():
            self._graph = None
            self._seen.clear()

    def __call__(
        self, kind: Hashable, carry: Carry, x: Reading, y: Tensor, losses: Tensor, alive: Tensor
    ) -> None:
        """Let the layers learn from a batch.

        Args:
            kind: What else decides what ``carry`` does.
            carry: Lets them learn. It never waits for the GPU, and draws nothing.
            x: What the first layer reads.
            y: Labels, shape ``(batch,)``.
            losses: Each layer's loss is added to it, shape ``(layers,)``.
            alive: Set where any unit of a layer is active, shape ``(layers,)``.
        """
        kind = kind, *((tensor.shape, tensor.dtype) for tensor in (*_tensors(x), y))
        if self._graph is None or self._graph.kind != kind:
            seen = self._seen[kind] = self._seen.get(kind, 0) + 1
            self._graph = None  # its memory first
            if seen > WARM and not self._refused:
                self._graph = self._recorded(kind, carry, x, y, losses, alive)
        if self._graph is None:
            carry(x, y, losses, alive)
        else:
            self._graph.replay(x, y, losses, alive)

    def _recorded(
        self, kind: Hashable, carry: Carry, x: Reading, y: Tensor, losses: Tensor, alive: Tensor
    ) -> "_Graph | None":
        """Record a batch without learning from it; return None where that cannot be done."""
        held, labels = _copied(x), y.clone()
        found = torch.zeros_like(losses), torch.zeros_like(alive)
        graph = torch.cuda.CUDAGraph()
        try:
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                for one in found:
                    one.zero_()
                carry(held, labels, *found, beside=Beside())
        except RuntimeError:  # an objective of a plugin waits for the GPU, say
            self._refused = True
            return None
        return _Graph(kind, self._addresses(), graph, held, labels, *found)

    def _addresses(self) -> tuple[int, ...]:
        """Return where everything lies that an earlier batch has left."""
        return tuple(
            tensor.data_ptr()
            for learner in self._learners
            for tensor in (
                *learner.module.parameters(),
                *learner.module.buffers(),
                *(value for state in learner.optimizer.state.values() for value in state.values()),
            )
        )


@dataclass(frozen=True, slots=True)
class _Graph:
    """A recorded batch.

    Attributes:
        kind: What it is of.
        addresses: Where the tensors lie that it reads and writes.
        graph: What is replayed.
        x: Where what the first layer reads is put.
        y: Where the labels are put.
        losses: Where it leaves the losses.
        alive: Where it leaves which layers are alive.
    """

    kind: Hashable
    addresses: tuple[int, ...]
    graph: torch.cuda.CUDAGraph
    x: Reading
    y: Tensor
    losses: Tensor
    alive: Tensor

    def replay(self, x: Reading, y: Tensor, losses: Tensor, alive: Tensor) -> None:
        """Learn from another batch."""
        for held, given in zip((*_tensors(self.x), self.y), (*_tensors(x), y), strict=True):
            held.copy_(given)
        self.graph.replay()
        losses += self.losses
        alive |= self.alive


def _tensors(x: Reading) -> tuple[Tensor, ...]:
    """Return what a reading is made of."""
    return (x.samples, x.labels) if isinstance(x, LabelledRails) else (x,)


def _copied(x: Reading) -> Reading:
    """Return a reading in memory of its own."""
    if isinstance(x, LabelledRails):
        return LabelledRails(x.samples.clone(), x.labels.clone(), x.num_classes)
    return x.clone()
