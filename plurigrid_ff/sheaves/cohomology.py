"""Betti numbers of a sheaf: exact where its maps are, with the singular gap elsewhere."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.sparse as sp

from plurigrid_ff.errors import SheafError, UndecidableError
from plurigrid_ff.sheaves.exact import exact_coboundaries, exact_rank, orbits
from plurigrid_ff.sheaves.sheaf import CellularSheaf

LEAST_GAP = 1e3
"""A rank is believed where a singular value is so many times the next."""
MOST_SINGULAR = 3000
"""Longest side of a matrix whose singular values are computed: a minute on one core."""
MOST_EXACT = 400
"""Longest side of a matrix that is eliminated exactly: some seconds."""


@dataclass(frozen=True, slots=True)
class Cohomology:
    """Dimensions of H0, H1 and H2.

    Attributes:
        h0: Dimension of the global sections.
        h1: Dimension of the edge data that no node data explain.
        h2: The same, one dimension up; 0 without triangles.
        method: How the ranks were found; only ``singular values`` can err.
        gap: Smallest singular value counted over the largest not counted, the smaller of both
            coboundaries; infinite where ranks are exact.
    """

    h0: int
    h1: int
    h2: int
    method: Literal["orbits", "elimination", "singular values"]
    gap: float

    @property
    def euler(self) -> int:
        """Euler characteristic ``h0 - h1 + h2``."""
        return self.h0 - self.h1 + self.h2


def cohomology(sheaf: CellularSheaf, *, least_gap: float = LEAST_GAP) -> Cohomology:
    """Return the dimensions of a sheaf's cohomology.

    Permutations are counted by orbits, whatever their number; integers and fractions are
    eliminated exactly; floats are judged by their singular values.

    Args:
        sheaf: Any sheaf.
        least_gap: Smallest singular gap that is believed.

    Raises:
        UndecidableError: The gap is smaller, so the ranks are not determined by the data.
        SheafError: Too many numbers for an exact answer.
    """
    nodes, edges = sum(sheaf.node_dims.values()), sum(sheaf.edge_dims.values())
    faces = sum(sheaf.triangle_dims.values())
    if sheaf.is_permutation:
        h0 = int(orbits(sheaf).max(initial=-1)) + 1
        return Cohomology(h0, h0 - nodes + edges, 0, "orbits", math.inf)
    exact = sheaf.is_exact
    _require_size(max(nodes, edges, faces), MOST_EXACT if exact else MOST_SINGULAR, exact)
    if exact:
        rank0, rank1 = (exact_rank(matrix) for matrix in exact_coboundaries(sheaf))
        gap = math.inf
    else:
        (rank0, gap0), (rank1, gap1) = singular_rank(sheaf.d0), singular_rank(sheaf.d1)
        gap = min(gap0, gap1)
        if gap < least_gap:
            raise UndecidableError(
                f"the ranks of the coboundaries need a singular gap of at least {least_gap:g}, got "
                f"{gap:.3g}; maps measured with noise have no exact sections: ask for the distance "
                "to the sections or the smallest eigenvalues instead, or round the maps"
            )
    return Cohomology(
        h0=nodes - rank0,
        h1=edges - rank0 - rank1,
        h2=faces - rank1,
        method="elimination" if exact else "singular values",
        gap=gap,
    )


def singular_rank(matrix: "sp.csr_array") -> tuple[int, float]:
    """Return a rank and the gap between the singular values on both sides of it.

    The cut is where neighbouring singular values differ most; below all of them stands what
    rounding leaves of a zero.
    """
    if 0 in matrix.shape or not matrix.nnz:
        return 0, math.inf
    values = np.linalg.svd(matrix.toarray(), compute_uv=False)
    floor = values[0] * max(matrix.shape) * np.finfo(np.float64).eps
    values = np.maximum(np.append(values, 0.0), floor)
    ratios = values[:-1] / values[1:]
    rank = int(ratios.argmax()) + 1
    return rank, float(ratios[rank - 1])


def _require_size(size: int, most: int, exact: bool) -> None:
    """Refuse what would take too long.

    Raises:
        SheafError: What to ask instead.
    """
    if size > most:
        how = "exact elimination" if exact else "singular values"
        raise SheafError(
            f"{how} take at most {most} numbers per cochain, got {size}; write the maps as "
            "permutations, whose orbits are counted at any size, or ask for the spectral gap or "
            "the distance to the sections"
        )
