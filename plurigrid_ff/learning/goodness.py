"""Goodness functions: how well a layer's activity speaks for a sample.

Those that an objective may choose between are instances of :class:`Goodness`: a score and
its derivative, so that any of them works with any loss over goodness.
"""

import math
from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from plurigrid_ff.errors import unknown_name
from plurigrid_ff.learning.entmax import entmax, entmax_slope


def sum_of_squares(h: Tensor) -> Tensor:
    """Score each sample by its squared activity, ``(batch, features) -> (batch,)``.

    Reference:
        Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345, eq. 1.
    """
    return h.square().sum(dim=-1)


def mean_of_squares(h: Tensor) -> Tensor:
    """Score each sample by its mean squared activity, ``(batch, features) -> (batch,)``.

    The same order as :func:`sum_of_squares`, on a scale that does not grow with width.
    """
    # A length is found without writing the squares out.
    length: Tensor = torch.linalg.vector_norm(h, dim=-1)
    return length.square() / h.shape[-1]


def projected(h: Tensor, directions: Tensor) -> Tensor:
    """Score each class by projection, ``(batch, features) -> (batch, classes)``.

    Laid out class by class, but on a GPU: a CPU is slower at few columns than at few rows.

    Args:
        h: Activities, shape ``(batch, features)``.
        directions: One direction per class, shape ``(classes, features)``.

    Reference:
        Gong, Li & Abdulla (2025), "Mono-Forward", arXiv:2501.09238.
    """
    return h @ directions.T if h.is_cuda else (directions @ h.T).T


class Goodness(ABC):
    """A score of each row of activities, and its derivative.

    Attributes:
        name: What ``network.options.goodness`` calls it.
        vanishes: Its derivative by a unit's activity is 0 where that is.
    """

    name: ClassVar[str]
    vanishes: ClassVar[bool] = True

    @abstractmethod
    def score(self, h: Tensor) -> Tensor:
        """Score every row, ``(rows, features) -> (rows,)``; differentiable."""

    @abstractmethod
    def pull(self, dg: Tensor, h: Tensor) -> Tensor:
        """Carry a gradient at the scores, ``(rows,)``, back to ``h``, ``(rows, features)``."""


class Squares(Goodness):
    """Mean squared activity, ``g = mean h^2``. Hinton (2022), arXiv:2212.13345."""

    name = "squares"

    def score(self, h: Tensor) -> Tensor:
        """Average the squares."""
        return mean_of_squares(h)

    def pull(self, dg: Tensor, h: Tensor) -> Tensor:
        """Return ``dg 2 h / features``."""
        return h * (dg * (2 / h.shape[1])).unsqueeze(1)


class Plain(Goodness):
    """Mean activity, ``g = mean h``, as in Sun et al. (2025), "DeeperForward", ICLR."""

    name = "plain"
    vanishes = False

    def score(self, h: Tensor) -> Tensor:
        """Average the activity."""
        return h.mean(dim=1)

    def pull(self, dg: Tensor, h: Tensor) -> Tensor:
        """Return ``dg / features``."""
        return torch.empty_like(h).copy_((dg / h.shape[1]).unsqueeze(1))


class TopK(Goodness):
    """Mean of the k largest squares; the others are free to do as they please.

    Args:
        share: k as a share of the features, at least one unit.

    Reference:
        Yuksel & Sawaf (2026), "Sparse Goodness", arXiv:2604.13081.
    """

    name = "top-k"

    def __init__(self, share: float) -> None:
        self.share = share

    def _count(self, h: Tensor) -> int:
        """Return k."""
        return max(1, math.ceil(self.share * h.shape[1]))

    def score(self, h: Tensor) -> Tensor:
        """Average the k largest squares."""
        return h.square().topk(self._count(h), dim=1).values.mean(dim=1)

    def pull(self, dg: Tensor, h: Tensor) -> Tensor:
        """Return ``dg 2 h / k`` at the k units that count, 0 elsewhere."""
        count = self._count(h)
        place = h.square().topk(count, dim=1).indices
        pulled = h.gather(1, place) * (dg * (2 / count)).unsqueeze(1)
        return torch.zeros_like(h).scatter_(1, place, pulled)


class Entmax(Goodness):
    """Squares weighted by their own entmax, ``g = sum p_u h_u^2``, ``p = entmax(h^2)``.

    Like top-k, but how many units count follows from how they differ.

    Reference:
        Yuksel & Sawaf (2026), "Sparse Goodness", arXiv:2604.13081; Peters,
        Niculae & Martins (2019), "Sparse Sequence-to-Sequence Models", arXiv:1905.05702.
    """

    name = "entmax"

    def score(self, h: Tensor) -> Tensor:
        """Weigh the squares; derivatives reach the weights too."""
        energy = h.square()
        return (entmax(energy) * energy).sum(dim=1)

    def pull(self, dg: Tensor, h: Tensor) -> Tensor:
        """Return ``dg (p + J^T h^2) 2 h``, J the derivative of the weights."""
        energy = h.square()
        p = entmax(energy)
        return (p + entmax_slope(p, energy)) * h * (2 * dg).unsqueeze(1)


GOODNESS: dict[str, type[Goodness]] = {kind.name: kind for kind in (Squares, Plain, TopK, Entmax)}


def find_goodness(name: str, *, share: float) -> Goodness:
    """Build the goodness of that name.

    Args:
        name: One of :data:`GOODNESS`.
        share: Share of the units that ``top-k`` counts.

    Raises:
        UnknownNameError: There is none; the nearest name is suggested.
    """
    if name not in GOODNESS:
        raise unknown_name("goodness", name, GOODNESS, where="network.options.goodness: ")
    kind = GOODNESS[name]
    return TopK(share) if kind is TopK else kind()
