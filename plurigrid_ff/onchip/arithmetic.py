"""The integer arithmetic that Python and C share, bit for bit. Specified in docs/onchip.md.

Every function takes and returns whole numbers; arrays are int64 here, and the bounds given
in the specification keep them inside int32 on the device.
"""

import math

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.derivation import draw_array

Integers = NDArray[np.int64]

INT8_MAX = 127  # -128 is never used: the range is symmetric
INPUT_BITS = 5  # fraction bits of a layer's input: unit RMS is 32, the largest is just under 4
GOODNESS_BITS = 8  # goodness is in 1/256 nat
ERROR_BITS = 15  # probabilities and errors
UPDATE_BITS = 8  # fraction bits of a weight update, and bits of its dither
BIAS_MAX = 1 << 29
STEP_MAX = 127

# round(65535 exp(-d / 16)): what the softmax and the sigmoid read.
EXP_TABLE: Integers = np.array([round(65535 * math.exp(-d / 16)) for d in range(256)])

# Which draws of a layer's key serve what; the low half of the counter is the place.
UNIT_DRAWS, NEGATIVE_DRAWS, CLASS_DRAWS, LABEL_DRAW = (n << 32 for n in (1, 2, 3, 4))


def rounded(values: Integers, shift: int) -> Integers:
    """Divide by ``2 ** shift`` and round half up."""
    return (values + (1 << shift >> 1)) >> shift


def scaled(values: Integers, shift: int) -> Integers:
    """Divide by ``2 ** shift`` and round down; a negative shift multiplies."""
    return values >> shift if shift >= 0 else values << -shift


def saturated(values: Integers, limit: int = INT8_MAX) -> Integers:
    """Clamp to ``[-limit, limit]``."""
    return np.clip(values, -limit, limit)


def normalised(values: Integers) -> Integers:
    """Scale rows ``(..., features)`` to a root mean square of 32, clamped to int8.

    A row whose RMS is under 1/16 becomes zero.
    """
    squares = np.square(values).sum(axis=-1)
    mean = squares * 256 // values.shape[-1]
    root = np.array([math.isqrt(value) for value in mean.ravel().tolist()], dtype=np.int64)
    root = root.reshape(mean.shape)
    factor = np.where(root > 0, (16 * 256 << INPUT_BITS) // np.maximum(root, 1), 0)
    return saturated(rounded(values * factor[..., None], 8))


def exponentials(distances: Integers) -> Integers:
    """Return 65535 exp(-d) for distances of ``d`` in 1/256 nat, 0 from 16 nat on."""
    place = distances >> 4
    return np.where(place > 255, 0, EXP_TABLE[np.minimum(place, 255)])


def softmax(goodness: Integers) -> Integers:
    """Turn goodness ``(..., classes)`` into probabilities of 15 fraction bits, rounded down."""
    weights = exponentials(goodness.max(axis=-1, keepdims=True) - goodness)
    probabilities: Integers = (weights << ERROR_BITS) // weights.sum(axis=-1, keepdims=True)
    return probabilities


def sigmoid(values: Integers) -> Integers:
    """Turn log-odds in 1/256 nat into probabilities of 15 fraction bits, rounded down."""
    small = exponentials(np.abs(values))
    numerator = np.where(values >= 0, 65535, small)
    return (numerator << ERROR_BITS) // (65535 + small)


def draws(key: int, place: int, count: int) -> NDArray[np.uint64]:
    """Return 64 random bits for each of ``count`` items, from ``place`` on."""
    return draw_array(key, place + np.arange(count))


def dithers(key: int, count: int) -> Integers:
    """Return ``count`` draws of 8 bits, eight from each 64, the low ones first."""
    words = draws(key, 0, -(-count // 8))
    lanes = words[:, None] >> np.arange(0, 64, 8, dtype=np.uint64)
    return (lanes & np.uint64(0xFF)).astype(np.int64).ravel()[:count]


def stochastically_rounded(values: Integers, shift: int, bits: Integers) -> Integers:
    """Divide by ``2 ** shift``; round up with the probability that makes the mean exact.

    Args:
        values: What to divide.
        shift: Bits to drop.
        bits: Random, of at least ``shift`` bits; the low ones are used.
    """
    return (values + (bits & ((1 << shift) - 1))) >> shift
