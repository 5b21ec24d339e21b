"""Cellular sheaves on a graph, or on a graph with triangles."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import networkx as nx
import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

from plurigrid_ff.errors import SheafError
from plurigrid_ff.sheaves.maps import (
    Map,
    checked,
    entries,
    in_dim,
    is_exact,
    is_permutation,
    out_dim,
)

Node = Any
"""Anything hashable."""
Edge = tuple[Node, Node]
Triangle = tuple[Node, Node, Node]
TOLERANCE = 1e-9
"""Largest entry of d1 d0, relative to the largest product of entries, that counts as 0."""


@dataclass(frozen=True, eq=False)
class CellularSheaf:
    """Stalks on nodes, edges and triangles, and the restriction maps between them.

    An edge is written (tail, head). ``(d0 x)_e = F_head x_head - F_tail x_tail``; round a
    triangle (a, b, c), ``(d1 y)_t = F_ab y_ab + F_bc y_bc - F_ac y_ac``.

    Args:
        node_dims: Dimension of every node's stalk, in the order of cochains.
        edges: Restriction maps of every edge, ``(from the tail, from the head)``.
        triangles: Restriction maps of every triangle (a, b, c) from its edges ab, bc and ac;
            edges must be written in that direction.

    Raises:
        SheafError: Maps whose dimensions do not fit, unknown nodes or edges, or d1 d0 != 0.

    Reference:
        Hansen & Ghrist (2019), "Toward a spectral theory of cellular sheaves", sec. 2 and 3.
    """

    node_dims: Mapping[Node, int]
    edges: Mapping[Edge, tuple[Map, Map]]
    triangles: Mapping[Triangle, tuple[Map, Map, Map]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check every map, and that the two coboundaries compose to zero."""
        for (tail, head), maps in self.edges.items():
            where = f"edge {tail!r} - {head!r}"
            if tail == head or tail not in self.node_dims or head not in self.node_dims:
                raise SheafError(f"{where}: must join two different nodes that have stalks")
            if (head, tail) in self.edges:
                raise SheafError(f"{where}: stands there in both directions; give it once")
            for node, map in zip((tail, head), maps, strict=True):
                _require_dims(map, self.node_dims[node], out_dim(maps[0]), where)
        for triangle, faces in self.triangles.items():
            where = f"triangle {triangle!r}"
            for edge, map in zip(_boundary(triangle), faces, strict=True):
                if edge not in self.edges:
                    raise SheafError(
                        f"{where}: has no edge {edge[0]!r} - {edge[1]!r} in that direction; write "
                        "edges and triangles in one order of the nodes"
                    )
                _require_dims(map, self.edge_dims[edge], out_dim(faces[0]), where)
        self._require_complex()

    @classmethod
    def constant(
        cls, graph: "nx.Graph[Any]", dim: int = 1, *, triangles: Iterable[Triangle] = ()
    ) -> "CellularSheaf":
        """Return the sheaf whose stalks are all the same and whose maps are all the identity.

        Args:
            graph: Its edges are directed along the order of its nodes.
            dim: Dimension of every stalk.
            triangles: Three nodes each, in any order; their edges must be in the graph.
        """
        place = {node: index for index, node in enumerate(graph)}
        same = np.arange(dim)
        edges = [(u, v) if place[u] < place[v] else (v, u) for u, v in graph.edges]
        ordered = (sorted(face, key=place.__getitem__) for face in triangles)
        faces = [(a, b, c) for a, b, c in ordered]
        return cls(
            dict.fromkeys(graph, dim),
            dict.fromkeys(edges, (same, same)),
            dict.fromkeys(faces, (same, same, same)),
        )

    @classmethod
    def bundle(
        cls, nodes: Iterable[Node], dim: int, transports: Mapping[Edge, Map]
    ) -> "CellularSheaf":
        """Return the sheaf in which an edge asks ``x_head = T x_tail``.

        Args:
            nodes: All nodes.
            dim: Dimension of every stalk.
            transports: The map T from tail to head, per edge.
        """
        same = np.arange(dim)
        edges = {
            edge: (checked(map, where=f"edge {edge[0]!r} - {edge[1]!r}"), same)
            for edge, map in transports.items()
        }
        return cls(dict.fromkeys(nodes, dim), edges)

    @cached_property
    def edge_dims(self) -> dict[Edge, int]:
        """Dimension of every edge's stalk."""
        return {edge: out_dim(maps[0]) for edge, maps in self.edges.items()}

    @cached_property
    def triangle_dims(self) -> dict[Triangle, int]:
        """Dimension of every triangle's stalk."""
        return {triangle: out_dim(maps[0]) for triangle, maps in self.triangles.items()}

    @cached_property
    def graph(self) -> "nx.Graph[Any]":
        """The graph below."""
        graph: nx.Graph[Any] = nx.Graph()
        graph.add_nodes_from(self.node_dims)
        graph.add_edges_from(self.edges)
        return graph

    @cached_property
    def node_slices(self) -> dict[Node, slice]:
        """Where each node's part of a 0-cochain stands."""
        return _slices(self.node_dims)

    @cached_property
    def edge_slices(self) -> dict[Edge, slice]:
        """Where each edge's part of a 1-cochain stands."""
        return _slices(self.edge_dims)

    @property
    def is_permutation(self) -> bool:
        """Whether every map of nodes into edges is a permutation, and there are no triangles."""
        return not self.triangles and all(
            is_permutation(map) for maps in self.edges.values() for map in maps
        )

    @property
    def is_exact(self) -> bool:
        """Whether every map has integers or fractions for entries."""
        groups = (*self.edges.values(), *self.triangles.values())
        return all(is_exact(map) for maps in groups for map in maps)

    @cached_property
    def d0(self) -> "sp.csr_array":
        """The coboundary of 0-cochains, ``(edge numbers, node numbers)``, sparse float64."""
        blocks = []
        for edge, (tail, head) in self.edges.items():
            rows = self.edge_slices[edge]
            blocks.append((rows, self.node_slices[edge[0]], -1.0, tail))
            blocks.append((rows, self.node_slices[edge[1]], 1.0, head))
        shape = sum(self.edge_dims.values()), sum(self.node_dims.values())
        return _assembled(blocks, shape)

    @cached_property
    def d1(self) -> "sp.csr_array":
        """The coboundary of 1-cochains, ``(triangle numbers, edge numbers)``, sparse float64."""
        blocks = []
        for triangle, rows in _slices(self.triangle_dims).items():
            (ab, bc, ac), maps = _boundary(triangle), self.triangles[triangle]
            for edge, sign, map in zip((ab, bc, ac), (1.0, 1.0, -1.0), maps, strict=True):
                blocks.append((rows, self.edge_slices[edge], sign, map))
        shape = sum(self.triangle_dims.values()), sum(self.edge_dims.values())
        return _assembled(blocks, shape)

    @cached_property
    def laplacian(self) -> "sp.csr_array":
        """The sheaf Laplacian ``L = d0^T d0``, sparse float64."""
        return sp.csr_array(self.d0.T @ self.d0)

    def cochain(self, values: Mapping[Node, NDArray[Any]]) -> NDArray[np.float64]:
        """Stack one value per node, ``(dim,)`` or ``(dim, columns)``, into a 0-cochain.

        Raises:
            SheafError: A node without value, or a value of another dimension.
        """
        for node, dim in self.node_dims.items():
            if node not in values or len(values[node]) != dim:
                got = np.shape(values[node]) if node in values else "none"
                raise SheafError(f"node {node!r}: expected a value of dimension {dim}, got {got}")
        return np.concatenate([np.asarray(values[node], np.float64) for node in self.node_dims])

    def by_node(self, cochain: NDArray[Any]) -> dict[Node, NDArray[Any]]:
        """Deal a 0-cochain out to the nodes."""
        return {node: cochain[part] for node, part in self.node_slices.items()}

    def _require_complex(self) -> None:
        """Refuse maps that disagree round a triangle.

        Raises:
            SheafError: The triangle where d1 d0 is largest.
        """
        if not self.triangles:
            return
        square = abs(self.d1 @ self.d0)
        scale = max(abs(self.d1).max() * abs(self.d0).max(), 1e-300)
        worst = square.max(axis=1).toarray().ravel()
        if worst.max(initial=0.0) > TOLERANCE * scale:
            row = int(worst.argmax())
            places = _slices(self.triangle_dims).items()
            name = next(t for t, part in places if part.start <= row < part.stop)
            raise SheafError(
                f"triangle {name!r}: d1 d0 must be 0, got an entry of {worst.max():.3g}: the two "
                "ways from a node over an edge into the triangle differ; leave the triangle out, "
                "or correct its maps"
            )


def _boundary(triangle: Triangle) -> tuple[Edge, Edge, Edge]:
    """The edges ab, bc and ac."""
    a, b, c = triangle
    return (a, b), (b, c), (a, c)


def _require_dims(map: Map, dim: int, out: int, where: str) -> None:
    """Refuse a map that does not lead from one stalk to the other.

    Raises:
        SheafError: The dimensions it has and should have.
    """
    if (out_dim(map), in_dim(map)) != (out, dim):
        raise SheafError(
            f"{where}: a map must have shape ({out}, {dim}), from the stalk it leaves to the one "
            f"it reaches, got {(out_dim(map), in_dim(map))}"
        )


def _slices(dims: Mapping[Any, int]) -> dict[Any, slice]:
    """Lay parts of these dimensions one behind the other."""
    ends = np.cumsum(list(dims.values()), dtype=np.int64).tolist()
    return {
        cell: slice(end - dim, end) for (cell, dim), end in zip(dims.items(), ends, strict=True)
    }


def _assembled(
    blocks: list[tuple[slice, slice, float, Map]], shape: tuple[int, int]
) -> "sp.csr_array":
    """Put signed maps at their places in one matrix."""
    rows, columns, values = [], [], []
    for down, across, sign, map in blocks:
        row, column, value = entries(map)
        rows.append(row + down.start)
        columns.append(column + across.start)
        values.append(sign * value)
    if not blocks:
        return sp.csr_array(shape, dtype=np.float64)
    places = np.concatenate(rows), np.concatenate(columns)
    return sp.csr_array(sp.coo_array((np.concatenate(values), places), shape=shape))
