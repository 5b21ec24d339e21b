"""Connected components: H0 of a Rips filtration, exactly, through a minimum spanning tree.

Points merge in the order of the edges of a minimum spanning tree: the H0 deaths are the
lengths of its edges, and an edge's two ends say who merged with whom.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Distances = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SpanningTrees:
    """Minimum spanning trees of a batch of point clouds.

    Attributes:
        ends: Indices of each edge's two points, shape ``(batch, points - 1, 2)``.
        lengths: The H0 deaths, unsorted, shape ``(batch, points - 1)``.
    """

    ends: "NDArray[np.intp]"
    lengths: "NDArray[np.float64]"


def spanning_trees(distances: "Distances") -> SpanningTrees:
    """Grow a minimum spanning tree in every cloud of a batch, from its point 0.

    Prim's algorithm on the full matrix, so that duplicates are edges of length 0 (sparse
    routines take a stored 0 for a missing edge). Equal lengths: the point of lowest index
    joins next, tied to the point that joined earliest. The multiset of lengths does not
    depend on how ties are broken; which classes meet in a merge may.

    Args:
        distances: Symmetric, shape ``(batch, points, points)``, points >= 1, finite.

    Cost: O(batch * points**2) time.
    """
    batch, points, _ = distances.shape
    rows = np.arange(batch)
    reach = distances[:, 0, :].copy()  # (batch, points): distance to the tree, inf inside it
    nearest = np.zeros((batch, points), dtype=np.intp)
    inside = np.zeros((batch, points), dtype=bool)
    reach[:, 0], inside[:, 0] = np.inf, True
    ends = np.empty((batch, points - 1, 2), dtype=np.intp)
    lengths = np.empty((batch, points - 1))
    for step in range(points - 1):
        joins = reach.argmin(axis=1)  # (batch,)
        ends[:, step, 0], ends[:, step, 1] = nearest[rows, joins], joins
        lengths[:, step] = reach[rows, joins]
        reach[rows, joins], inside[rows, joins] = np.inf, True
        beside = distances[rows, joins]  # (batch, points)
        closer = (beside < reach) & ~inside
        reach[closer] = beside[closer]
        nearest = np.where(closer, joins[:, None], nearest)
    return SpanningTrees(ends, lengths)


def deaths(distances: "Distances") -> "NDArray[np.float64]":
    """Return the finite H0 deaths of one cloud in ascending order.

    Args:
        distances: Shape ``(points, points)``.

    Returns:
        Shape ``(points - 1,)``: every class is born at 0, and one never dies.
    """
    return np.sort(spanning_trees(distances[None]).lengths[0])


def cross_class_shares(distances: "Distances", labels: "NDArray[np.int64]") -> "Distances":
    """Return each cloud's share of H0 merges that join points of different classes.

    Args:
        distances: Shape ``(batch, points, points)``, points >= 2.
        labels: Class of each point, shape ``(batch, points)``.

    Returns:
        Shape ``(batch,)``, in [0, 1].
    """
    ends = spanning_trees(distances).ends
    first = np.take_along_axis(labels, ends[..., 0], axis=1)
    second = np.take_along_axis(labels, ends[..., 1], axis=1)
    shares: NDArray[np.float64] = (first != second).mean(axis=1)
    return shares


def cross_class_share(points: "NDArray[np.floating]", labels: "NDArray[np.int64]") -> float:
    """Return the share of H0 merges that join points of different classes.

    The classes are perfectly connected when only ``classes - 1`` merges cross, and mixed
    when as many cross as among randomly labelled points.

    Args:
        points: Shape ``(points, features)``, at least 2 points.
        labels: Shape ``(points,)``.
    """
    from plurigrid_ff_persistent_homology.clouds import distances_between

    return float(cross_class_shares(distances_between(points)[None], labels[None])[0])
