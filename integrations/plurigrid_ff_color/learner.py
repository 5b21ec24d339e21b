"""An ensemble of Forward-Forward layers that learns from pairs: better colour, worse colour.

Goodness of a colour is the mean squared activity of one ReLU layer. Each pair pushes the better
one's goodness above the worse one's; the gradient has a closed form and stays in the layer.

References:
    Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345; the pair form of its loss:
    Lee & Song (2023), "SymBa", arXiv:2303.08418. Members are pulled to their own initial
    weights, so that they keep apart where nothing was said: Pearce, Leibfried & Brintrup (2020),
    "Uncertainty in Neural Networks: Approximately Bayesian Ensembling", arXiv:1810.05546.
"""

import numpy as np

from plurigrid_ff.colors.spaces import Array

MEMBERS = 4
UNITS = 16
INITIAL_SCALE = 0.4
LEARNING_RATE = 0.03
PULL = 0.01
STEPS = 15
BATCH = 64
_BETAS = (0.9, 0.99)
_EPSILON = 1e-4
_LARGEST = 30.0  # of a difference in goodness: exp stays finite


class PairEnsemble:
    """Layers of the same shape, trained on the same pairs from different initial weights.

    Args:
        num_features: Width of the input, the bias's 1 included.
        rng: Draws the initial weights.
    """

    def __init__(self, num_features: int, rng: np.random.Generator) -> None:
        self.initial = rng.normal(size=(MEMBERS, num_features, UNITS)) * INITIAL_SCALE
        self.weights: Array = self.initial.copy()
        self._first = np.zeros_like(self.weights)
        self._second = np.zeros_like(self.weights)
        self._updates = 0

    def goodness(self, x: Array) -> Array:
        """Score colours ``(n, features)`` under every member, ``(members, n)``."""
        goodness: Array = (np.maximum(x @ self.weights, 0) ** 2).mean(axis=-1)
        return goodness

    def step(self, better: Array, worse: Array) -> None:
        """Take one local step of Adam on pairs ``(pairs, features)`` each."""
        gradient = pair_gradient(self.weights, better, worse)
        gradient += PULL * (self.weights - self.initial)
        self._updates += 1
        first, second = _BETAS
        self._first = first * self._first + (1 - first) * gradient
        self._second = second * self._second + (1 - second) * gradient**2
        mean = self._first / (1 - first**self._updates)
        size = np.sqrt(self._second / (1 - second**self._updates)) + _EPSILON
        self.weights = self.weights - LEARNING_RATE * mean / size


def pair_gradient(weights: Array, better: Array, worse: Array) -> Array:
    """Return the gradient of ``mean softplus(-(g_better - g_worse))`` in closed form.

    Args:
        weights: Shape ``(members, features, units)``.
        better: Shape ``(pairs, features)``.
        worse: Shape ``(pairs, features)``.

    Returns:
        The shape of ``weights``.
    """
    x = np.concatenate([better, worse])
    h = np.maximum(x @ weights, 0)  # (members, 2 pairs, units)
    good, bad = np.split((h**2).mean(axis=-1), 2, axis=1)
    share = 1 / (1 + np.exp(np.clip(good - bad, -_LARGEST, _LARGEST))) / len(better)
    of_goodness = np.concatenate([-share, share], axis=1)[..., None]
    gradient: Array = x.T @ (h * (2 / weights.shape[-1]) * of_goodness)
    return gradient
