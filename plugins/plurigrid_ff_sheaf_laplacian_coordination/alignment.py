"""From what units say, and how they are read, to maps between the units of neighbours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plurigrid_ff.host.ports import Edge, LayerActivities, Parameters, PerAgent
from plurigrid_ff.sheaves.matching import by_cells, match, readings, standardised
from plurigrid_ff.sheaves.synchronisation import map_between, synchronise
from plurigrid_ff.sheaves.units import Permutation, UnitSymmetry


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which unit stands for which.

    Attributes:
        order: Per agent and layer, the order of units in which agents are compared.
        maps: Per edge (u, v) and layer the permutation ``p`` by which unit ``p[i]`` of v stands
            for unit ``i`` of u, both in their own order.
        fits: Per edge, the mean correlation of units that stand for each other, layer by layer.
        closed: Whether the maps are those between the orders, so that they close round every
            cycle.
    """

    order: Mapping[str, tuple[Permutation, ...]]
    maps: Mapping[Edge, tuple[Permutation, ...]]
    fits: Mapping[Edge, tuple[float, ...]]
    closed: bool


def align(
    agents: Sequence[str],
    edges: Sequence[Edge],
    activities: PerAgent[LayerActivities],
    parameters: PerAgent[Parameters],
    symmetry: UnitSymmetry,
    kind: str,
) -> Alignment:
    """Find maps of one kind, layer by layer.

    Units fit each other if they say the same of the probes and if the objective reads them the
    same way: averages of units that say the same for different classes cancel.

    Args:
        agents: All agents.
        edges: Pairs of neighbours.
        activities: What the agents say of the same probes.
        parameters: Weights of the agents.
        symmetry: The orders that the network allows.
        kind: ``synchronised``, ``matched`` or ``identity``.
    """
    order: dict[str, list[Permutation]] = {agent: [] for agent in agents}
    maps: dict[Edge, list[Permutation]] = {edge: [] for edge in edges}
    fits: dict[Edge, list[float]] = {edge: [] for edge in edges}
    for layer, (units, groups, cells) in enumerate(
        zip(symmetry.units, symmetry.groups, symmetry.cells, strict=True)
    ):
        said = {
            agent: standardised(by_cells(activities[agent].layers[layer], cells))
            for agent in agents
        }
        chosen = {agent: np.arange(units) for agent in agents}
        matches: dict[Edge, Permutation] = {}
        if kind != "identity" and edges:
            read = {agent: readings(parameters[agent], symmetry, layer) for agent in agents}
            scores = {
                (u, v): said[u].T @ said[v] / len(said[u]) + read[u].T @ read[v] for u, v in edges
            }
            if kind == "matched":
                matches = {edge: match(fit, groups) for edge, fit in scores.items()}
            else:
                chosen = synchronise(agents, scores, groups)
        for agent in agents:
            order[agent].append(chosen[agent])
        for u, v in edges:
            p = matches[u, v] if matches else map_between(chosen, u, v)
            maps[u, v].append(p)
            fits[u, v].append(float(np.mean(said[u] * said[v][:, p])))
    return Alignment(
        {agent: tuple(layers) for agent, layers in order.items()},
        {edge: tuple(layers) for edge, layers in maps.items()},
        {edge: tuple(values) for edge, values in fits.items()},
        closed=kind != "matched",
    )
