import pytest
import torch

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.footprint import require_memory, training_bytes
from plurigrid_ff.learning.network import FFNetwork


def test_every_parameter_is_held_three_times_and_the_largest_gradient_once():
    config = NetworkConfig(hidden=(6, 5))

    needed = training_bytes(config, (4,), 3)

    largest = 5 * 6 + 5 + 3 * 5  # of the second layer, its directions included
    assert needed == 4 * (3 * FFNetwork(config, (4,), 3, seed=0).num_parameters + largest)


def test_a_network_that_cannot_fit_is_refused_without_being_built():
    needed = training_bytes(NetworkConfig(hidden=(10**9, 10**9)), (784,), 10)

    with pytest.raises(
        ConfigError, match="would take 14901.* GiB, but cpu has .* in all; use fewer"
    ):
        require_memory(needed, torch.device("cpu"))


def test_a_network_that_fits_is_let_through():
    require_memory(1 << 20, torch.device("cpu"))
