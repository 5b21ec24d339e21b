"""Arithmetic of trits: the field with three elements, written -1, 0, +1."""

from collections.abc import Iterable
from math import comb, factorial
from typing import Literal

Trit = Literal[-1, 0, 1]

_BALANCED: tuple[Trit, Trit, Trit] = (0, 1, -1)  # representative of 0, 1, 2 (mod 3)


def reduce(total: int) -> Trit:
    """Return the representative of ``total`` (mod 3) among -1, 0, +1."""
    return _BALANCED[total % 3]


def add(trits: Iterable[int]) -> Trit:
    """Sum trits in GF(3)."""
    return reduce(sum(trits))


def is_balanced(trits: Iterable[int]) -> bool:
    """Whether the trits sum to 0 in GF(3). Three of a kind do, and validate nothing."""
    return add(trits) == 0


def is_strict(trits: Iterable[int]) -> bool:
    """Whether the trits are one of each: -1, 0, +1. Strict implies balanced."""
    return sorted(trits) == [-1, 0, 1]


def count_strict(validators: int, coordinators: int, generators: int) -> int:
    """Count the triads with one skill of each role."""
    return validators * coordinators * generators


def count_balanced(validators: int, coordinators: int, generators: int) -> int:
    """Count the three-element sets of skills whose trits sum to 0."""
    of_a_kind = comb(validators, 3) + comb(coordinators, 3) + comb(generators, 3)
    return count_strict(validators, coordinators, generators) + of_a_kind


def count_partitions(validators: int, coordinators: int, generators: int) -> int:
    """Count the ways to split all skills into strict triads: (k!)**2, or 0."""
    if not validators == coordinators == generators:
        return 0
    return factorial(validators) ** 2


def format_trit(trit: int) -> str:
    """Write a trit the way cards and tables do: ``-1``, ``0``, ``+1``."""
    return f"{trit:+d}" if trit else "0"
