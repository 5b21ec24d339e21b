"""Global sections: projection onto them, distance to them, and extension from a part."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.sparse.linalg import cg, lsmr

from plurigrid_ff.errors import SheafError
from plurigrid_ff.sheaves.exact import orbits
from plurigrid_ff.sheaves.sheaf import CellularSheaf, Node

TOLERANCE = 1e-10
"""Relative residual at which iterations stop."""
MOST_DENSE = 500
"""Unknowns up to which many columns are solved for at once, without iteration."""


def project(sheaf: CellularSheaf, x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the global section nearest to a 0-cochain.

    Sections of permutations are means over orbits; others are found by LSMR, which subtracts
    the smallest cochain with the same coboundary.

    Args:
        sheaf: Any sheaf.
        x: Shape ``(numbers,)`` or ``(numbers, columns)``.
    """
    if sheaf.is_permutation:
        return OrbitMeans(sheaf)(x)
    columns = x.reshape(len(x), -1)
    found = np.empty_like(columns, dtype=np.float64)
    for index in range(columns.shape[1]):
        column = columns[:, index]
        excess = lsmr(
            sheaf.d0, sheaf.d0 @ column, atol=TOLERANCE, btol=TOLERANCE, maxiter=10 * len(x)
        )
        found[:, index] = column - excess[0]
    return found.reshape(x.shape)


class OrbitMeans:
    """Projection onto the sections of a sheaf of permutations: a mean over every orbit.

    Args:
        sheaf: A sheaf of permutations.
    """

    def __init__(self, sheaf: CellularSheaf) -> None:
        place = orbits(sheaf)
        size = len(place)
        member = sp.coo_array((np.ones(size), (place, np.arange(size))))
        self._member = sp.csr_array(member)
        self._count = np.bincount(place)

    def __call__(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Project ``(numbers,)`` or ``(numbers, columns)``."""
        count = self._count.reshape(-1, *(1,) * (x.ndim - 1))
        sums = np.asarray(self._member @ x)
        return np.asarray(self._member.T @ (sums / count), dtype=np.float64)


def distance_to_sections(sheaf: CellularSheaf, x: NDArray[np.float64]) -> float:
    """Return how far a 0-cochain is from agreement, relative to its own length, in [0, 1]."""
    length = float(np.linalg.norm(x))
    return float(np.linalg.norm(x - project(sheaf, x))) / length if length else 0.0


@dataclass(frozen=True, slots=True)
class Extension:
    """What absent nodes would hold if they disagreed as little as they can.

    Attributes:
        values: Of every node, the known ones unchanged.
        energy: ``x^T L x`` that remains: 0 iff the known part extends to a global section.
    """

    values: dict[Node, NDArray[np.float64]]
    energy: float


def harmonic_extension(sheaf: CellularSheaf, known: Mapping[Node, NDArray[Any]]) -> Extension:
    """Fill in absent nodes by ``L_UU x_U = -L_UB x_B``, with conjugate gradients.

    Args:
        sheaf: Any sheaf.
        known: Values of the nodes that are there, ``(dim,)`` or ``(dim, columns)``.

    Raises:
        SheafError: An absent node that no path joins to a known one, or no convergence.

    Reference:
        Hansen & Ghrist (2019), "Toward a spectral theory of cellular sheaves", prop. 4.1.
    """
    for part in nx.connected_components(sheaf.graph):
        if not any(node in known for node in part):
            raise SheafError(
                f"node {next(iter(part))!r} is absent, and no path joins it to a node that is "
                "there; add an edge, or leave the node out"
            )
    absent = [node for node in sheaf.node_dims if node not in known]
    columns = np.shape(next(iter(known.values())))[1:]
    blank = {node: np.zeros((sheaf.node_dims[node], *columns)) for node in absent}
    x = sheaf.cochain({**known, **blank})
    free = np.zeros(len(x), dtype=bool)
    for node in absent:
        free[sheaf.node_slices[node]] = True
    if free.any():
        x[free] = _solve(sheaf.laplacian, free, x)
    energy = float(np.sum(np.square(sheaf.d0 @ x)))
    return Extension(sheaf.by_node(x), energy)


def _solve(
    laplacian: "sp.csr_array", free: NDArray[np.bool_], x: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Solve for the free numbers, column by column."""
    inside = laplacian[free][:, free]
    right = -(laplacian[free][:, ~free] @ x[~free])
    if len(right) <= MOST_DENSE:
        return np.asarray(np.linalg.lstsq(inside.toarray(), right, rcond=None)[0])
    diagonal = inside.diagonal()
    scale = sp.diags_array(1 / np.where(diagonal > 0, diagonal, 1.0))
    found = np.zeros_like(right)
    for index in np.ndindex(right.shape[1:]):
        place = (slice(None), *index)
        found[place], failed = cg(inside, right[place], rtol=TOLERANCE, M=scale)
        if failed:
            raise SheafError(
                f"harmonic extension over {len(right)} numbers did not converge in {failed} "
                "steps; check that the maps of absent nodes have entries of like size"
            )
    return found
