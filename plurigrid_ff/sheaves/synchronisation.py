"""Synchronisation: one order of units per agent, out of what each pair of neighbours says.

Matches between pairs do not close round cycles: each is the best for its pair. Maps between
orders of single agents, ``q_v q_u^-1``, always do.
"""

from collections.abc import Mapping, Sequence

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.sheaves.matching import match
from plurigrid_ff.sheaves.units import Permutation

MOST_SWEEPS = 20
"""Sweeps over all agents; some five are usual until nothing changes."""

Scores = Mapping[tuple[str, str], NDArray[np.float64]]
"""For an edge (u, v), how well each unit of u (row) fits each unit of v (column)."""


def synchronise(agents: Sequence[str], scores: Scores, groups: int = 1) -> dict[str, Permutation]:
    """Return an order of units per agent in which neighbours fit each other best.

    Begins along the spanning tree of best matches, then lets each agent in turn take the order
    that fits those of all its neighbours best. The total fit never falls, so it ends; where it
    ends may depend on where it began. Agents read their neighbours only.

    Args:
        agents: All agents, the first of each component keeps its own order to begin with.
        scores: Correlations of units, once per edge.
        groups: Equal runs of units that a unit may not leave.

    Returns:
        Per agent ``q``: unit ``q[i]`` of the agent is unit ``i`` of the common order.

    Reference:
        Pachauri, Kondor & Singh (2013), "Solving the multi-way matching problem by permutation
        synchronization", NeurIPS, for the problem; the ascent is over the correlations
        themselves, of which their rounded matches keep less.
    """
    both = {**scores, **{(v, u): fit.T for (u, v), fit in scores.items()}}
    near = {agent: [v for u, v in both if u == agent] for agent in agents}
    order = _along_tree(agents, scores, both, groups)
    for _ in range(MOST_SWEEPS):
        changed = False
        for agent in agents:
            if not near[agent]:
                continue
            # Row: place in the common order. Column: unit of this agent.
            fit = np.sum([both[other, agent][order[other]] for other in near[agent]], axis=0)
            found = match(fit, groups)
            if total(fit, found) > total(fit, order[agent]) + 1e-9:
                order[agent], changed = found, True
        if not changed:
            break
    return order


def map_between(order: Mapping[str, Permutation], one: str, other: str) -> Permutation:
    """Return ``p``: unit ``p[i]`` of the other agent stands for unit ``i`` of the one."""
    return order[other][np.argsort(order[one])]


def total(scores: NDArray[np.float64], p: Permutation) -> float:
    """Return ``sum_i scores[i, p[i]]``."""
    return float(scores[np.arange(len(p)), p].sum())


def _along_tree(
    agents: Sequence[str], scores: Scores, both: Scores, groups: int
) -> dict[str, Permutation]:
    """Carry the order of the first agent over the edges that match best."""
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(agents)
    for (u, v), fit in scores.items():
        graph.add_edge(u, v, fit=total(fit, match(fit, groups)))
    tree = nx.maximum_spanning_tree(graph, weight="fit")
    units = len(next(iter(scores.values()))) if scores else 0
    order: dict[str, Permutation] = {}
    for root in agents:
        if root in order:
            continue
        order[root] = np.arange(units)
        for known, new in nx.bfs_edges(tree, root):
            order[new] = match(both[known, new][order[known]], groups)
    return order
