"""Weights between torch, JAX and the file of a run: the same names in all three."""

from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.jax_backend.layers import Params
from plurigrid_ff.jax_backend.model import Model, build_model
from plurigrid_ff.learning.checkpoint import NetworkCard, load_network, save_network
from plurigrid_ff.learning.network import FFNetwork


def init(
    config: NetworkConfig, feature_shape: tuple[int, ...], num_classes: int, *, seed: int
) -> tuple[Model, Params]:
    """Describe a network and draw its weights, those of ``plurigrid_ff.FFNetwork``.

    Args:
        config: Its settings.
        feature_shape: Shape of one sample.
        num_classes: Number of classes, at least 2.
        seed: The initial weights are a function of it.

    Raises:
        ConfigError: Settings that do not fit each other, or that this backend does not have.
    """
    return from_torch(FFNetwork(config, feature_shape, num_classes, seed=seed))


def from_torch(network: FFNetwork) -> tuple[Model, Params]:
    """Describe a torch network and copy its weights, in their precision if JAX allows it.

    Raises:
        ConfigError: What of the network this backend does not have.
    """
    model = build_model(network.config, network.feature_shape, network.num_classes)
    state = {name: value.detach().cpu().numpy() for name, value in network.state_dict().items()}
    nested: dict[str, Any] = {}
    for name, value in state.items():
        *path, last = name.split(".")
        place = nested
        for part in path:
            place = place.setdefault(part, {})
        place[last] = jnp.array(value, copy=True)
    params = _listed(nested)
    for layer in params["layers"]:
        layer.setdefault("objective", {})
    return model, params


def to_torch(model: Model, params: Params) -> FFNetwork:
    """Build a torch network with a copy of the weights, in their precision."""
    network = FFNetwork(model.config, model.feature_shape, model.num_classes, seed=0)
    tensors = {
        jax.tree_util.keystr(path, simple=True, separator="."): torch.from_numpy(np.array(value))
        for path, value in jax.tree.leaves_with_path(params)
    }
    network.to(tensors["layers.0.transform.weight"].dtype)
    network.load_state_dict(tensors)
    return network


def load(path: Path | str) -> tuple[Model, Params, NetworkCard]:
    """Read a network's file, such as ``network.safetensors`` of a run.

    Returns:
        What the network computes, its weights, and what the file says of itself.

    Raises:
        CheckpointError: The file is missing or damaged.
        ConfigError: What of the network this backend does not have.
    """
    network, card = load_network(Path(path))
    return *from_torch(network), card


def save(
    path: Path | str, model: Model, params: Params, *, class_names: tuple[str, ...], data: str
) -> None:
    """Write a network's file, which torch and :func:`load` read.

    Args:
        path: Where; what was there stays until the new file is whole.
        model: What the network computes.
        params: Its weights.
        class_names: One name per class.
        data: Name of the data set it learned from.
    """
    save_network(to_torch(model, params), Path(path), class_names=class_names, data=data)


def _listed(nested: dict[str, Any]) -> Any:
    """Turn every dict whose keys count from 0 into a list."""
    held = {
        name: _listed(value) if isinstance(value, dict) else value for name, value in nested.items()
    }
    if held and all(name.isdigit() for name in held):
        return [held[str(index)] for index in range(len(held))]
    return held
