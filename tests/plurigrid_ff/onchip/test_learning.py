"""Integer learning against autograd, and against what no update may depend on."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from plurigrid_ff.config import DataConfig, NetworkConfig
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.onchip.arithmetic import BIAS_MAX, INPUT_BITS, INT8_MAX, normalised
from plurigrid_ff.onchip.forward import activity, predict, prepared, with_labels
from plurigrid_ff.onchip.learning import learn, wrong_label
from plurigrid_ff.onchip.network import (
    LABEL_GAIN_BITS,
    OBJECTIVES,
    IntegerLayer,
    IntegerNetwork,
)
from plurigrid_ff.onchip.quantise import RATES, quantise

KEYS = 1000
TABLE_ERROR = math.exp(1 / 16) - 1  # of the table that softmax and sigmoid read, the most
VARIANTS = [
    ("projection", {}, "auto"),
    ("class-goodness", {"activity": "squares"}, "auto"),
    ("class-goodness", {"activity": "plain"}, "auto"),
    ("threshold", {"sharpness": 3.0}, "wrong-label"),
    ("threshold", {"sharpness": 3.0}, "hardest-label"),
]
NOTHING = np.zeros((1, 1), np.int64)
PARTS = ("weight", "bias", "directions")


def fresh(dataset, objective, options, negatives="auto", hidden=(48, 36), seed=3):
    config = NetworkConfig(hidden=hidden, objective=objective, options=options, negatives=negatives)
    net = FFNetwork(config, dataset.feature_shape, len(dataset.class_names), seed=seed)
    return quantise(net, dataset.train.x, seed=seed)


def mean_updates(network, x, label):
    """Return mean and standard error of each layer's updates over many keys."""
    found = [{part: [] for part in PARTS} for _ in network.layers]
    for key in np.random.default_rng(0).integers(0, 2**64, KEYS, dtype=np.uint64).tolist():
        learner = network.copy()
        learner.key = key
        learn(learner, x, label)
        assert all(np.abs(layer.weight).max() < INT8_MAX for layer in learner.layers)
        for place, before, after in zip(found, network.layers, learner.layers, strict=True):
            for part in PARTS:
                place[part].append(getattr(after, part).astype(np.int64) - getattr(before, part))
    return [
        {
            part: (np.mean(runs, axis=0), np.std(runs, axis=0) / KEYS**0.5)
            for part, runs in layer.items()
        }
        for layer in found
    ]


def float_loss(network, options, layer: IntegerLayer, h, directions, label):
    """The objective written out, from real activities ``(rails, units)``."""
    if network.objective == "projection":
        return F.cross_entropy(h @ directions.T, torch.tensor([label]))
    if network.objective == "class-goodness":
        terms = h.square() if network.squares else h
        means = terms.reshape(1, network.classes, -1).mean(dim=2)
        return F.cross_entropy(4.0 * means, torch.tensor([label]))
    good = options["sharpness"] * (h.square().mean(dim=1) - 1.0)
    return F.softplus(-good[0]) + F.softplus(good[1])


def constant_factor(network, options, layer):
    """What the integer gradient leaves out of the float objective's."""
    if network.objective == "projection":
        return 1.0
    if network.objective == "class-goodness":
        return 4.0 / (layer.out_features // network.classes) * (2 if network.squares else 1)
    return 2 * options["sharpness"] / layer.out_features


def first_goodness(network, x, label):
    """What the first layer sums up for a label, by the definition."""
    rail = with_labels(network, prepared(network, x[None]), np.array([label]))
    return sum(int(h) ** 2 for h in activity(network.layers[0], rail)[0])


def float_steps(network, options, x, label):
    """One gradient step of autograd per layer, in units of the integers that it moves."""
    wrongs = [c for c in range(network.classes) if c != label]
    if network.hardest:
        wrongs = [max(wrongs, key=lambda wrong: first_goodness(network, x, wrong))]
    threshold = network.objective == "threshold"
    steps = [dict.fromkeys(PARTS, 0.0) for _ in network.layers]
    for wrong in wrongs if threshold else [label]:
        rails = prepared(network, x[None])
        if threshold:
            rails = with_labels(network, np.repeat(rails, 2, axis=0), np.array([label, wrong]))
        for place, layer in zip(steps, network.layers, strict=True):
            inputs = torch.from_numpy(rails / 2.0**INPUT_BITS)
            weight = torch.from_numpy(layer.weight / 2.0**layer.weight_bits).requires_grad_()
            bits = layer.weight_bits + INPUT_BITS
            bias = torch.from_numpy(layer.bias / 2.0**bits).requires_grad_()
            directions = torch.from_numpy(layer.directions / 2.0**layer.direction_bits)
            directions.requires_grad_()
            h_int = activity(layer, rails)
            h = F.relu(F.linear(inputs, weight, bias))
            # Straight through: the gradient flows into `h`, its value is the integer one.
            h = h + (torch.from_numpy(h_int / 2.0**layer.activity_bits) - h).detach()
            loss = float_loss(network, options, layer, h, directions, label)
            (loss / constant_factor(network, options, layer)).backward()
            rate = RATES[network.objective]
            share = 1 / (len(wrongs) if threshold else 1)
            pace = 2.0 ** -round(math.log2(layer.in_features / rate)) * share
            moved = pace * weight.grad.numpy() * 2.0**layer.weight_bits
            if layer is network.layers[0]:
                # Read with more bits and kept with fewer: both divide the step of the integers.
                moved[:, network.inputs :] /= 4**LABEL_GAIN_BITS
            place["weight"] -= moved
            place["bias"] -= pace * bias.grad.numpy() * 2.0**bits
            if network.objective == "projection":
                pace = 2.0 ** -round(math.log2(layer.out_features / rate))
                scale = pace * 2.0**layer.direction_bits
                place["directions"] -= scale * directions.grad.numpy()
            rails = normalised(h_int)
    return steps


@pytest.mark.slow
@pytest.mark.parametrize(("objective", "options", "negatives"), VARIANTS)
def test_the_mean_update_is_a_gradient_step_of_the_float_objective(
    blobs, objective, options, negatives
):
    quantised = fresh(blobs, objective, options, negatives)
    network, x = quantised.network, quantised.scaling.apply(blobs.train.x[:1])[0]
    expected = float_steps(network, options, x, 1)
    assert all(layer.direction_shift >= 0 < layer.rate_shift for layer in network.layers)

    found = mean_updates(network, x, 1)

    for layer, (mine, theirs) in enumerate(zip(found, expected, strict=True)):
        for part in PARTS[: 3 if objective == "projection" else 2]:
            mean, error = mine[part]
            size, noise = np.linalg.norm(theirs[part]), np.linalg.norm(error)
            # All rounding is exact in the mean, so what is left is the exponential table,
            # 16 steps per nat and up to 6.5 % too high, and the noise of the draws.
            assert noise < 0.2 * size, (layer, part)
            off = np.linalg.norm(mean - theirs[part])
            assert off <= TABLE_ERROR * size + 1.5 * noise, (layer, part)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_no_layer_learns_from_a_later_one(random_network, objective):
    for seed in range(40):
        network = random_network(seed, objective=objective)
        if len(network.layers) < 2:
            continue
        rng = np.random.default_rng(seed)
        last = network.copy()
        layer = last.layers[-1]
        layer.weight[:] = rng.integers(-127, 128, layer.weight.shape)
        layer.bias[:] += 999
        layer.directions[:] = rng.integers(-127, 128, layer.directions.shape)
        layer.rate_shift = 1

        for _ in range(5):
            x = rng.integers(-127, 128, network.inputs, dtype=np.int8)
            label = int(rng.integers(network.classes))
            learn(network, x, label)
            learn(last, x, label)

        for mine, theirs in zip(network.layers[:-1], last.layers[:-1], strict=True):
            for part in PARTS:
                assert (getattr(mine, part) == getattr(theirs, part)).all()


def bare(classes, key=0, step=0):
    """A network that can draw labels and nothing else."""
    layer = IntegerLayer(
        np.zeros((1, 1), np.int8), np.zeros(1, np.int32), np.empty((0, 1), np.int8), 5, 0
    )
    return IntegerNetwork("threshold", True, 1, classes, False, [layer], key, step=step)


@given(
    classes=st.integers(2, 256),
    place=st.integers(0, 255),
    key=st.integers(0, 2**64 - 1),
    step=st.integers(0, 2**32 - 1),
)
def test_a_negative_label_is_a_class_and_never_the_true_one(classes, place, key, step):
    label = place % classes

    wrong = wrong_label(bare(classes, key, step), NOTHING, label)

    assert 0 <= wrong < classes
    assert wrong != label


def test_every_other_class_is_a_negative_equally_often():
    counts = np.bincount([wrong_label(bare(5, 8, step), NOTHING, 2) for step in range(4000)])

    assert counts[2] == 0
    # Four standard errors of a share of a quarter.
    assert np.abs(counts[[0, 1, 3, 4]] - 1000).max() < 4 * (4000 * 0.25 * 0.75) ** 0.5


def test_equal_keys_and_samples_give_equal_bits(random_network):
    for seed in range(10):
        one, two = random_network(seed), random_network(seed)
        rng = np.random.default_rng(seed)
        x = rng.integers(-127, 128, (6, one.inputs), dtype=np.int8)

        for network in (one, two):
            for step, sample in enumerate(x):
                learn(network, sample, step % network.classes)

        assert one.digest() == two.digest()
        assert one.saturated == two.saturated


def test_draws_depend_on_key_and_step_and_on_no_earlier_call(blobs):
    quantised = fresh(blobs, "threshold", {})
    x = quantised.scaling.apply(blobs.train.x[:1])[0]
    fresh_start = quantised.network.copy()
    fresh_start.step = 7
    worked = quantised.network.copy()
    for _ in range(7):
        learn(worked, x, 0)
    for part, layer in [(p, i) for p in PARTS for i in range(2)]:
        array = getattr(quantised.network.layers[layer], part)
        getattr(worked.layers[layer], part)[:] = array
    other_key = fresh_start.copy()
    other_key.key ^= 1

    for network in (fresh_start, worked, other_key):
        learn(network, x, 0)

    assert worked.digest() == fresh_start.digest()
    assert other_key.digest() != fresh_start.digest()


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_sample_of_zeros_moves_no_weight_of_the_first_layers_features(random_network, objective):
    for seed in range(20):
        network = random_network(seed, objective=objective)
        before = network.layers[0].weight.copy()

        learn(network, np.zeros(network.inputs, np.int8), 0)

        features = slice(0, network.inputs)
        assert (network.layers[0].weight[:, features] == before[:, features]).all()
        assert network.step == 1


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_a_silent_layer_learns_nothing(random_network, objective):
    network = random_network(2, objective=objective)
    for layer in network.layers:
        layer.weight[:] = 0
        layer.bias[:] = -1
    before = network.copy()

    learn(network, np.full(network.inputs, 99, np.int8), 0)

    before.step = 1
    assert network.digest() == before.digest()


def one_unit(weight):
    """A unit that says nothing of the class yet, and is for class 0 and against class 1."""
    layer = IntegerLayer(
        weight=np.array([[weight]], np.int8),
        bias=np.array([0], np.int32),
        directions=np.array([[127], [-127]], np.int8),
        weight_bits=5,
        activity_bits=0,
        direction_bits=20,
        rate_shift=15,
        direction_shift=30,
    )
    return IntegerNetwork("projection", True, 1, 2, False, [layer], key=4)


@pytest.mark.parametrize(("weight", "after", "clamped"), [(120, 127, 1), (50, 113, 0)])
def test_updates_that_int8_cannot_hold_are_clamped_and_counted(weight, after, clamped):
    network = one_unit(weight)

    # Errors are half of 2**15, so the gradient is -127 * 2**15, the step -127, and the update
    # -127 * 127 / 2**8 = -63.004.
    learn(network, np.array([127], np.int8), 0)

    assert network.layers[0].weight[0, 0] in (after, after + 1 - clamped)
    assert network.saturated == 2 + clamped  # the directions are at their ends


def test_a_bias_stops_at_its_limit():
    network = one_unit(127)
    network.layers[0].bias[:] = BIAS_MAX - 1

    learn(network, np.array([127], np.int8), 0)

    assert network.layers[0].bias[0] == BIAS_MAX


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_each_halving_halves_the_mean_update(blobs, objective):
    quantised = fresh(blobs, objective, {})
    network, x = quantised.network, quantised.scaling.apply(blobs.train.x[:1])[0]

    def pull(halvings):
        """How far the first layer moved along the full step, in the mean."""
        total = np.zeros(network.layers[0].weight.shape)
        for key in range(600):
            learner = replace(network.copy(), key=key * 0x9E3779B97F4A7C15 % 2**64)
            learner.halvings = halvings
            learn(learner, x, 1)
            total += network.layers[0].weight - learner.layers[0].weight.astype(int)
        return total / 600

    full, quarter = pull(0), pull(2)

    ratio = (full * quarter).sum() / np.square(full).sum()
    assert ratio == pytest.approx(0.25, abs=0.06)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("objective", "least"),
    [("projection", 0.92), ("class-goodness", 0.86), ("threshold", 0.85)],
)
def test_digits_are_learned_from_scratch_sample_by_sample(objective, least, seed):
    data = load_dataset(DataConfig(), seed=seed)
    config = NetworkConfig(hidden=(60, 40), objective=objective)
    net = FFNetwork(config, data.feature_shape, 10, seed=seed)
    quantised = quantise(net, data.train.x, seed=seed)
    network, x = quantised.network, quantised.scaling.apply(data.train.x)
    for epoch in range(3):
        network.halvings = epoch
        for sample, label in zip(x, data.train.y.tolist(), strict=True):
            learn(network, sample, label)

    accuracy = (predict(network, quantised.scaling.apply(data.test.x)) == data.test.y).mean()

    assert accuracy >= least
