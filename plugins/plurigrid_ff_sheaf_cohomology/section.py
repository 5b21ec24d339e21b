"""The global section nearest to the agents' weights, in memory of a few networks."""

from collections.abc import Mapping, Sequence

import networkx as nx
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from plurigrid_ff.host.ports import EdgeMaps
from plurigrid_ff.sheaves.units import Permutation, UnitSymmetry, gathered
from plurigrid_ff.sheaves.vectors import Weights

Orders = Sequence[Permutation]
"""A permutation of the units of every layer."""

Links = Mapping[tuple[str, str], Orders]
"""Between neighbours, in both directions: unit ``p[i]`` of the second stands for ``i`` of the
first."""


def nearest_section(
    parameters: Mapping[str, Weights], maps: EdgeMaps, symmetry: UnitSymmetry
) -> dict[str, dict[str, NDArray[np.float32]]]:
    """Project weights onto the global sections of the sheaf that the maps make of them.

    A number moves with the units that it belongs to, so its orbit under the maps holds what
    agents would have to agree on; the nearest section holds the mean of each orbit. It is where
    diffusion ends. Along a spanning tree all weights are brought into one order and averaged; what
    the other edges still exchange, their holonomy, is then averaged within one network. So the
    sheaf of all weights of all agents is never built.

    Args:
        parameters: Weights by agent, of one architecture.
        maps: The permutations between neighbours.
        symmetry: What moves along with the units.

    Returns:
        Weights by agent, each in its own order of units.

    Cost: of eight agents, 140 bytes per weight of one network; the sheaf would take 1,600.
    """
    links: dict[tuple[str, str], Orders] = {}
    for (u, v), layers in maps.items():
        links[u, v] = [gathered(p, n) for p, n in zip(layers, symmetry.cells, strict=True)]
        links[v, u] = [np.argsort(p) for p in links[u, v]]
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(parameters)
    graph.add_edges_from(maps)
    found: dict[str, dict[str, NDArray[np.float32]]] = {}
    for part in nx.connected_components(graph):
        agents = [agent for agent in parameters if agent in part]
        order = _common_order(graph, agents[0], links, symmetry)
        own = {agent: parameters[agent] for agent in agents}
        found |= _agreed(own, order, _loops(graph.subgraph(part), order, links), symmetry)
    return found


def _common_order(
    graph: "nx.Graph[str]", root: str, links: Links, symmetry: UnitSymmetry
) -> dict[str, Orders]:
    """Write every agent's units in the order of the root's, along a spanning tree."""
    order: dict[str, Orders] = {root: [np.arange(units) for units in symmetry.units]}
    for u, v in nx.bfs_edges(graph, root):
        order[v] = [p[known] for p, known in zip(links[u, v], order[u], strict=True)]
    return order


def _loops(graph: "nx.Graph[str]", order: Mapping[str, Orders], links: Links) -> list[Orders]:
    """Return what edges still exchange in the common order; those of the tree nothing."""
    loops: list[Orders] = []
    for u, v in graph.edges:
        around: list[Permutation] = [
            np.argsort(to)[p[start]]
            for to, p, start in zip(order[v], links[u, v], order[u], strict=True)
        ]
        if any((p != np.arange(len(p))).any() for p in around):
            loops.append(around)
    return loops


def _agreed(
    parameters: Mapping[str, Weights],
    order: Mapping[str, Orders],
    loops: Sequence[Orders],
    symmetry: UnitSymmetry,
) -> dict[str, dict[str, NDArray[np.float32]]]:
    """Average in the common order, within orbits too, and give all agents what came out."""
    shapes = {name: values.shape for name, values in next(iter(parameters.values())).items()}
    names = tuple(shapes)
    ends = np.cumsum([int(np.prod(shape)) for shape in shapes.values()])
    mean = np.zeros(int(ends[-1]))
    for agent, weights in parameters.items():
        row = np.concatenate([weights[name].ravel() for name in names])
        mean += row[symmetry.number_order(names, order[agent])]
    mean /= len(parameters)
    if loops:
        place = _orbits(len(mean), [symmetry.number_order(names, loop) for loop in loops])
        mean = (np.bincount(place, mean) / np.bincount(place))[place]
    found = {}
    for agent in parameters:
        own = np.empty(len(mean), dtype=np.float32)
        own[symmetry.number_order(names, order[agent])] = mean
        parts = zip(shapes.items(), np.split(own, ends[:-1]), strict=True)
        found[agent] = {name: part.reshape(shape) for (name, shape), part in parts}
    return found


def _orbits(size: int, permutations: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Number the orbits of several permutations together, one permutation at a time."""
    place: NDArray[np.int64] = np.arange(size)
    for permutation in permutations:
        ends = (place, place[permutation])
        joined = sp.coo_array((np.ones(size, dtype=np.int8), ends), shape=(size, size))
        labels = sp.csgraph.connected_components(joined, directed=False)[1]
        place = labels[place].astype(np.int64)
    return place
