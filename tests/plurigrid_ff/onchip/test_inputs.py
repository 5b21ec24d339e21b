"""From a sample's features to int8."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import QuantisationError
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.onchip.inputs import InputScaling


def network(scaling="none", shape=(4,)):
    return FFNetwork(NetworkConfig(hidden=(6,), scaling=scaling), shape, 3, seed=0)


@given(largest=st.floats(1e-3, 1e6))
def test_the_common_step_is_the_least_power_of_two_that_holds_the_largest_feature(largest):
    samples = np.array([[0.0, largest / 3, -largest, 0.0]], dtype=np.float32)

    scaling = InputScaling.fit(network(), samples)

    (step,) = set(scaling.step.tolist())
    assert np.log2(step) == np.rint(np.log2(step))
    exact = float(np.abs(samples).max())
    assert exact / step <= 127 < exact / (step / 2)
    assert not scaling.offset.any()


def test_whole_features_up_to_127_stay_what_they_are():
    samples = np.array([[0, -127, 5, 127]], dtype=np.float32)

    assert InputScaling.fit(network(), samples).apply(samples).tolist() == [[0, -127, 5, 127]]


def test_features_are_rounded_and_clamped():
    scaling = InputScaling(np.array([0.0, 1.0]), np.array([0.5, 2.0]))

    found = scaling.apply(np.array([[1.2, 8.0], [1e9, -1e9]], dtype=np.float32))

    assert found.dtype == np.int8
    assert found.tolist() == [[2, 4], [127, -127]]


def test_samples_of_any_shape_are_flattened():
    samples = np.arange(12, dtype=np.float32).reshape(1, 3, 4)

    scaling = InputScaling.fit(network(shape=(3, 4)), samples)

    assert scaling.apply(samples).shape == (1, 12)


def test_standard_scaling_takes_the_networks_own_mean_and_deviation():
    rng = np.random.default_rng(0)
    samples = rng.normal([0, 5, -300, 7], [1, 2, 50, 0.01], (500, 4)).astype(np.float32)
    net = network("standard")
    import torch

    net.fit_scaling(torch.from_numpy(samples))

    found = InputScaling.fit(net, samples).apply(samples)

    # INPUT_BITS = 5: one deviation is 32.
    real = np.clip(32 * net.scale(torch.from_numpy(samples)).numpy(), -127, 127)
    assert np.abs(found - real).max() <= 0.51


def test_samples_of_zeros_are_refused():
    with pytest.raises(QuantisationError, match="nothing but zeros, so no scale fits"):
        InputScaling.fit(network(), np.zeros((5, 4), dtype=np.float32))
