"""Communication graphs: a small language over NetworkX's constructors, or a file."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.errors import ConfigError, unknown_name
from plurigrid_ff.host.graph_files import read_graph
from plurigrid_ff.society_config import AGENT_NAME

if TYPE_CHECKING:
    import networkx as nx

WHERE = "society.graph"


@dataclass(frozen=True, slots=True)
class Family:
    """A family of graphs.

    Attributes:
        example: A specification of one.
        pattern: What follows the colon, as a regular expression; None: nothing does.
        build: Given agents, what stood after the colon, and a seed, builds the graph.
    """

    example: str
    pattern: str | None
    build: "Callable[[int, str, int], nx.Graph[Any]]"


def build_graph(spec: str, agents: int, *, seed: int) -> "nx.Graph[str]":
    """Build the graph of a society; its nodes are the agents' names.

    Agents of a family of graphs are called ``agent-0``, ``agent-1``, ...; those of a file as
    the file calls them, in its order.

    Args:
        spec: A family, such as ``circulant:1,2``, or a path to a file.
        agents: How many there are.
        seed: The run's seed; random graphs are a function of it.

    Raises:
        UnknownNameError: No such family, and no such file.
        ConfigError: The graph has another number of nodes, is in pieces, or its file cannot
            be used.
    """
    import networkx as nx

    name, _, argument = spec.partition(":")
    graph: nx.Graph[str]
    if name in FAMILIES:
        drawn = _of_family(FAMILIES[name], spec, argument, agents, seed)
        graph = nx.Graph()
        graph.add_nodes_from(f"agent-{node}" for node in range(len(drawn)))
        graph.add_edges_from((f"agent-{u}", f"agent-{v}") for u, v in sorted(drawn.edges))
    elif is_path(spec):
        graph = read_graph(Path(spec), where=WHERE)
        _require_names(graph, spec)
    else:
        raise unknown_name("graph", name, FAMILIES, where=f"{WHERE}: ")
    if len(graph) != agents:
        raise ConfigError(
            f"{WHERE}: {spec!r} has {len(graph)} nodes, but society.agents is {agents}; "
            f"--agents {len(graph)}, or another graph"
        )
    parts = list(nx.connected_components(graph))
    if len(parts) > 1:
        named = ", ".join("{" + ", ".join(sorted(part)) + "}" for part in parts[:5])
        more = f" and {len(parts) - 5} more" if len(parts) > 5 else ""
        raise ConfigError(
            f"{WHERE}: {spec!r} is in {len(parts)} pieces, {named}{more}; what one agent knows "
            "must be able to reach all: take a graph with more edges"
        )
    return graph


def _of_family(family: Family, spec: str, argument: str, agents: int, seed: int) -> "nx.Graph[Any]":
    """Build a graph of a family, with nodes numbered from 0.

    Raises:
        ConfigError: The specification is malformed, or there is no such graph.
    """
    import networkx as nx

    if not re.fullmatch(family.pattern or "", argument):
        raise ConfigError(f"{WHERE}: expected a graph such as {family.example!r}, got {spec!r}")
    try:
        graph = family.build(agents, argument, derive_key(seed, "society", "graph"))
    except (nx.NetworkXError, ValueError) as error:
        raise ConfigError(f"{WHERE}: no {spec!r} with {agents} agents: {error}") from error
    numbered: nx.Graph[Any] = nx.convert_node_labels_to_integers(graph, ordering="sorted")
    return numbered


def is_path(spec: str) -> bool:
    """Tell whether a specification names a file: it has a folder or a suffix, as ``./edges``."""
    name = spec.partition(":")[0]
    return name not in FAMILIES and ("/" in spec or "." in name)


def _require_names(graph: "nx.Graph[str]", spec: str) -> None:
    """Require names that files can have, on any file system.

    Raises:
        ConfigError: The first that cannot.
    """
    seen: dict[str, str] = {}
    for name in graph:
        if not re.fullmatch(AGENT_NAME, name):
            raise ConfigError(
                f"{spec}: an agent cannot be called {name!r}: expected up to 64 letters, digits, "
                "'_', '.' and '-', a letter or digit first"
            )
        other = seen.setdefault(name.lower(), name)
        if other != name:
            raise ConfigError(f"{spec}: {other!r} and {name!r} differ in case alone; rename one")


def _whole(text: str) -> list[int]:
    """Read numbers that stand between commas or crosses."""
    return [int(part) for part in re.split("[,x]", text)]


def _circulant(agents: int, offsets: Sequence[int]) -> "nx.Graph[Any]":
    """Build a circulant graph whose offsets are different ways."""
    far = [offset for offset in offsets if offset > agents // 2]
    if far:
        raise ValueError(f"offset {far[0]} is more than half way round, {agents // 2}")
    return _networkx("circulant_graph", agents, list(offsets))


def _cycle(agents: int, argument: str, seed: int) -> "nx.Graph[Any]":
    """Build a cycle of three at least: two agents would have one edge, and one none."""
    if agents < 3:
        raise ValueError("a cycle has 3 nodes at least")
    return _networkx("cycle_graph", agents)


def _networkx(name: str, *arguments: object, **named: object) -> "nx.Graph[Any]":
    """Call a constructor of NetworkX, which loads on first use."""
    import networkx as nx

    graph: nx.Graph[Any] = getattr(nx, name)(*arguments, **named)
    return graph


FAMILIES: dict[str, Family] = {
    "complete": Family("complete", None, lambda n, a, s: _networkx("complete_graph", n)),
    "cycle": Family("cycle", None, _cycle),
    "path": Family("path", None, lambda n, a, s: _networkx("path_graph", n)),
    "star": Family("star", None, lambda n, a, s: _networkx("star_graph", n - 1)),
    "circulant": Family(
        "circulant:1,2",
        r"[1-9]\d{0,3}(,[1-9]\d{0,3}){0,99}",
        lambda n, a, s: _circulant(n, _whole(a)),
    ),
    "grid": Family(
        "grid:2x4",
        r"[1-9]\d?x[1-9]\d?",
        lambda n, a, s: _networkx("grid_2d_graph", *_whole(a)),
    ),
    "hypercube": Family(
        "hypercube:3", r"[1-9]", lambda n, a, s: _networkx("hypercube_graph", int(a))
    ),
    "regular": Family(
        "regular:3",
        r"[1-9]\d{0,2}",
        lambda n, a, s: _networkx("random_regular_graph", int(a), n, seed=s),
    ),
    "erdos-renyi": Family(
        "erdos-renyi:0.4",
        r"0?\.\d{1,9}|1(\.0{1,9})?",
        lambda n, a, s: _networkx("gnp_random_graph", n, float(a), seed=s),
    ),
}
"""Graphs by the name before the colon."""
