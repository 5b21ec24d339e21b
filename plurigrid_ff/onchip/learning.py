"""Learning in integers, one sample at a time: the reference that the C code must equal.

A layer's update reads its own input, its own activity and the label, and nothing else.
Draws are functions of (key, step, layer, place), so no order of work can change them.
"""

import numpy as np

from plurigrid_ff.derivation import draw
from plurigrid_ff.onchip.arithmetic import (
    BIAS_MAX,
    CLASS_DRAWS,
    ERROR_BITS,
    INPUT_BITS,
    LABEL_DRAW,
    NEGATIVE_DRAWS,
    STEP_MAX,
    UNIT_DRAWS,
    UPDATE_BITS,
    Integers,
    dithers,
    draws,
    normalised,
    saturated,
    sigmoid,
    softmax,
    stochastically_rounded,
)
from plurigrid_ff.onchip.forward import (
    activity,
    class_goodness,
    prepared,
    sample_goodness,
    with_labels,
)
from plurigrid_ff.onchip.network import IntegerLayer, IntegerNetwork

MAX_RATE_SHIFT = 30
DITHER_MASK = (1 << UPDATE_BITS) - 1


def learn(network: IntegerNetwork, x: Integers, label: int) -> None:
    """Update every layer from one sample, in place.

    Args:
        network: What learns.
        x: The sample, int8, shape ``(inputs,)``.
        label: Its class.
    """
    rails = prepared(network, x[None])  # (rails, in_features)
    factors = rails  # what an update multiplies a unit's step with
    if network.objective == "threshold":
        choose = hardest_label if network.hardest else wrong_label
        labels = np.array([label, choose(network, rails, label)])
        twice = np.repeat(rails, 2, axis=0)
        rails = with_labels(network, twice, labels)
        factors = with_labels(network, twice, labels, value=network.label_step)
    for index, layer in enumerate(network.layers):
        h = activity(layer, rails)
        _update(network, layer, layer_key(network, index), factors, h, label)
        rails = factors = normalised(h)
    network.step += 1


def layer_key(network: IntegerNetwork, index: int) -> int:
    """Derive the key of one layer's draws in the current step."""
    return draw(network.key, network.step * len(network.layers) + index)


def hardest_label(network: IntegerNetwork, x: Integers, label: int) -> int:
    """Return the other label of highest goodness in the first layer, the first of equals.

    Args:
        network: What learns.
        x: The prepared sample, shape ``(1, inputs)``.
        label: Its class.
    """
    every = np.arange(network.classes)
    first = network.layers[0]
    rails = with_labels(network, np.repeat(x, network.classes, axis=0), every)
    goodness = sample_goodness(first, activity(first, rails))
    goodness[label] = -1
    return int(goodness.argmax())


def wrong_label(network: IntegerNetwork, _: Integers, label: int) -> int:
    """Draw one of the other labels."""
    high = draw(layer_key(network, 0), LABEL_DRAW) >> 32
    return (label + 1 + high % (network.classes - 1)) % network.classes


def _update(
    network: IntegerNetwork,
    layer: IntegerLayer,
    key: int,
    factors: Integers,
    h: Integers,
    label: int,
) -> None:
    """Move one layer's numbers; ``h`` is its activity, ``factors`` its input."""
    gradient, errors = unit_gradient(network, layer, h, label)
    shift = min(layer.rate_shift + network.halvings, MAX_RATE_SHIFT)
    places = (UNIT_DRAWS, NEGATIVE_DRAWS)[: len(factors)]
    bits = np.stack([draws(key, place, layer.out_features) for place in places])
    steps = stochastically_rounded(gradient, shift, _high(bits))
    steps = np.where(h > 0, saturated(steps, STEP_MAX), 0)  # (rails, out_features)
    row = dithers(key, max(layer.in_features, layer.out_features))
    update = steps.T @ factors + _rotated(row[: layer.in_features], bits[0])
    _subtract(layer.weight, update)
    # A bias is a weight whose input is 1.0, kept with INPUT_BITS more fraction bits.
    bias = layer.bias - (steps.sum(axis=0) << 2 * INPUT_BITS - UPDATE_BITS)
    layer.bias[:] = np.clip(bias, -BIAS_MAX, BIAS_MAX)
    if network.objective == "projection":
        _update_directions(network, layer, key, row, errors, h[0])


def unit_gradient(
    network: IntegerNetwork, layer: IntegerLayer, h: Integers, label: int
) -> tuple[Integers, Integers]:
    """Return the gradient at every unit ``(rails, out_features)``, and the errors behind it.

    The gradient is the float objective's, in integers, without its constant factor.
    """
    if network.objective == "threshold":
        odds = sample_goodness(layer, h) - layer.threshold
        errors = sigmoid(odds * np.array([-1, 1])) * np.array([-1, 1])  # (2,)
        return errors[:, None] * h, errors
    errors = softmax(class_goodness(network, layer, h))[0]
    errors[label] -= 1 << ERROR_BITS
    if network.objective == "projection":
        return (errors @ layer.directions.astype(np.int64))[None], errors
    own = np.repeat(errors, layer.out_features // network.classes)
    return (own * h[0] if network.squares else own)[None], errors


def _update_directions(
    network: IntegerNetwork,
    layer: IntegerLayer,
    key: int,
    row: Integers,
    errors: Integers,
    h: Integers,
) -> None:
    """Move the directions."""
    bits = draws(key, CLASS_DRAWS, network.classes)
    shift = min(layer.direction_shift + network.halvings, MAX_RATE_SHIFT)
    steps = saturated(stochastically_rounded(errors, shift, _high(bits)), STEP_MAX)
    update = steps[:, None] * h + _rotated(row[: layer.out_features], bits)
    _subtract(layer.directions, update)


def _subtract(weights: np.ndarray, update: Integers) -> None:
    """Take rounded updates from int8 weights, in place."""
    weights[:] = saturated(weights - (update >> UPDATE_BITS))


def _rotated(row: Integers, bits: np.ndarray) -> Integers:
    """Turn one row of dithers into one per unit: every entry stays uniform."""
    offset = (bits & np.uint64(DITHER_MASK)).astype(np.int64)
    return row[None, :] + offset[:, None] & DITHER_MASK


def _high(bits: np.ndarray) -> Integers:
    """Bits 32 to 63."""
    return (bits >> np.uint64(32)).astype(np.int64)
