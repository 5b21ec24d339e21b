"""``ff_color_learning``: one layer, 16 units, straight from RGB. The idea in its smallest form."""

from collections.abc import Iterable

import numpy as np

from plurigrid_ff.colors.gamut import srgb_of
from plurigrid_ff.colors.spaces import Array
from plurigrid_ff_color.learner import pair_gradient
from plurigrid_ff_color.notation import ColorError, parse_color

UNITS = 16
EPOCHS = 400
LEARNING_RATE = 0.5


class ColorLayer:
    """A learned layer: goodness of a colour is the mean squared activity of its 16 units.

    Attributes:
        weights: Shape ``(4, 16)``: red, green, blue and the bias.
    """

    def __init__(self, weights: Array) -> None:
        self.weights = weights

    def goodness(self, colors: Iterable[str]) -> Array:
        """Score colours in any notation, ``(n,)``; the positive ones should score higher."""
        h = np.maximum(_inputs(colors) @ self.weights, 0)
        goodness: Array = (h**2).mean(axis=1)
        return goodness


def ff_color_learning(
    positive_colors: Iterable[str], negative_colors: Iterable[str], *, seed: int = 0
) -> ColorLayer:
    """Learn to tell liked colours from disliked ones: RGB, 16 hidden units, a local update.

    Every positive is paired with every negative, and plain gradient steps push the goodness of
    the one above that of the other. No gradient leaves the layer. :class:`PreferenceModel` knows
    more of colours and learns an answer at a time.

    Args:
        positive_colors: At least one, in any notation.
        negative_colors: At least one.
        seed: Of the initial weights.

    Raises:
        ColorError: A colour that cannot be read, or none of one kind.
    """
    positive, negative = _inputs(positive_colors), _inputs(negative_colors)
    if not len(positive) or not len(negative):
        raise ColorError("ff_color_learning needs at least one positive and one negative colour")
    better = np.repeat(positive, len(negative), axis=0)
    worse = np.tile(negative, (len(positive), 1))
    weights = np.random.default_rng(seed).normal(size=(1, better.shape[1], UNITS)) * 0.5
    for _ in range(EPOCHS):
        weights = weights - LEARNING_RATE * pair_gradient(weights, better, worse)
    return ColorLayer(weights[0])


def _inputs(colors: Iterable[str]) -> Array:
    """Return RGB around 0, in [-1, 1], and the bias's 1: ``(n, 4)``."""
    rgb = srgb_of([parse_color(color) for color in colors])
    return np.column_stack([2 * rgb - 1, np.ones(len(rgb))])
