"""The integer network's own numbers: ratios, digests, copies."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.onchip.network import Ratio


@given(value=st.floats(1e-6, 2.0**13))
def test_a_ratio_is_near_its_factor_with_a_multiplier_of_fifteen_bits(value):
    ratio = Ratio.near(value)

    assert ratio.multiplier / 2.0**ratio.shift == pytest.approx(value, rel=2.0**-15)
    assert 1 << 14 <= ratio.multiplier <= 1 << 15


@given(value=st.floats(1e-3, 100.0), number=st.integers(0, 2**28))
def test_a_ratio_multiplies_and_rounds_down(value, number):
    ratio = Ratio.near(value)

    exact = math.floor(number * ratio.multiplier / 2**ratio.shift)

    assert ratio.times(np.array([number]))[0] == pytest.approx(exact, abs=1)
    assert ratio.times(np.array([number]))[0] == number * ratio.multiplier // 2**ratio.shift


def test_the_digest_is_fnv_1a_of_step_weights_biases_and_directions(random_network):
    network = random_network(4, objective="projection")
    network.step = 0x01020304
    stream = bytearray([4, 3, 2, 1])
    for layer in network.layers:
        stream += bytes(int(w) & 0xFF for w in layer.weight.T.ravel())
        for bias in layer.bias.tolist():
            stream += bias.to_bytes(4, "little", signed=True)
        stream += bytes(int(d) & 0xFF for d in layer.directions.ravel())

    expected = 2166136261
    for byte in stream:
        expected = (expected ^ byte) * 16777619 % 2**32

    assert network.digest() == expected


@pytest.mark.parametrize("part", ["weight", "bias", "directions"])
def test_the_digest_sees_every_part_that_learns(random_network, part):
    network = random_network(4, objective="projection")
    before = network.digest()

    getattr(network.layers[-1], part).flat[-1] ^= 1

    assert network.digest() != before


def test_a_copy_learns_on_its_own(random_network):
    network = random_network(4, objective="projection")
    before = network.digest()

    other = network.copy()
    other.step = 9
    for layer in other.layers:
        layer.weight[:] = layer.bias[:] = 0
        layer.directions[:] = 0

    assert network.digest() == before
    assert other.digest() != before


def test_a_labels_column_reads_the_root_of_the_classes_with_eight_times_the_gain(random_network):
    network = random_network(1, objective="threshold")

    others = [replace(network, classes=classes) for classes in (2, 4, 16, 100)]

    assert [other.label_step for other in others] == [6, 8, 16, 40]  # 4 sqrt(classes)
    assert [other.label_input for other in others] == [384, 512, 1024, 2560]  # 256 sqrt(classes)


def test_only_the_threshold_objective_has_label_columns(random_network):
    for objective in ("projection", "class-goodness"):
        assert random_network(0, objective=objective).label_columns == 0
    network = random_network(0, objective="threshold")
    assert network.label_columns == network.classes
