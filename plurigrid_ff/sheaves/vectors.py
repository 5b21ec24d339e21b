"""Weights as vectors, one row per agent, in an order that makes rows comparable."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.sheaves.units import Permutation, UnitSymmetry

Weights = Mapping[str, NDArray[np.float32]]
"""Trained weights of one network, by their name in its file."""


class Vectors:
    """Turns weights into rows and back.

    Args:
        parameters: Weights of all agents, of one architecture.
        symmetry: What moves along with the units.
        order: Per agent and layer, the order in which its row is written; the weights that come
            back are in each agent's own order again.
    """

    def __init__(
        self,
        parameters: Mapping[str, Weights],
        symmetry: UnitSymmetry,
        order: Mapping[str, Sequence[Permutation]],
    ) -> None:
        self._agents = tuple(parameters)
        first = next(iter(parameters.values()))
        self._shapes = {name: values.shape for name, values in first.items()}
        self._symmetry = symmetry
        self._order = {agent: self.number_order(order[agent]) for agent in parameters}
        flat = (
            np.concatenate([parameters[agent][name].ravel() for name in self._shapes])[places]
            for agent, places in self._order.items()
        )
        self.rows: NDArray[np.float64] = np.stack([row.astype(np.float64) for row in flat])

    def number_order(self, order: Sequence[Permutation]) -> NDArray[np.int64]:
        """Return what a permutation of every layer's units does to a row."""
        return self._symmetry.number_order(tuple(self._shapes), order)

    def weights(self, rows: NDArray[np.float64]) -> dict[str, dict[str, NDArray[np.float32]]]:
        """Turn rows into weights, each in the order of its own agent."""
        ends = np.cumsum([int(np.prod(shape)) for shape in self._shapes.values()])[:-1]
        found = {}
        for agent, row in zip(self._agents, rows, strict=True):
            own = np.empty(len(row), dtype=np.float32)
            own[self._order[agent]] = row
            parts = zip(self._shapes.items(), np.split(own, ends), strict=True)
            found[agent] = {name: part.reshape(shape) for (name, shape), part in parts}
        return found
