"""Point clouds of activities: scaled as the next layer reads them, and their distances."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALLEST_DIAMETER = 1e-5
"""Below this share of a unit-RMS row's length, float32 activities are all the same point."""


def scale_rows(activities: "NDArray[np.floating]") -> "NDArray[np.float64]":
    """Scale every sample to unit length: what a layer hands on, up to a constant.

    Layers read scale-normalised activities, so the length of a sample's activity (which
    is its goodness) is not seen by the layer above, and must not separate classes here
    either. Rows of zeros stay zeros: a sample that activates no unit.

    Args:
        activities: Shape ``(samples, features)``, finite; further axes are flattened.
    """
    rows = np.asarray(activities, dtype=np.float64).reshape(len(activities), -1)
    # By the largest entry first: squares of float32 activities may leave float64's range.
    largest = np.abs(rows).max(axis=1, keepdims=True, initial=0.0)
    rows = rows / np.where(largest > 0, largest, 1.0)
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    scaled: NDArray[np.float64] = rows / np.where(lengths > 0, lengths, 1.0)
    return scaled


def distances_between(points: "NDArray[np.floating]") -> "NDArray[np.float64]":
    """Return Euclidean distances, shape ``(points, points)``; duplicates are at exactly 0."""
    from scipy.spatial.distance import pdist, squareform

    # Not |x|^2 + |y|^2 - 2xy, which is faster and puts duplicates 1e-8 apart.
    distances: NDArray[np.float64] = squareform(pdist(np.asarray(points, dtype=np.float64)))
    return distances


def is_collapsed(distances: "NDArray[np.float64]") -> bool:
    """Whether a cloud of unit rows is a single point: a layer that tells nothing apart."""
    return bool(distances.max(initial=0.0) < SMALLEST_DIAMETER)
