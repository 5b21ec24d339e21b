"""Persistence diagrams of a cloud, their distances, and their Betti curves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plurigrid_ff.errors import DataError
from plurigrid_ff_persistent_homology.clouds import distances_between, scale_rows
from plurigrid_ff_persistent_homology.connected import deaths
from plurigrid_ff_persistent_homology.rips import find_loops

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

FEWEST_POINTS = 4
"""Fewer points cannot have a class of dimension 1."""


@dataclass(frozen=True, slots=True)
class Diagrams:
    """Persistence diagrams of one cloud, edge-length filtration.

    Attributes:
        h0: Births (all 0) and deaths of components, shape ``(points - 1, 2)``, ascending.
            The component that never dies, which every cloud has, is left out.
        h1: Births and deaths of loops, shape ``(loops, 2)``, longest-lived first, of a
            choice of landmarks.
        radius: Covering radius of the landmarks: ``h1`` is within twice this of the whole
            cloud's, in bottleneck distance. 0 where every point is a landmark.
    """

    h0: "NDArray[np.float64]"
    h1: "NDArray[np.float64]"
    radius: float


@dataclass(frozen=True, slots=True)
class Distances:
    """How far two clouds' diagrams of one dimension are apart.

    Attributes:
        bottleneck: The largest move of the best matching.
        wasserstein: The sum of its moves; moves are measured in the maximum norm.
    """

    bottleneck: float
    wasserstein: float


def check_cloud(points: "ArrayLike", *, where: str) -> "NDArray[np.float64]":
    """Return a cloud as one array of at least four finite points of the same dimension.

    Args:
        points: Anything like an array of shape ``(points, features)``; further axes are
            flattened.
        where: Named in messages.

    Raises:
        DataError: Points of different dimensions, too few, or not finite.
    """
    try:
        cloud = np.asarray(points, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"{where}: expected points of one dimension, as an array (points, features), got "
            "points that differ in shape or are no numbers; give all of them the same features"
        ) from error
    if cloud.ndim < 2 or len(cloud) < FEWEST_POINTS or not cloud.shape[1]:
        raise DataError(
            f"{where}: expected an array (points, features) of at least {FEWEST_POINTS} points, "
            f"got shape {cloud.shape}; add points"
        )
    bad = int(cloud.size - np.isfinite(cloud).sum())
    if bad:
        raise DataError(
            f"{where}: {bad} of {cloud.size} numbers are not finite; leave out those points"
        )
    return cloud.reshape(len(cloud), -1)


def diagrams_of(points: "ArrayLike", *, landmarks: int = 128, where: str = "points") -> Diagrams:
    """Compute H0 exactly and H1 on landmarks.

    Args:
        points: Shape ``(points, features)``.
        landmarks: Most points that H1 is computed on.
        where: Named in messages.

    Raises:
        DataError: See :func:`check_cloud`.
    """
    distances = distances_between(check_cloud(points, where=where))
    ends = deaths(distances)
    loops = find_loops(distances, count=landmarks)
    return Diagrams(
        h0=np.column_stack([np.zeros_like(ends), ends]),
        h1=loops.diagram,
        radius=loops.landmarks.radius,
    )


def activity_diagrams(activities: "ArrayLike", *, landmarks: int, where: str) -> Diagrams:
    """Compute the diagrams of activities scaled to unit length, as the next layer reads them."""
    cloud = check_cloud(activities, where=where)
    return diagrams_of(scale_rows(cloud), landmarks=landmarks, where=where)


def distances_of(first: "NDArray[np.float64]", second: "NDArray[np.float64]") -> Distances:
    """Measure two diagrams of finite classes against each other.

    Args:
        first: Births and deaths, shape ``(classes, 2)``; there may be none.
        second: The same.

    Cost: the Wasserstein distance of 500 to 500 classes takes 60 ms.
    """
    import gudhi

    return Distances(
        bottleneck=float(gudhi.bottleneck_distance(first, second)),
        wasserstein=_wasserstein(first, second),
    )


def _wasserstein(first: "NDArray[np.float64]", second: "NDArray[np.float64]") -> float:
    """Return the Wasserstein distance of order 1, exactly, as the cost of the best assignment.

    A class moves to one of the other diagram, or both to the diagonal; what the larger diagram
    has left moves to the diagonal. gudhi does this through POT, which on import loads every
    array library that is installed.
    """
    from scipy.optimize import linear_sum_assignment

    few, many = sorted((first, second), key=len)
    to_diagonal = [(diagram[:, 1] - diagram[:, 0]) / 2 for diagram in (few, many)]
    costs = np.empty((len(many), len(many)))
    between = np.abs(few[:, None] - many[None]).max(axis=-1)  # (few, many)
    costs[: len(few)] = np.minimum(between, to_diagonal[0][:, None] + to_diagonal[1])
    costs[len(few) :] = to_diagonal[1]
    return float(costs[linear_sum_assignment(costs)].sum())


def betti_curve(
    diagram: "NDArray[np.float64]", scales: "Sequence[float] | NDArray[np.float64]"
) -> "NDArray[np.int64]":
    """Count the classes of a diagram that are alive at each scale, ``birth <= scale < death``.

    Of ``h0``, add 1 for the component that never dies.
    """
    at = np.asarray(scales, dtype=np.float64)[:, None]
    alive = (diagram[:, 0] <= at) & (at < diagram[:, 1])  # (scales, classes)
    counts: NDArray[np.int64] = alive.sum(axis=1)
    return counts
