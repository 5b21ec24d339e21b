"""Restriction maps: matrices, permutations, and the identity."""

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.errors import SheafError

Map = NDArray[Any]
"""A matrix ``(out, in)``, or a permutation ``p``, shape ``(n,)``: ``(F x)[i] = x[p[i]]``."""


def is_permutation(map: Map) -> bool:
    """Say whether a map is written as a permutation."""
    return map.ndim == 1


def checked(map: Map, *, where: str) -> Map:
    """Return a map, refusing what is neither a matrix nor a permutation.

    Raises:
        SheafError: It is neither, or not finite.
    """
    map = np.asarray(map)
    if map.ndim == 1:
        ordered = map.dtype.kind in "iu" and np.array_equal(np.sort(map), np.arange(len(map)))
        if not ordered:
            raise SheafError(
                f"{where}: a map of one dimension must be a permutation of 0 .. {len(map) - 1}, "
                f"got {map.tolist()!r:.60}; give a matrix (out, in) for any other map"
            )
        return map
    if map.ndim != 2:
        raise SheafError(
            f"{where}: a map must have one dimension (a permutation) or two (a matrix), got shape "
            f"{map.shape}"
        )
    if map.dtype.kind == "f" and not np.isfinite(map).all():
        raise SheafError(f"{where}: the map has entries that are not finite")
    return map


def is_exact(map: Map) -> bool:
    """Say whether every entry is an integer or a fraction, by type: floats never are."""
    if map.dtype.kind in "iub":
        return True
    return map.dtype.kind == "O" and all(isinstance(x, int | Fraction) for x in map.flat)


def out_dim(map: Map) -> int:
    """Dimension of what the map gives."""
    return int(map.shape[0])


def in_dim(map: Map) -> int:
    """Dimension of what the map takes."""
    return int(map.shape[-1])


def entries(map: Map) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Return rows, columns and values of what is not zero in a map's matrix."""
    if is_permutation(map):
        return np.arange(len(map)), map, np.ones(len(map))
    rows, columns = np.nonzero(map)
    return rows, columns, map[rows, columns].astype(np.float64)


def as_matrix(map: Map) -> Map:
    """Write a map as a dense matrix of its own kind of number."""
    return np.eye(len(map), dtype=np.int64)[map] if is_permutation(map) else map


def compose(second: Map, first: Map) -> Map:
    """Return the map that applies ``first`` and then ``second``."""
    if is_permutation(second) and is_permutation(first):
        return first[second]
    product: Map = as_matrix(second) @ as_matrix(first)
    return product


def inverse(map: Map, *, where: str) -> Map:
    """Return the inverse of an invertible map.

    Raises:
        SheafError: The map has none, or none that floating point would find.
    """
    if is_permutation(map):
        return np.argsort(map)
    matrix = map.astype(np.float64)
    if matrix.shape[0] != matrix.shape[1] or np.linalg.cond(matrix) > 1e12:
        raise SheafError(
            f"{where}: the map of shape {map.shape} has no inverse, so nothing can be carried "
            "round a cycle through it; ask for the cohomology instead of the holonomy"
        )
    return np.linalg.inv(matrix)
