"""The Laplacian of a bundle of permutations, applied by index: for stalks of millions."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.sheaves.sheaf import Edge, Node


class PermutationLaplacian:
    """Applies ``L = d0^T d0`` of a bundle of permutations without writing the matrix.

    ``(L x)_u`` is the sum over neighbours v of ``x_u - P x_v``, P the map from v to u.

    Args:
        nodes: All nodes, in the order of rows.
        maps: For an edge (u, v) the permutation ``p`` of shape ``(numbers,)`` by which
            ``x_v[p]`` is compared with ``x_u``; None where it is the identity.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        maps: Mapping[Edge, NDArray[np.int64] | None],
    ) -> None:
        row = {node: index for index, node in enumerate(nodes)}
        self._edges = [
            (row[u], row[v], p, None if p is None else np.argsort(p)) for (u, v), p in maps.items()
        ]

    def __call__(self, x: NDArray[np.float64]) -> NDArray[np.float64]:
        """Map ``(nodes, numbers)`` to the same shape."""
        result = np.zeros_like(x)
        for u, v, p, back in self._edges:
            excess = x[u] - (x[v] if p is None else x[v, p])
            result[u] += excess
            result[v] -= excess if back is None else excess[back]
        return result

    def discords(self, x: NDArray[np.float64]) -> list[float]:
        """Return ``|x_u - P x_v|`` of every edge, in the order of the maps."""
        return [
            float(np.linalg.norm(x[u] - (x[v] if p is None else x[v, p])))
            for u, v, p, _ in self._edges
        ]
