"""The composition graph: skills and the triads that join them, in NetworkX."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from plurigrid_ff.config import Triad
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.triad import SLOTS

if TYPE_CHECKING:
    import networkx as nx


def composition_graph(triads: Iterable[Triad], registry: Registry) -> "nx.Graph[str]":
    """Build the bipartite graph of skills and triads.

    Nodes are ``skill:NAME`` (with ``trit``, ``role`` and ``installed``) and ``triad:NAME``;
    an edge carries the ``slot`` that the skill fills.

    Raises:
        UnknownNameError: A triad names a skill that means nothing here.
    """
    import networkx as nx

    graph: nx.Graph[str] = nx.Graph()
    for name in registry.names:
        role = registry.role(name)
        graph.add_node(
            f"skill:{name}",
            kind="skill",
            trit=int(role),
            role=role.slot,
            installed=name in registry.skills,
        )
    for triad in triads:
        graph.add_node(f"triad:{triad.name}", kind="triad")
        for slot in SLOTS:
            name = str(getattr(triad, slot))
            registry.role(name, where=f"triad {triad.name!r}: ")
            graph.add_edge(f"triad:{triad.name}", f"skill:{name}", slot=slot)
    return graph


def triads_of(skill: str, graph: "nx.Graph[str]") -> list[str]:
    """Name the triads that a skill stands in, sorted."""
    return sorted(node.removeprefix("triad:") for node in graph.neighbors(f"skill:{skill}"))
