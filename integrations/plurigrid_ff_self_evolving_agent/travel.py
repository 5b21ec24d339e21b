"""How weights travel from one agent to a neighbour: written in the neighbour's order of units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plurigrid_ff.host.ports import Edge, EdgeMaps, LayerActivities, Parameters, PerAgent
from plurigrid_ff.sheaves.matching import by_cells, correlations
from plurigrid_ff.sheaves.synchronisation import map_between, synchronise
from plurigrid_ff.sheaves.units import Permutation, UnitSymmetry, spread


@dataclass(frozen=True, slots=True)
class Travel:
    """The maps between neighbours.

    Attributes:
        order: Per layer and agent, unit ``q[i]`` of the agent is unit ``i`` of the common order.
        edges: Pairs of neighbours.
        fits: Per edge, the mean correlation of units that stand for each other.
    """

    order: tuple[Mapping[str, Permutation], ...]
    edges: tuple[Edge, ...]
    fits: Mapping[Edge, float]
    symmetry: UnitSymmetry

    @property
    def maps(self) -> EdgeMaps:
        """The port ``edge-maps``."""
        return {
            (u, v): tuple(
                spread(map_between(order, u, v), cells)
                for order, cells in zip(self.order, self.symmetry.cells, strict=True)
            )
            for u, v in self.edges
        }

    def carry(self, parameters: Parameters, origin: str, to: str) -> Parameters:
        """Write one agent's weights in another's order of units; what they compute is the same."""
        if origin == to:
            return parameters
        moved = self.symmetry.carried(
            parameters, [map_between(order, to, origin) for order in self.order]
        )
        return {name: values.astype(np.float32) for name, values in moved.items()}


def find_maps(
    agents: Sequence[str],
    edges: Sequence[Edge],
    activities: PerAgent[LayerActivities],
    symmetry: UnitSymmetry,
) -> Travel:
    """Match the units of neighbours by what they say of the probes, so that maps close.

    Args:
        agents: All agents.
        edges: Pairs of neighbours.
        activities: What the agents say of the same probes.
        symmetry: The orders that the network allows.
    """
    orders: list[Mapping[str, Permutation]] = []
    fits: dict[Edge, list[float]] = {edge: [] for edge in edges}
    for layer, (units, groups, cells) in enumerate(
        zip(symmetry.units, symmetry.groups, symmetry.cells, strict=True)
    ):
        said = {agent: by_cells(activities[agent].layers[layer], cells) for agent in agents}
        scores = {(u, v): correlations(said[u], said[v]) for u, v in edges}
        order = (
            synchronise(agents, scores, groups) if edges else {a: np.arange(units) for a in agents}
        )
        orders.append(order)
        for (u, v), fit in scores.items():
            p = map_between(order, u, v)
            fits[u, v].append(float(fit[np.arange(units), p].mean()))
    means = {edge: float(np.mean(values)) for edge, values in fits.items()}
    return Travel(tuple(orders), tuple(edges), means, symmetry)
