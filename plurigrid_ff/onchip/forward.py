"""The forward pass in integers: activities, goodness, prediction. For any batch."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.onchip.arithmetic import (
    INT8_MAX,
    Integers,
    normalised,
    rounded,
    scaled,
)
from plurigrid_ff.onchip.network import IntegerLayer, IntegerNetwork

Samples = NDArray[np.integer[Any]]  # int8 in any integer type


def prepared(network: IntegerNetwork, x: Samples) -> Integers:
    """Return what the first layer reads of int8 samples ``(batch, inputs)``, without labels."""
    wide = x.astype(np.int64)
    return normalised(wide) if network.normalises else wide


def with_labels(
    network: IntegerNetwork, x: Integers, labels: Integers, *, value: int | None = None
) -> Integers:
    """Append one label column per class to ``(batch, inputs)``.

    Args:
        network: The network.
        x: Prepared samples.
        labels: Which column is not 0, ``(batch,)``.
        value: What it holds; None: what the forward pass reads.
    """
    columns = np.zeros((len(x), network.classes), dtype=np.int64)
    columns[np.arange(len(x)), labels] = network.label_input if value is None else value
    return np.concatenate([x, columns], axis=1)


def accumulated(layer: IntegerLayer, x: Integers) -> Integers:
    """Return bias plus weighted input, ``(batch, out_features)``."""
    # Products of int8 summed over under 2**16 inputs stay exact in float64, whose matrix
    # product is a hundred times faster than the one of integers.
    product = x.astype(np.float64) @ layer.weight.T.astype(np.float64)
    return layer.bias.astype(np.int64) + product.astype(np.int64)


def activity(layer: IntegerLayer, x: Integers) -> Integers:
    """Map input ``(batch, in_features)`` to activity ``(batch, out_features)`` in [0, 127]."""
    shifted = rounded(accumulated(layer, x), layer.activity_shift)
    return np.clip(shifted, 0, INT8_MAX)


def class_goodness(network: IntegerNetwork, layer: IntegerLayer, h: Integers) -> Integers:
    """Score every class in 1/256 nat, ``(batch, classes)``; for objectives with one rail."""
    if network.objective == "projection":
        return scaled(h @ layer.directions.T.astype(np.int64), layer.projection_shift)
    terms = np.square(h) if network.squares else h
    sums = terms.reshape(len(h), network.classes, -1).sum(axis=2)
    return layer.goodness.times(sums)


def sample_goodness(layer: IntegerLayer, h: Integers) -> Integers:
    """Score every row in 1/256 nat, ``(batch,)``; for the threshold objective."""
    return layer.goodness.times(np.square(h).sum(axis=1))


def layer_goodness(network: IntegerNetwork, x: Samples) -> Integers:
    """Score every class in every layer, ``(layers, batch, classes)``, in 1/256 nat.

    Args:
        network: The network.
        x: Samples, int8, shape ``(batch, inputs)``.
    """
    features = prepared(network, x)
    if network.objective != "threshold":
        pairs = _activities(network, features)
        return np.stack([class_goodness(network, *pair) for pair in pairs])
    candidates = []
    for label in range(network.classes):
        rail = with_labels(network, features, np.full(len(x), label))
        candidates.append([sample_goodness(*pair) for pair in _activities(network, rail)])
    return np.moveaxis(np.array(candidates), 0, -1)


def predict(network: IntegerNetwork, x: Samples) -> Integers:
    """Return the class of highest summed goodness, the first of equals, ``(batch,)``."""
    best: Integers = layer_goodness(network, x).sum(axis=0).argmax(axis=1)
    return best


def _activities(network: IntegerNetwork, x: Integers) -> list[tuple[IntegerLayer, Integers]]:
    """Pair every layer with its activity for prepared input."""
    pairs = []
    for layer in network.layers:
        h = activity(layer, x)
        pairs.append((layer, h))
        x = normalised(h)
    return pairs
