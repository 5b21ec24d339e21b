import jax
import numpy as np
import pytest
import torch

import plurigrid_ff.jax_backend as backend
from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import CheckpointError, ConfigError
from plurigrid_ff.learning.checkpoint import load_network, save_network
from plurigrid_ff.learning.network import FFNetwork

CARD = {"class_names": ("a", "b", "c", "d"), "data": "drawn"}
SETTINGS = [
    {"objective": "distance", "readout_layers": "validated", "scaling": "standard"},
    {"objective": "symba", "readout": "head", "hidden": (12,) * 11},
    {"objective": "self-contrastive", "readout": "probe"},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_a_file_goes_from_torch_to_jax_and_back_unchanged(settings, build, tmp_path):
    network = build(**settings)
    save_network(network, tmp_path / "torch", **CARD)

    model, params, card = backend.load(tmp_path / "torch")
    backend.save(tmp_path / "jax", model, params, **CARD)

    back, card_again = load_network(tmp_path / "jax")
    assert card == card_again
    assert back.state_dict().keys() == network.state_dict().keys()
    for name, value in network.state_dict().items():
        assert back.state_dict()[name].dtype == value.dtype
        assert torch.equal(back.state_dict()[name], value)


def test_what_jax_changes_is_in_the_file(build, tmp_path):
    model, params = backend.from_torch(build())
    params["layers"][1]["transform"]["bias"] += 1

    backend.save(tmp_path / "jax", model, params, **CARD)

    network, _ = load_network(tmp_path / "jax")
    assert (network.layers[1].transform.bias == 1).all()


def test_initial_weights_are_those_of_torch():
    config = NetworkConfig(hidden=(8,))

    _, params = backend.init(config, (5,), 3, seed=7)

    expected = FFNetwork(config, (5,), 3, seed=7).layers[0].transform.weight
    np.testing.assert_array_equal(params["layers"][0]["transform"]["weight"], expected.detach())


def test_weights_are_copies(build):
    network = build()
    _, params = backend.from_torch(network)

    with torch.no_grad():
        network.layers[0].transform.weight.zero_()

    assert params["layers"][0]["transform"]["weight"].any()


def test_a_damaged_file_is_named(tmp_path):
    (tmp_path / "network.safetensors").write_bytes(b"nothing")

    with pytest.raises(CheckpointError, match="network.safetensors"):
        backend.load(tmp_path / "network.safetensors")


def test_a_file_of_a_network_that_jax_has_not_is_refused(build, tmp_path):
    save_network(build(objective="hierarchical"), tmp_path / "torch", **CARD)

    with pytest.raises(ConfigError, match="'hierarchical', but the JAX backend has"):
        backend.load(tmp_path / "torch")


def test_every_leaf_is_an_array(build):
    _, params = backend.from_torch(build(scaling="standard"))

    assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(params))
