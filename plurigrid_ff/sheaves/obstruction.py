"""What stands against agreement: the class of measured edge data, and the discord of edges.

The coboundary ``d0 x`` of any node data is exact, so its class in H1 is zero whatever the
agents hold: only data measured on the edges themselves can have a class.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.linalg import lsmr

from plurigrid_ff.errors import SheafError
from plurigrid_ff.sheaves.sections import TOLERANCE
from plurigrid_ff.sheaves.sheaf import CellularSheaf, Edge


def obstruction(sheaf: CellularSheaf, b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``b - d0 d0^+ b``: the part of edge data that no node data explain.

    Where there are triangles and ``d1 b = 0``, it represents the class of b in H1.

    Args:
        sheaf: Any sheaf.
        b: A 1-cochain, shape ``(edge numbers,)``.

    Raises:
        SheafError: b has another shape, or the fit does not converge.
    """
    if b.shape != (sheaf.d0.shape[0],):
        raise SheafError(
            f"edge data must have shape ({sheaf.d0.shape[0]},), the edge stalks one behind the "
            f"other, got {b.shape}"
        )
    most = 20 * max(sheaf.d0.shape)
    x, stop, *_ = lsmr(sheaf.d0, b, atol=TOLERANCE, btol=TOLERANCE, conlim=0, maxiter=most)
    if stop == 7:
        raise SheafError(
            f"the fit of node data to edge data did not converge in {most} steps; scale the maps "
            "to entries of like size"
        )
    rest: NDArray[np.float64] = b - sheaf.d0 @ x
    return rest


def discord(sheaf: CellularSheaf, x: NDArray[np.float64]) -> dict[Edge, float]:
    """Return ``|F_head x_head - F_tail x_tail|`` of every edge; their squares sum to x^T L x."""
    edges = sheaf.d0 @ x
    return {edge: float(np.linalg.norm(edges[part])) for edge, part in sheaf.edge_slices.items()}


def consistency_radius(sheaf: CellularSheaf, x: NDArray[np.float64]) -> float:
    """Return the largest discord of any edge.

    Reference:
        Robinson (2017), "Sheaves are the canonical data structure for sensor integration",
        arXiv:1603.01446.
    """
    return max(discord(sheaf, x).values(), default=0.0)
