"""Graphs in files: GraphML, or an edge list."""

from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError

from plurigrid_ff.errors import ConfigError
from plurigrid_ff.files import read_text

if TYPE_CHECKING:
    import networkx as nx

MAX_BYTES = 1 << 20


def read_graph(path: Path, *, where: str) -> "nx.Graph[str]":
    """Read an undirected graph, its nodes in the file's order.

    Args:
        path: A ``.graphml`` file, or a text file with two names a line; ``#`` starts a comment.
        where: What names the file, for errors.

    Raises:
        ConfigError: It cannot be read, is no such file, or is directed.
    """
    try:
        text = read_text(path, max_bytes=MAX_BYTES)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise ConfigError(
            f"{where}: {path}: cannot be read: {reason}; name a family of graphs, a .graphml "
            "file or an edge list"
        ) from error
    read = _from_graphml if path.suffix.lower() == ".graphml" else _from_edges
    graph = read(text, f"{where}: {path}")
    loops = [node for node in graph if graph.has_edge(node, node)]
    if loops:
        raise ConfigError(f"{where}: {path}: {loops[0]!r} has an edge to itself; leave that out")
    return graph


def _from_edges(text: str, where: str) -> "nx.Graph[str]":
    """Read two names a line."""
    import networkx as nx

    graph: nx.Graph[str] = nx.Graph()
    for number, line in enumerate(text.splitlines(), start=1):
        names = line.partition("#")[0].split()
        if not names:
            continue
        if len(names) != 2:
            raise ConfigError(
                f"{where}: line {number}: expected the names of two agents, got {len(names)} words"
            )
        graph.add_edge(*names)
    return graph


def _from_graphml(text: str, where: str) -> "nx.Graph[str]":
    """Read GraphML; what nodes and edges bear beside their names does not count."""
    import networkx as nx

    try:
        found = nx.parse_graphml(text)
    except (nx.NetworkXError, ParseError, KeyError, ValueError) as error:
        raise ConfigError(f"{where}: not GraphML: {error}") from error
    if found.is_directed():
        raise ConfigError(
            f'{where}: is directed, but agents talk both ways; write edgedefault="undirected"'
        )
    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(map(str, found.nodes))
    graph.add_edges_from((str(u), str(v)) for u, v in found.edges())
    return graph
