"""Layers that paint: each learns on its own to show a sample's colour through a fixed read-out.

``h = relu(W x + b)``, ``painted = A h`` with A drawn once. The loss of a layer is the squared
distance of what it paints from the colour of the class; its gradient stays in the layer. The
goodness of a class is minus the squared distance of its colour.

Reference:
    Nøkland & Eidnes (2019), "Training Neural Networks with Local Error Signals", arXiv:1901.06656:
    a prediction loss per layer. Here its read-out is fixed, as in Hinton's (2022) remark on random
    projections, and the target has three numbers.
"""

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.derivation import derive_key

Array = NDArray[np.float32]
_BETAS = (0.9, 0.999)
_EPSILON = 1e-8


class PaintingLayer:
    """One layer, its fixed read-out, and its own Adam.

    Args:
        in_features: Width of the input.
        units: Width of the output.
        key: Its initial weights and its read-out derive from it.
    """

    def __init__(self, in_features: int, units: int, key: int) -> None:
        rng = np.random.default_rng(key)
        weights = rng.normal(size=(in_features + 1, units)) * np.sqrt(2 / in_features)
        weights[-1] = 0
        self.weights = weights.astype(np.float32)
        self.readout = (rng.normal(size=(units, 3)) / np.sqrt(units)).astype(np.float32)
        self.first = np.zeros_like(self.weights)
        self.second = np.zeros_like(self.weights)
        self.updates = 0

    def forward(self, x: Array) -> Array:
        """Map ``(samples, in_features)`` to activities ``(samples, units)``."""
        h: Array = np.maximum(unit_rms(x) @ self.weights[:-1] + self.weights[-1], 0)
        return h

    def paint(self, h: Array) -> Array:
        """Map activities to colours in the painter's coordinates, ``(samples, 3)``."""
        painted: Array = h @ self.readout
        return painted

    def gradient(self, x: Array, target: Array) -> Array:
        """Return the gradient of the mean squared distance, the shape of ``weights``.

        Args:
            x: Shape ``(samples, in_features)``.
            target: Colours to paint, shape ``(samples, 3)``.
        """
        h = self.forward(x)
        error = (self.paint(h) - target) * np.float32(2 / len(x))
        da = (error @ self.readout.T) * (h > 0)
        return np.concatenate([unit_rms(x).T @ da, da.sum(axis=0, keepdims=True)])

    def step(self, x: Array, target: Array, learning_rate: float) -> None:
        """Take one step of Adam on a batch."""
        gradient = self.gradient(x, target)
        self.updates += 1
        first, second = _BETAS
        self.first += np.float32(1 - first) * (gradient - self.first)
        self.second += np.float32(1 - second) * (gradient**2 - self.second)
        mean = self.first / np.float32(1 - first**self.updates)
        size = np.sqrt(self.second / np.float32(1 - second**self.updates)) + np.float32(_EPSILON)
        self.weights -= np.float32(learning_rate) * mean / size


def make_layers(
    in_features: int, hidden: tuple[int, ...], seed: int, agent: str
) -> tuple[PaintingLayer, ...]:
    """Make an agent's layers, untrained."""
    widths = (in_features, *hidden)
    return tuple(
        PaintingLayer(widths[place], units, derive_key(seed, agent, "gay-mcp", "layer", place))
        for place, units in enumerate(hidden)
    )


def unit_rms(x: Array) -> Array:
    """Scale each row to a root mean square of 1: a layer reads directions, not lengths."""
    rms = np.sqrt((x**2).mean(axis=1, keepdims=True)) + np.float32(1e-6)
    scaled: Array = x / rms
    return scaled


def log_probabilities(painted: Array, colors: Array) -> NDArray[np.float64]:
    """Return the log-softmax of the classes' goodness.

    Args:
        painted: Shape ``(samples, 3)``.
        colors: Colour of each class in the same coordinates, shape ``(classes, 3)``.

    Returns:
        Shape ``(samples, classes)``, nats.
    """
    goodness = -((painted[:, None].astype(np.float64) - colors[None]) ** 2).sum(axis=-1)
    best = goodness.max(axis=1, keepdims=True)
    total = best + np.log(np.exp(goodness - best).sum(axis=1, keepdims=True))
    logs: NDArray[np.float64] = goodness - total
    return logs
