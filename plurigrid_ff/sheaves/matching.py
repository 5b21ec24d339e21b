"""Matching the units of two networks by what they say of the same probes."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from plurigrid_ff.sheaves.units import Permutation, UnitSymmetry


def correlations(one: NDArray[np.floating], other: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the correlation of every unit of one network with every unit of the other.

    Args:
        one: Activities on the probes, shape ``(probes, units)``.
        other: Activities of the other network on the same probes, of the same shape.

    Returns:
        Shape ``(units, units)``; a unit that never varies correlates with none.
    """
    found: NDArray[np.float64] = standardised(one).T @ standardised(other) / len(one)
    return found


def standardised(activities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Bring every unit to mean 0 and variance 1 over the probes; what never varies to 0."""
    centred = activities.astype(np.float64) - activities.mean(axis=0, dtype=np.float64)
    deviation = np.sqrt(np.mean(np.square(centred), axis=0))
    # Rounding leaves a constant unit a deviation of its last digit.
    still = deviation <= 1e-6 * np.abs(activities).max(initial=0.0)
    return np.where(still, 0.0, centred / np.where(still, 1.0, deviation))


def by_cells(activities: NDArray[np.floating], cells: int) -> NDArray[np.floating]:
    """Turn ``(probes, units * cells)`` into ``(probes * cells, units)``: each cell is a probe."""
    units = activities.shape[1] // cells
    return activities.reshape(-1, units, cells).swapaxes(1, 2).reshape(-1, units)


def match(scores: NDArray[np.float64], groups: int = 1) -> Permutation:
    """Return the permutation ``p`` of largest ``sum_i scores[i, p[i]]``.

    Args:
        scores: Shape ``(units, units)``.
        groups: Equal runs of units; each unit stays in its run.

    Reference:
        Kuhn (1955), "The Hungarian method for the assignment problem"; scipy's is that of
        Crouse (2016).
    """
    size = len(scores) // groups
    runs = (slice(start, start + size) for start in range(0, len(scores), size))
    parts = [linear_sum_assignment(scores[run, run], maximize=True)[1] + run.start for run in runs]
    return np.concatenate(parts).astype(np.int64)


def readings(
    parameters: Mapping[str, NDArray[np.float32]], symmetry: UnitSymmetry, layer: int
) -> NDArray[np.float64]:
    """Return how a layer's goodness reads each unit, so that products are correlations.

    Args:
        parameters: Weights of one agent.
        symmetry: What moves along with the units.
        layer: Its place, from 0.

    Returns:
        Shape ``(numbers, units)``; no numbers where goodness is not linear in what units say:
        anchors of a distance are drawn, not learned from the samples, and tell units apart that
        say the same.
    """
    units = symmetry.units[layer]
    name = symmetry.readings[layer] if symmetry.readings else None
    if name is None:
        return np.empty((0, units))
    axis = next(place for place, parts in enumerate(symmetry.axes[name]) if parts[0].layer == layer)
    values = np.moveaxis(parameters[name], axis, 0).reshape(units, -1).T
    return np.asarray(standardised(values) / np.sqrt(len(values)))
