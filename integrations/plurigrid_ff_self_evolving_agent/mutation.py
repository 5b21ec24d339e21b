"""Noise on weights, scaled layer by layer."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.derivation import draw, draw_array

SPREAD = 10.0
"""Largest strength over smallest: strengths are drawn evenly on a logarithmic scale."""


def draw_strength(largest: float, key: int) -> float:
    """Draw how strong a mutation is, in ``(largest / 10, largest]``."""
    share = (draw(key, 0) >> 11) / (1 << 53)
    return float(largest * SPREAD**-share)


def normals(key: int, count: int, start: int) -> NDArray[np.float64]:
    """Draw from the standard normal distribution, shape ``(count,)``.

    Args:
        key: Of the draws.
        count: How many; each takes two draws.
        start: Index of the first draw.

    Reference:
        Box & Muller (1958), "A note on the generation of random normal deviates".
    """
    bits = draw_array(key, start + np.arange(2 * count, dtype=np.int64)) >> np.uint64(11)
    u = (bits.astype(np.float64) + 0.5) / 2**53  # in (0, 1): its logarithm is finite
    values: NDArray[np.float64] = np.sqrt(-2 * np.log(u[0::2])) * np.cos(2 * np.pi * u[1::2])
    return values


def mutate(
    weights: Mapping[str, NDArray[np.float32]], strength: float, key: int
) -> tuple[dict[str, NDArray[np.float32]], int]:
    """Add noise to every weight, in proportion to the size of its layer's weights.

    Args:
        weights: By name; what stands under the same ``layers.N`` is one layer.
        strength: Standard deviation of the noise over the layer's root mean square.
        key: Of the draws; index 0 is left to :func:`draw_strength`.

    Returns:
        The child's weights, of the same shapes, and how many numbers were drawn in all.
    """
    scale = layer_sizes(weights)
    child, drawn = {}, 1
    for name, values in sorted(weights.items()):  # so that draws do not depend on their order
        noise = normals(key, values.size, drawn).reshape(values.shape)
        drawn += 2 * values.size
        child[name] = (values + strength * scale[layer_of(name)] * noise).astype(np.float32)
    return child, drawn


def layer_of(name: str) -> str:
    """Return which layer a weight belongs to: ``layers.0`` of ``layers.0.transform.bias``."""
    return ".".join(name.split(".")[:2])


def layer_sizes(weights: Mapping[str, NDArray[np.float32]]) -> dict[str, float]:
    """Return the root mean square of every layer's weights."""
    squares: dict[str, float] = {}
    counts: dict[str, int] = {}
    for name, values in weights.items():
        layer = layer_of(name)
        squares[layer] = squares.get(layer, 0.0) + float(np.square(values, dtype=np.float64).sum())
        counts[layer] = counts.get(layer, 0) + values.size
    return {layer: (squares[layer] / counts[layer]) ** 0.5 for layer in squares}
