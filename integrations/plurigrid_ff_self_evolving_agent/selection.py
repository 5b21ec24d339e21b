"""Who becomes a parent."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from math import exp

from plurigrid_ff.derivation import draw

STEEPNESS, MIDPOINT = 10.0, 0.5


def parent_weight(score: float, children: int) -> float:
    """Return how readily an individual becomes a parent.

    Args:
        score: In [0, 1]; half of the largest preference is reached at 0.5.
        children: How many it has; novelty counts as well as performance.

    Reference:
        Zhang, Hu, Lu, Lange & Clune (2025), "Darwin Gödel Machine", arXiv:2505.22954.
    """
    return 1 / (1 + exp(-STEEPNESS * (score - MIDPOINT))) / (1 + children)


def choose(weights: Sequence[float], key: int, index: int = 0) -> int:
    """Draw a place with probability proportional to its weight.

    Args:
        weights: Positive.
        key: Of the draw.
        index: Which draw under the key.
    """
    sums = list(accumulate(weights))
    share = (draw(key, index) >> 11) / (1 << 53)  # in [0, 1)
    return min(bisect_right(sums, share * sums[-1]), len(sums) - 1)
