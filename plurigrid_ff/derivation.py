"""Deterministic draws: every random number is a function of what it is for.

A key is derived from (seed, role, epoch, ...) by a keyed hash; the draw for item ``i``
under that key is SplitMix64 in counter form, ``mix(key + (i + 1) * gamma)``. Nothing is
drawn "in turn", so neither order nor the number of workers can change a draw.

Reference:
    Steele, Lea & Flood (2014), "Fast Splittable Pseudorandom Number Generators".
"""

from hashlib import blake2b
from operator import index
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

GAMMA = 0x9E3779B97F4A7C15
MIX_1 = 0xBF58476D1CE4E5B9
MIX_2 = 0x94D049BB133111EB
SEPARATOR, ESCAPE = "\x1f", "\x1e"
_MASK = (1 << 64) - 1


def derive_key(seed: int, *path: str | int) -> int:
    """Derive a 64-bit key from a seed and the path of names that says what it is for.

    Hashing, not adding: keys at fixed offsets from each other give overlapping streams.

    Args:
        seed: The seed, or a key to derive from.
        path: Names and numbers; a whole number counts the same in any integer type.
    """
    text = SEPARATOR.join(map(_written, (seed, *path)))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def _written(part: str | int) -> str:
    """Write one part with its type; a separator in a name does not split it."""
    if isinstance(part, str):
        escaped = part.replace(ESCAPE, ESCAPE + "0").replace(SEPARATOR, ESCAPE + "1")
        return f"str:{escaped}"
    return f"int:{index(part)}"


def draw(key: int, item: int) -> int:
    """Return the 64 random bits of an item under ``key``."""
    z = (key + (item + 1) * GAMMA) & _MASK
    z = ((z ^ (z >> 30)) * MIX_1) & _MASK
    z = ((z ^ (z >> 27)) * MIX_2) & _MASK
    return z ^ (z >> 31)


def draw_array(key: int, indices: "NDArray[np.integer]") -> "NDArray[np.uint64]":
    """Return the 64 random bits of each item, the shape of ``indices``."""
    import numpy as np

    z = np.uint64(key) + (indices.astype(np.uint64) + np.uint64(1)) * np.uint64(GAMMA)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(MIX_1)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(MIX_2)
    bits: NDArray[np.uint64] = z ^ (z >> np.uint64(31))
    return bits


def shuffled(key: int, count: int) -> "NDArray[np.intp]":
    """Return a permutation of ``range(count)``: the items sorted by their draws."""
    import numpy as np

    return np.argsort(draw_array(key, np.arange(count)), kind="stable")
