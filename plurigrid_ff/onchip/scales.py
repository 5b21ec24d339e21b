"""Power-of-two scales: how many fraction bits a set of numbers gets in int8."""

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.onchip.arithmetic import INT8_MAX

CLIPPED_SHARE = 1e-4  # of the numbers that a scale may clamp


def fraction_bits(values: NDArray[np.floating], *, most: int) -> int:
    """Return the most fraction bits with which all but a few numbers fit into int8.

    Args:
        values: Real numbers.
        most: Upper bound.

    Returns:
        At most ``most``; negative where the numbers are beyond 127.
    """
    magnitude = np.abs(values).ravel()
    kept = int(np.ceil(magnitude.size * (1 - CLIPPED_SHARE))) - 1
    largest = float(np.partition(magnitude, kept)[kept]) if magnitude.size else 0.0
    if largest == 0.0:
        return most
    return min(most, int(np.floor(np.log2((INT8_MAX + 0.5) / largest))))


def to_int8(values: NDArray[np.floating], bits: int) -> tuple[NDArray[np.int8], float]:
    """Round to int8 with that many fraction bits; return it and the share that was clamped."""
    whole = np.rint(values * 2.0**bits)
    clamped = np.clip(whole, -INT8_MAX, INT8_MAX)
    return clamped.astype(np.int8), float((whole != clamped).mean()) if whole.size else 0.0
