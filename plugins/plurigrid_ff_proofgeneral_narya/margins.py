"""Margins of many samples at once: the bounds that :mod:`.checker` recomputes one by one."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from plurigrid_ff_proofgeneral_narya.certificate import CertifiedLayer

Exact = NDArray[Any]
"""Integers: int64 where nothing can overflow, Python's own otherwise."""

INT64_SAFE = 1 << 62


@dataclass(frozen=True, slots=True)
class Margins:
    """How far each sample's class is ahead on its box, shape ``(samples,)``, exact integers.

    Attributes:
        shared: Where true and wrong class read the same point of the box.
        separate: Where they read two points of it.
    """

    shared: Exact
    separate: Exact


class LayerBounds:
    """A layer as arrays.

    Args:
        layer: The layer.
    """

    def __init__(self, layer: "CertifiedLayer") -> None:
        self.power = layer.power
        self.weights = np.array([unit.weights for unit in layer.units], dtype=np.int64)
        self.bias = np.array([unit.bias for unit in layer.units], dtype=np.int64)
        self.offsets = np.array([unit.offsets for unit in layer.units], dtype=np.int64).T
        self.factors = np.array([unit.factors for unit in layer.units], dtype=np.int64).T
        self.reach = np.abs(self.weights).sum(axis=1)

    def margins(self, samples: NDArray[np.int64], labels: NDArray[np.int64], steps: int) -> Margins:
        """Bound the margins on boxes round samples.

        Args:
            samples: Shape ``(samples, inputs)``.
            labels: True classes, shape ``(samples,)``.
            steps: Radius, in the samples' steps.
        """
        s = samples @ self.weights.T + self.bias  # (samples, units)
        low, high = s - steps * self.reach, s + steps * self.reach
        if self._largest(low, high) >= INT64_SAFE:
            low, high = low.astype(object), high.astype(object)
        shared, separate = [], []
        for k in range(len(self.offsets)):
            gap, apart = self._against(labels, k, low, high)
            shared.append(gap)
            separate.append(apart)
        return Margins(_over_wrong(shared, labels), _over_wrong(separate, labels))

    def _largest(self, low: NDArray[np.int64], high: NDArray[np.int64]) -> int:
        """Bound every number of a margin from above."""
        furthest = max(int(np.abs(low).max(initial=0)), int(np.abs(high).max(initial=0)))
        furthest += int(np.abs(self.offsets).max())
        largest: int = 4 * int(np.abs(self.factors).max()) * furthest**self.power * len(self.bias)
        return largest

    def _against(
        self, labels: NDArray[np.int64], k: int, low: Exact, high: Exact
    ) -> tuple[Exact, Exact]:
        """Bound goodness of the label minus that of class ``k``, per sample."""
        o, f = self.offsets[labels], self.factors[labels]  # (samples, units)
        other_o, other_f = self.offsets[k], self.factors[k]
        rises = np.where(o == other_o, f >= other_f, f * (o - other_o) >= 0)
        end = np.where(rises, low, high)
        gap = self._value(o, f, end) - self._value(other_o, other_f, end)
        apart = self._value(o, f, np.where(f >= 0, low, high)) - self._value(
            other_o, other_f, np.where(other_f >= 0, high, low)
        )
        monotone = (o == other_o) | (f == other_f)
        return np.where(monotone, gap, apart).sum(axis=1), apart.sum(axis=1)

    def _value(self, offset: Exact, factor: Exact, s: Exact) -> Exact:
        """Return what a unit adds to a class's goodness."""
        values: Exact = factor * np.maximum(s + offset, 0) ** self.power
        return values


def _over_wrong(bounds: list[Exact], labels: NDArray[np.int64]) -> Exact:
    """Return the lowest bound over the wrong classes."""
    table = np.stack(bounds)  # (classes, samples)
    wrong = np.arange(len(table))[:, None] != labels
    highest = table.max(initial=0) if table.size else 0
    lowest: Exact = np.where(wrong, table, highest).min(axis=0)
    return lowest
