"""The composition graph as data: what every picture of it is drawn from."""

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from plurigrid_ff.config import Settings, Triad
from plurigrid_ff.host.composition import composition_graph
from plurigrid_ff.host.enumeration import enumerate_triads
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.triad import SLOTS, TriadCheck, check_triad

TriadState = Literal["ready", "ports do not fit", "not installed", "wrong slots"]


class SkillNode(Settings):
    """A skill."""

    name: str
    role: str
    trit: int
    installed: bool


class TriadNode(Settings):
    """A triad, and whether it can run."""

    name: str
    trit_sum: int
    state: TriadState
    faults: tuple[str, ...]


class Edge(Settings):
    """A skill standing in a triad."""

    triad: str
    skill: str
    slot: str
    trit: int


class Diagram(Settings):
    """A bipartite graph: every edge joins a skill and a triad."""

    skills: tuple[SkillNode, ...] = Field(description="Validators, coordinators, generators.")
    triads: tuple[TriadNode, ...]
    edges: tuple[Edge, ...]


def make_diagram(triads: Iterable[Triad], registry: Registry, *, alone: bool = True) -> Diagram:
    """Gather the graph of some triads and all skills that are known.

    Args:
        triads: The triads, each with a name of its own; of several that share one the last
            is drawn.
        registry: The skills.
        alone: Whether to keep skills that stand in none of the triads.

    Raises:
        UnknownNameError: A triad names a skill that means nothing here.
    """
    named = {triad.name: triad for triad in triads}
    graph = composition_graph(named.values(), registry)
    skills = [
        SkillNode(
            name=node.removeprefix("skill:"),
            role=data["role"],
            trit=data["trit"],
            installed=data["installed"],
        )
        for node, data in graph.nodes(data=True)
        if data["kind"] == "skill" and (alone or graph.degree(node))
    ]
    trits = {skill.name: skill.trit for skill in skills}
    skills.sort(key=lambda skill: (skill.trit, skill.name))
    edges = [
        Edge(triad=name, skill=skill, slot=slot, trit=trits[skill])
        for name, triad in named.items()
        for slot in SLOTS
        for skill in [str(getattr(triad, slot))]
    ]
    nodes = [_triad_node(check_triad(triad, registry)) for triad in named.values()]
    return Diagram(skills=tuple(skills), triads=tuple(nodes), edges=tuple(edges))


def all_triads(registry: Registry, *, absent: bool = False) -> list[Triad]:
    """Name every strict triad of the installed skills, or of all that are known."""
    return [
        Triad(name="-".join(names), **dict(zip(SLOTS, names, strict=True)))
        for triad in enumerate_triads(registry, kind="strict", absent=absent).triads
        for names in [triad.skills]
    ]


def _triad_node(check: TriadCheck) -> TriadNode:
    """Put what is known of a triad into one word."""
    state: TriadState = "ready"
    if check.well_typed is False:
        state = "ports do not fit"
    elif not all(check.installed.values()):
        state = "not installed"
    elif check.faults:
        state = "wrong slots"
    return TriadNode(name=check.name, trit_sum=check.trit_sum, state=state, faults=check.faults)
