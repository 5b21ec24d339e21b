"""Holonomy: what becomes of a stalk that is carried round a cycle."""

from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np

from plurigrid_ff.sheaves.maps import Map, as_matrix, compose, inverse, is_permutation
from plurigrid_ff.sheaves.sheaf import CellularSheaf, Node


@dataclass(frozen=True, slots=True)
class Holonomy:
    """The map that a cycle makes of the stalk where it starts.

    Attributes:
        cycle: Nodes in the order they are passed, the start once.
        map: The map round the cycle.
    """

    cycle: tuple[Node, ...]
    map: Map

    @property
    def defect(self) -> float:
        """How far the map is from the identity, ``|H - 1|^2 / 2n``.

        For a permutation, the share of units that do not come back to themselves; for an
        orthogonal map ``1 - trace(H) / n``, at most 2.
        """
        if is_permutation(self.map):
            return float(np.mean(self.map != np.arange(len(self.map))))
        n = len(self.map)
        return float(np.sum(np.square(self.map - np.eye(n)))) / (2 * n)


def transport(sheaf: CellularSheaf, start: Node, end: Node) -> Map:
    """Return the map along the edge between two neighbours.

    Raises:
        SheafError: The map into the edge at its end has no inverse.
    """
    edge = (start, end) if (start, end) in sheaf.edges else (end, start)
    maps = sheaf.edges[edge]
    leaving, arriving = maps if edge == (start, end) else maps[::-1]
    back = inverse(arriving, where=f"edge {edge[0]!r} - {edge[1]!r}")
    return compose(back, leaving)


def holonomies(sheaf: CellularSheaf) -> list[Holonomy]:
    """Return the holonomy of every fundamental cycle of a breadth-first tree.

    They generate the holonomy of all cycles; on one cycle alone there is only one. A section
    exists for every vector that all of them fix, so ``h0`` counts those vectors.

    Raises:
        SheafError: A map without inverse.
    """
    found = []
    for part in nx.connected_components(sheaf.graph):
        root = next(node for node in sheaf.node_dims if node in part)
        parents = dict(nx.bfs_predecessors(sheaf.graph, root))
        tree = {frozenset(pair) for pair in parents.items()}
        for tail, head in sheaf.edges:
            if tail in part and frozenset((tail, head)) not in tree:
                cycle = _cycle(parents, tail, head)
                found.append(Holonomy(cycle, _around(sheaf, cycle)))
    return found


def holonomy_defect(sheaf: CellularSheaf) -> float:
    """Return the mean defect of the fundamental cycles; 0 on a tree.

    It depends a little on which cycles are the fundamental ones; whether it is 0 does not.
    """
    defects = [holonomy.defect for holonomy in holonomies(sheaf)]
    return float(np.mean(defects)) if defects else 0.0


def _cycle(parents: dict[Any, Any], tail: Node, head: Node) -> tuple[Node, ...]:
    """Join the tree's paths to both ends of an edge where they first meet."""
    up, down = _path(parents, tail), _path(parents, head)
    while len(up) > 1 and len(down) > 1 and up[-2] == down[-2]:
        up.pop()
        down.pop()
    return (*up, *reversed(down[:-1]))


def _path(parents: dict[Any, Any], node: Node) -> list[Node]:
    """List a node and all above it."""
    path = [node]
    while path[-1] in parents:
        path.append(parents[path[-1]])
    return path


def _around(sheaf: CellularSheaf, cycle: tuple[Node, ...]) -> Map:
    """Compose the maps round a cycle."""
    total: Map = np.arange(sheaf.node_dims[cycle[0]])
    for start, end in zip(cycle, (*cycle[1:], cycle[0]), strict=True):
        total = compose(transport(sheaf, start, end), total)
    return total if is_permutation(total) else as_matrix(total).astype(np.float64)
