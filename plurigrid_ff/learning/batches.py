"""Which samples make up each batch, and in what order: a function of seed, role and epoch."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.learning.draws import draw_permutation


@dataclass(frozen=True, slots=True)
class Batch:
    """One batch, or the part of it that is learned from here.

    Attributes:
        number: Its place in the epoch, from 0.
        ids: Places of its samples in the training set, shape ``(batch,)``, int64.
        y: Their labels, shape ``(batch,)``, int64.
        share: Of the whole batch's samples.
    """

    number: int
    ids: Tensor
    y: Tensor
    share: float


class Batches:
    """The batches of every epoch. Whoever has the labels can tell them, without a sample.

    Args:
        y: Labels of all samples, shape ``(samples,)``, int64.
        size: Samples per batch; the last may be short.
        seed: The run's seed.
        role: Whose draws these are.
        part: Which part of each batch is meant, and of how many parts: those of replicas.
    """

    def __init__(
        self, y: Tensor, size: int, *, seed: int, role: str, part: tuple[int, int] = (0, 1)
    ) -> None:
        self.y = y
        self.size = size
        self.seed = seed
        self.role = role
        self.part = part
        self._ids = torch.arange(len(y), device=y.device)

    def __len__(self) -> int:
        """Count the batches of an epoch."""
        return -(-len(self.y) // self.size)

    def key(self, purpose: str, epoch: int) -> int:
        """Derive an epoch's key for one purpose."""
        return derive_key(self.seed, self.role, purpose, epoch)

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """Yield the batches of an epoch, counted from 0."""
        index, parts = self.part
        order = draw_permutation(self.key("order", epoch), self._ids)
        for number, whole in enumerate(torch.split(order, self.size)):
            ids = whole if parts == 1 else torch.tensor_split(whole, parts)[index]
            yield Batch(number, ids, self.y.index_select(0, ids), len(ids) / len(whole))

    def rows(self) -> Iterator[int]:
        """Yield the samples of each batch of an epoch."""
        index, parts = self.part
        for start in range(0, len(self.y), self.size):
            whole = min(self.size, len(self.y) - start)
            yield whole // parts + (index < whole % parts)
