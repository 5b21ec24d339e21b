"""Which probes are looked at, and whether there are enough of them to say anything."""

from typing import TYPE_CHECKING

import numpy as np

from plurigrid_ff.derivation import draw_array

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_BLOCKS = 10
FEWEST_BLOCKS = 5
ENOUGH_PER_CLASS = 5
FEWEST_PER_CLASS = 2
"""Probes per class and block. Below, nearly every merge must cross classes, before and
after training alike: the ratio goes to 1 whatever was learnt. (A layer trained on digits,
144 probes: ratio .72 in blocks of 28, .84 of 18, .93 of 12, .98 of 9.)"""


def choose_probes(labels: "NDArray[np.int64]", *, count: int, key: int) -> "NDArray[np.intp]":
    """Choose at most ``count`` probes, as evenly over the classes as they allow.

    Returns:
        Ascending indices.
    """
    if len(labels) <= count:
        return np.arange(len(labels))
    order = np.argsort(draw_array(key, np.arange(len(labels))), kind="stable")
    rank = np.empty(len(labels), dtype=np.intp)  # of each probe within its class
    for label in np.unique(labels):
        members = order[labels[order] == label]
        rank[members] = np.arange(len(members))
    by_rank = order[np.argsort(rank[order], kind="stable")]
    return np.sort(by_rank[:count])


def count_blocks(labels: "NDArray[np.int64]") -> int:
    """Return into how many blocks to deal: as many as keep each block's classes filled."""
    classes = len(np.unique(labels))
    return min(MOST_BLOCKS, max(FEWEST_BLOCKS, len(labels) // (ENOUGH_PER_CLASS * classes)))


def too_few(labels: "NDArray[np.int64]", *, least: int) -> str | None:
    """Return why these probes cannot decide anything, or None where they can."""
    classes = len(np.unique(labels))
    if classes < 2:
        return f"The probes hold {classes} class(es); mixing takes at least 2"
    needed = max(least, FEWEST_BLOCKS * FEWEST_PER_CLASS * classes)
    if len(labels) < needed:
        return f"{len(labels)} probes of {classes} classes; a verdict takes at least {needed}"
    return None
