"""The forward pass against loops over single numbers."""

import math

import numpy as np
import pytest

from plurigrid_ff.onchip.forward import (
    accumulated,
    activity,
    layer_goodness,
    predict,
    prepared,
    with_labels,
)
from plurigrid_ff.onchip.network import OBJECTIVES


def normalise(row):
    mean = sum(v * v for v in row) * 256 // len(row)
    root = math.isqrt(mean)
    factor = (16 * 256 * 32) // root if root else 0
    return [max(-127, min(127, (v * factor + 128) // 256)) for v in row]


def activities(layer, row):
    found = []
    for weights, bias in zip(layer.weight.tolist(), layer.bias.tolist(), strict=True):
        total = bias + sum(w * v for w, v in zip(weights, row, strict=True))
        shift = layer.weight_bits + 5 - layer.activity_bits
        found.append(max(0, min(127, (total + (1 << shift >> 1)) >> shift)))
    return found


def slow_goodness(network, sample):
    """Goodness of every class in every layer, ``[layer][class]``, in plain Python."""
    row = sample.tolist()
    first = normalise(row) if network.normalises else row
    scores = [[0] * network.classes for _ in network.layers]
    for label in range(network.classes):
        x = first
        if network.objective == "threshold":
            reads = round(4 * math.sqrt(network.classes)) * 64
            x = first + [reads * (k == label) for k in range(network.classes)]
        for index, layer in enumerate(network.layers):
            h = activities(layer, x)
            if network.objective == "projection":
                total = sum(d * v for d, v in zip(layer.directions[label].tolist(), h, strict=True))
                shift = layer.direction_bits + layer.activity_bits - 8
                scores[index][label] = math.floor(total / 2.0**shift)
            else:
                group = len(h) // network.classes
                if network.objective == "class-goodness":
                    own = h[label * group : (label + 1) * group]
                    terms = [v * v for v in own] if network.squares else own
                else:
                    terms = [v * v for v in h]
                scores[index][label] = (sum(terms) * layer.goodness.multiplier) >> (
                    layer.goodness.shift
                )
            x = normalise(h)
    return scores


@pytest.mark.parametrize("objective", OBJECTIVES)
@pytest.mark.parametrize("seed", range(5))
def test_goodness_and_prediction_are_those_of_plain_loops(random_network, objective, seed):
    network = random_network(seed, objective=objective)
    x = np.random.default_rng(seed).integers(-127, 128, (4, network.inputs), dtype=np.int8)
    expected = [slow_goodness(network, sample) for sample in x]

    found = layer_goodness(network, x)

    assert np.moveaxis(found, 1, 0).tolist() == expected
    totals = [[sum(scores) for scores in zip(*sample, strict=True)] for sample in expected]
    assert predict(network, x).tolist() == [total.index(max(total)) for total in totals]


def test_of_equals_the_first_class_is_predicted(random_network):
    network = random_network(0, objective="projection")
    for layer in network.layers:
        layer.directions[:] = layer.directions[0]

    assert predict(network, np.full((3, network.inputs), 9, np.int8)).tolist() == [0, 0, 0]


def test_activity_is_never_negative_and_fits_int8(random_network):
    for seed in range(30):
        layer = random_network(seed).layers[0]
        x = np.random.default_rng(seed).integers(-127, 128, (8, layer.in_features))

        h = activity(layer, x)

        assert h.min() >= 0
        assert h.max() <= 127


def test_the_float_matrix_product_is_exact_at_the_widest_layer():
    from plurigrid_ff.onchip.network import IntegerLayer

    width = 1 << 14
    rng = np.random.default_rng(0)
    layer = IntegerLayer(
        weight=rng.choice(np.array([-127, 127], np.int8), (2, width)),
        bias=np.array([1 << 29, -(1 << 29)], np.int32),
        directions=np.empty((0, 2), np.int8),
        weight_bits=7,
        activity_bits=4,
    )
    x = np.sign(layer.weight[:1].astype(np.int64)) * 127  # the largest sum there is

    expected = layer.weight.astype(np.int64) @ x[0] + layer.bias

    assert accumulated(layer, x)[0].tolist() == expected.tolist()
    assert abs(expected).max() < 1 << 31


def test_a_sample_is_normalised_only_where_the_network_says_so(random_network):
    network = random_network(0)
    x = np.arange(1, network.inputs + 1, dtype=np.int8)[None]

    network.normalises = False
    plain = prepared(network, x)
    network.normalises = True
    scaled = prepared(network, x)

    assert plain.tolist() == x.tolist()
    assert scaled[0].tolist() == normalise(x[0].tolist())


def test_labels_stand_behind_the_features(random_network):
    network = random_network(0, objective="threshold")

    rails = with_labels(network, np.zeros((2, network.inputs), np.int64), np.array([1, 0]))

    hot = np.argwhere(rails).tolist()
    assert hot == [[0, network.inputs + 1], [1, network.inputs]]
    assert rails.max() == network.label_input
