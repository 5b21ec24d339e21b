"""Is a layer's cross-class share smaller than it was before training? A paired comparison.

One spanning tree of all probes gives one number per layer, without an error, and only
some dozens of its merges cross classes. Instead the probes are dealt into disjoint,
class-balanced blocks. Both networks see the same blocks; the blocks share no probe, so
the paired differences are independent and a t interval holds for their mean. The deal is
repeated, and shares and variances are averaged over the deals: that steadies the
estimate, and the interval, still as wide as for a single deal, errs on the safe side.

What is compared is the *avoidable* share. A tree that spans k classes crosses between them
at least k - 1 times, so that classes perfectly apart would otherwise still seem to mix,
and training could never improve on them.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from plurigrid_ff.derivation import derive_key, draw_array
from plurigrid_ff_persistent_homology.connected import cross_class_shares

if TYPE_CHECKING:
    from numpy.typing import NDArray

Answer = Literal["yes", "no", "unclear"]

FEWEST_MERGES = 5
"""Fewer avoidable merges than this in a whole deal are too few for a t interval."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Avoidable cross-class shares of one cloud, block by block.

    Attributes:
        values: Shape ``(deals, blocks)``, in [0, 1].
        merges: All merges in the blocks of one deal.
    """

    values: "NDArray[np.float64]"
    merges: int

    @property
    def mean(self) -> float:
        """Mean over blocks and deals."""
        return float(self.values.mean())

    @property
    def are_few(self) -> bool:
        """Whether there are too few avoidable merges to compare with."""
        return self.mean * self.merges < FEWEST_MERGES


def deal_blocks(
    labels: "NDArray[np.int64]", *, blocks: int, deals: int, key: int
) -> "NDArray[np.intp]":
    """Deal probes into disjoint class-balanced blocks, several times over.

    Args:
        labels: Shape ``(probes,)``, at least ``2 * blocks`` of them.
        blocks: Blocks per deal.
        deals: Independent deals.
        key: The deals are a function of this key.

    Returns:
        Probe indices, shape ``(deals, blocks, probes // blocks)``; each deal leaves out
        the ``probes % blocks`` probes of the largest draws.
    """
    size = len(labels) // blocks
    dealt = []
    for deal in range(deals):
        bits = draw_array(derive_key(key, "deal", deal), np.arange(len(labels)))
        kept = np.argsort(bits, kind="stable")[: size * blocks]
        by_class = kept[np.argsort(labels[kept], kind="stable")]
        dealt.append(by_class.reshape(size, blocks).T)
    return np.stack(dealt)


def block_shares(
    distances: "NDArray[np.float64]", labels: "NDArray[np.int64]", dealt: "NDArray[np.intp]"
) -> Shares:
    """Measure the avoidable cross-class share of every block of every deal.

    Args:
        distances: Shape ``(probes, probes)``.
        labels: Shape ``(probes,)``.
        dealt: From :func:`deal_blocks`.
    """
    deals, blocks, size = dealt.shape
    flat = dealt.reshape(deals * blocks, size)
    inside = distances[flat[:, :, None], flat[:, None, :]]  # (deals * blocks, size, size)
    classes = np.array([len(np.unique(labels[block])) for block in flat])
    # max: a share that is exactly the unavoidable one may come out as -1e-17.
    avoidable = np.maximum(
        cross_class_shares(inside, labels[flat]) - (classes - 1) / (size - 1), 0.0
    )
    return Shares(avoidable.reshape(deals, blocks), merges=blocks * (size - 1))


@dataclass(frozen=True, slots=True)
class Comparison:
    """The same layer's shares before and after training."""

    trained: Shares
    untrained: Shares

    @property
    def ratio(self) -> float | None:
        """Trained over untrained share; None where the untrained share is 0."""
        return self.trained.mean / self.untrained.mean if self.untrained.mean else None

    def at_most(self, limit: float, *, alpha: float) -> Answer:
        """Answer whether the trained share is at most ``limit`` times the untrained one.

        Tests the differences ``trained - limit * untrained`` rather than the ratio, which
        has no variance worth the name where the untrained share is small.

        Args:
            limit: Ratio to be told from.
            alpha: Largest chance of a wrong "yes", and of a wrong "no".
        """
        if self.trained.are_few and self.untrained.are_few:
            return "unclear"
        differences = self.trained.values - limit * self.untrained.values
        width = margin_of_error(differences, alpha=alpha)
        mean = float(differences.mean())
        if mean - width > 0:
            return "no"
        return "yes" if mean + width <= 0 and not self.untrained.are_few else "unclear"


def margin_of_error(differences: "NDArray[np.float64]", *, alpha: float) -> float:
    """Return the one-sided t margin of a mean over disjoint blocks.

    Args:
        differences: Shape ``(deals, blocks)``; blocks of a deal are independent.
        alpha: Chance that the mean lies further out on one side.
    """
    from scipy.special import stdtrit

    blocks = differences.shape[1]
    variance = differences.var(axis=1, ddof=1).mean() / blocks
    return float(stdtrit(blocks - 1, 1 - alpha) * np.sqrt(variance))
