"""Integer learning, and what no update may depend on."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.config import DataConfig, NetworkConfig
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.onchip.arithmetic import BIAS_MAX
from plurigrid_ff.onchip.forward import layer_goodness, predict, prepared
from plurigrid_ff.onchip.learning import hardest_label, learn, wrong_label
from plurigrid_ff.onchip.network import (
    OBJECTIVES,
    IntegerLayer,
    IntegerNetwork,
)
from plurigrid_ff.onchip.quantise import quantise

NOTHING = np.zeros((1, 1), np.int64)
PARTS = ("weight", "bias", "directions")


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


def test_the_hardest_label_is_the_wrong_one_of_highest_goodness(random_network):
    for seed in range(40):
        network = random_network(seed, objective="threshold")
        x = np.random.default_rng(seed).integers(-127, 128, (1, network.inputs))
        goodness = layer_goodness(network, x)[0, 0].tolist()
        label = seed % network.classes
        wrong = [k for k in range(network.classes) if k != label]

        found = hardest_label(network, prepared(network, x), label)

        assert found == max(wrong, key=lambda k: goodness[k])


@pytest.mark.parametrize(("label", "wrong"), [(0, 1), (1, 0)])
def test_where_all_labels_are_as_hard_the_first_wrong_one_is_taken(random_network, label, wrong):
    network = random_network(2, objective="threshold")
    network.layers[0].weight[:] = 0
    network.layers[0].bias[:] = -1

    found = hardest_label(network, prepared(network, np.ones((1, network.inputs), np.int64)), label)

    assert found == wrong


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


def test_draws_depend_on_key_and_step_and_on_no_earlier_call(blobs, fresh):
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
def test_each_halving_halves_the_mean_update(blobs, fresh, objective):
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
