"""Exact rank: fraction-free elimination over the integers, orbits for permutations."""

from fractions import Fraction
from math import lcm

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from plurigrid_ff.sheaves.maps import Map, as_matrix
from plurigrid_ff.sheaves.sheaf import CellularSheaf


def exact_rank(matrix: NDArray[np.object_]) -> int:
    """Return the rank of a matrix of Python integers and fractions.

    Cost: O(rows * columns * rank) operations on integers that grow to as many digits as a
    minor of the matrix has.

    Reference:
        Bareiss (1968), "Sylvester's Identity and Multistep Integer-Preserving Gaussian
        Elimination".
    """
    rows = np.array([_cleared(row) for row in matrix], dtype=object).reshape(matrix.shape)
    rank, before = 0, 1
    for column in range(matrix.shape[1]):
        candidates = [row for row in range(rank, len(rows)) if rows[row, column]]
        if not candidates:
            continue
        rows[[rank, candidates[0]]] = rows[[candidates[0], rank]]
        pivot = rows[rank, column]
        below = rows[rank + 1 :]
        # Bareiss: the division is exact, so entries stay minors of the matrix.
        below[:] = (below * pivot - np.outer(below[:, column], rows[rank])) // before
        before = pivot
        rank += 1
    return rank


def exact_coboundaries(
    sheaf: CellularSheaf,
) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return d0 and d1 as dense matrices of Python integers and fractions."""
    d0 = np.full(sheaf.d0.shape, 0, dtype=object)
    for (tail, head), maps in sheaf.edges.items():
        rows = sheaf.edge_slices[tail, head]
        d0[rows, sheaf.node_slices[tail]] = -_objects(maps[0])
        d0[rows, sheaf.node_slices[head]] = _objects(maps[1])
    d1 = np.full(sheaf.d1.shape, 0, dtype=object)
    start = 0
    for (a, b, c), faces in sheaf.triangles.items():
        rows = slice(start, start + sheaf.triangle_dims[a, b, c])
        start = rows.stop
        boundary = (a, b), (b, c), (a, c)
        for edge, sign, map in zip(boundary, (1, 1, -1), faces, strict=True):
            d1[rows, sheaf.edge_slices[edge]] = sign * _objects(map)
    return d0, d1


def orbits(sheaf: CellularSheaf) -> NDArray[np.int64]:
    """Return, for every number of a 0-cochain, the orbit it belongs to; from 0, no gaps.

    A section of a sheaf of permutations is constant on each component of the covering graph
    that the maps span, and free to differ between them: there are ``h0`` orbits.
    """
    one, other = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for (tail, head), (from_tail, from_head) in sheaf.edges.items():
        one.append(from_tail + sheaf.node_slices[tail].start)
        other.append(from_head + sheaf.node_slices[head].start)
    rows, columns = np.concatenate(one), np.concatenate(other)
    size = sum(sheaf.node_dims.values())
    joins = coo_array((np.ones(len(rows)), (rows, columns)), shape=(size, size))
    found: NDArray[np.int64] = connected_components(joins, directed=False)[1].astype(np.int64)
    return found


def _objects(map: Map) -> NDArray[np.object_]:
    """Write a map with Python's own numbers, which never overflow."""
    found: NDArray[np.object_] = as_matrix(map).astype(object)
    return found


def _cleared(row: NDArray[np.object_]) -> list[int]:
    """Multiply a row by what makes all of its fractions integers; the rank stays."""
    fractions = [Fraction(x) for x in row]
    common = lcm(*(x.denominator for x in fractions))
    return [int(x * common) for x in fractions]
