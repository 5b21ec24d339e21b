"""A paired test: is the child right where its rival is wrong more often than the reverse?"""

from math import comb

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.config import Settings


class PairedTest(Settings):
    """What a child gained and lost against its rival on the same samples.

    Attributes:
        gains: Samples that the child alone gets right.
        losses: Samples that the rival alone gets right.
        p: Probability of so many gains or more, were both equally good.
    """

    gains: int
    losses: int
    p: float


def paired_test(child: NDArray[np.bool_], rival: NDArray[np.bool_]) -> PairedTest:
    """Test one-sidedly whether a child is better, exactly.

    Samples on which both are right, or both wrong, say nothing.

    Args:
        child: Whether it is right, shape ``(samples,)``.
        rival: The same, on the same samples.

    Reference:
        McNemar (1947), "Note on the sampling error of the difference between correlated
        proportions or percentages"; the exact form is the sign test.
    """
    gains = int(np.sum(child & ~rival))
    losses = int(np.sum(rival & ~child))
    return PairedTest(gains=gains, losses=losses, p=sign_p(gains, losses))


def sign_p(gains: int, losses: int) -> float:
    """Return the probability of ``gains`` heads or more in ``gains + losses`` throws."""
    n = gains + losses
    return sum(comb(n, k) for k in range(gains, n + 1)) / (1 << n)
