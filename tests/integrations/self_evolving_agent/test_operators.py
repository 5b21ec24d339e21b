from collections import Counter
from math import exp

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plurigrid_ff_self_evolving_agent.acceptance import paired_test, sign_p
from plurigrid_ff_self_evolving_agent.mutation import draw_strength, layer_sizes, mutate, normals
from plurigrid_ff_self_evolving_agent.selection import choose, parent_weight
from scipy.stats import binomtest, kstest


def test_the_parent_weight_is_that_of_the_paper():
    assert parent_weight(0.5, 0) == 0.5
    assert parent_weight(0.9, 3) == pytest.approx(1 / (1 + exp(-4)) / 4)


def test_parents_are_drawn_in_proportion_to_their_weights():
    drawn = Counter(choose([1.0, 2.0, 5.0], key) for key in range(8000))

    assert [drawn[place] / 1000 for place in range(3)] == pytest.approx([1, 2, 5], abs=0.15)


@given(key=st.integers(0, 2**64 - 1), weights=st.lists(st.floats(1e-6, 1), min_size=1, max_size=9))
def test_a_place_is_always_one_of_the_list(key, weights):
    assert 0 <= choose(weights, key) < len(weights)


def test_draws_are_normal_and_no_two_stretches_share_any():
    values = normals(7, 4000, 1)

    assert kstest(values, "norm").pvalue > 0.01
    np.testing.assert_array_equal(normals(7, 3999, 3), values[1:])


def test_noise_has_the_size_of_its_layer_and_shapes_stay():
    weights = {
        "layers.0.transform.weight": np.full((60, 50), 2, np.float32),
        "layers.0.transform.bias": np.zeros(60, np.float32),
        "layers.1.transform.weight": np.full((40, 60), 0.01, np.float32),
    }
    sizes = layer_sizes(weights)

    child, drawn = mutate(weights, 0.1, key=3)

    assert drawn == 1 + 2 * (3000 + 60 + 2400)
    for name, values in child.items():
        noise = values - weights[name]
        assert values.shape == weights[name].shape
        assert values.dtype == np.float32
        assert noise.std() == pytest.approx(0.1 * sizes[name[:8]], rel=0.25)
    again, _ = mutate(dict(reversed(weights.items())), 0.1, key=3)
    np.testing.assert_array_equal(
        again["layers.0.transform.bias"], child["layers.0.transform.bias"]
    )


@given(key=st.integers(0, 2**64 - 1))
def test_strengths_lie_within_a_factor_of_ten(key):
    assert 0.02 <= draw_strength(0.2, key) <= 0.2


@given(gains=st.integers(0, 60), losses=st.integers(0, 60))
def test_the_sign_test_is_scipys(gains, losses):
    expected = (
        binomtest(gains, gains + losses, alternative="greater").pvalue if gains + losses else 1
    )
    assert sign_p(gains, losses) == pytest.approx(expected)


def test_samples_on_which_both_agree_say_nothing():
    child = np.array([1, 1, 1, 1, 1, 0, 1, 0], dtype=bool)
    rival = np.array([0, 0, 0, 0, 0, 1, 1, 0], dtype=bool)

    test = paired_test(child, rival)

    assert (test.gains, test.losses) == (5, 1)
    assert test.p == pytest.approx(7 / 64)
