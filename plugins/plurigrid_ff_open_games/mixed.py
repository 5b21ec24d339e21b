"""Mixed equilibria of two-player games, by trying all supports."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MixedEquilibrium:
    """Probabilities of each player's actions."""

    row: tuple[float, ...]
    column: tuple[float, ...]


def mixed_equilibria(
    row: "ArrayLike", column: "ArrayLike", *, tolerance: float = 1e-9
) -> tuple[MixedEquilibrium, ...]:
    """Return every equilibrium in which both players mix equally many actions.

    Those are all equilibria, an odd number, of a nondegenerate game (no mixture of k
    actions has more than k best responses). In a degenerate game equilibria may form
    segments, of which this finds some points or none.

    Args:
        row: Utilities of the row player, shape ``(rows, columns)``, finite.
        column: Utilities of the column player, of the same shape.
        tolerance: How far from best, and from 0, a number may be by rounding, as a share
            of the largest utility.

    Raises:
        ValueError: The matrices differ in shape, are empty, or are not finite.

    Cost: all pairs of supports of one size, ``C(rows + columns, rows)`` at most.

    Reference:
        Nisan, Roughgarden, Tardos & Vazirani (2007), "Algorithmic Game Theory", algorithm 3.4.
    """
    a, b = np.asarray(row, dtype=np.float64), np.asarray(column, dtype=np.float64)
    if a.ndim != 2 or a.shape != b.shape or not a.size:
        raise ValueError(
            f"row and column must be matrices of one shape (rows, columns), got {a.shape} and "
            f"{b.shape}"
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("utilities must be finite; replace NaN and infinity")
    blunt = tolerance * max(np.abs(a).max(), np.abs(b).max(), 1.0)
    return tuple(_equilibria(a, b, blunt))


def _equilibria(a: "Numbers", b: "Numbers", blunt: float) -> Iterator[MixedEquilibrium]:
    """Yield them by size of support, then in lexicographic order."""
    rows, columns = a.shape
    for size in range(1, min(rows, columns) + 1):
        for own in combinations(range(rows), size):
            for other in combinations(range(columns), size):
                y = _mixture(a[np.ix_(own, other)], other, columns, blunt)
                x = _mixture(b[np.ix_(own, other)].T, own, rows, blunt)
                if x is None or y is None:
                    continue
                if _is_best(a @ y, own, blunt) and _is_best(b.T @ x, other, blunt):
                    yield MixedEquilibrium(tuple(x.tolist()), tuple(y.tolist()))


def _mixture(
    utilities: "Numbers", support: tuple[int, ...], actions: int, blunt: float
) -> "Numbers | None":
    """Mix the support so that an opponent is indifferent; None where that takes a 0 or less.

    Args:
        utilities: The opponent's, shape ``(its support, this support)``, square.
        support: Actions that are mixed.
        actions: Number of all actions.
        blunt: Smallest probability that counts.
    """
    size = len(support)
    system = np.zeros((size + 1, size + 1))
    system[:size, :size] = utilities
    system[:size, size] = -1  # the value that all the opponent's actions have
    system[size, :size] = 1
    try:
        solution = np.linalg.solve(system, np.eye(size + 1)[size])
    except np.linalg.LinAlgError:
        return None
    weights = solution[:size]
    if not (weights > blunt).all():
        return None
    mixture = np.zeros(actions)
    mixture[list(support)] = weights / weights.sum()  # exactly 1 where only one is played
    return mixture


def _is_best(utilities: "Numbers", support: tuple[int, ...], blunt: float) -> bool:
    """Whether no action does better than those of a support."""
    return bool(utilities.max() - utilities[list(support)].min() <= blunt)
