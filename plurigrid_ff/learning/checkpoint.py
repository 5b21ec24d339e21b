"""Networks in files: weights in safetensors, with the config that rebuilds them."""

from pathlib import Path
from typing import Literal

import torch
from pydantic import PositiveInt
from torch import Tensor

from plurigrid_ff.config import NetworkConfig, Settings
from plurigrid_ff.errors import CheckpointError, ConfigError
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.tensors import read_metadata, read_tensors, write_tensors


class NetworkCard(Settings):
    """What a network file says of itself, beside the weights."""

    format: Literal[1] = 1
    network: NetworkConfig
    feature_shape: tuple[PositiveInt, ...]
    class_names: tuple[str, ...]
    data: str
    updates: tuple[int, ...] = ()


def save_network(
    network: FFNetwork,
    path: Path,
    *,
    class_names: tuple[str, ...],
    data: str,
    updates: tuple[int, ...] = (),
) -> None:
    """Write a network; whatever was at ``path`` stays until the new file is whole.

    Args:
        network: What to save.
        path: Where.
        class_names: One name per class.
        data: Name of the data set it learned from.
        updates: Optimizer steps each layer took.
    """
    card = NetworkCard(
        network=network.config,
        feature_shape=network.feature_shape,
        class_names=class_names,
        data=data,
        updates=updates,
    )
    write_tensors(path, network.state_dict(), card.model_dump(mode="json"))


def load_network(path: Path) -> tuple[FFNetwork, NetworkCard]:
    """Rebuild a network from its file, on the CPU.

    Shapes are compared before any memory is taken, so a file that claims a huge network
    costs nothing.

    Raises:
        CheckpointError: The file is missing or damaged, or its tensors are not those of
            the network it describes.
    """
    metadata, shapes = read_metadata(path)
    try:
        card = NetworkCard.parse(metadata, where=str(path))
    except ConfigError as error:
        raise CheckpointError(str(error)) from error
    with torch.device("meta"):
        network = FFNetwork(card.network, card.feature_shape, len(card.class_names), seed=0)
    expected = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    check_shapes(path, expected, shapes)
    tensors, _ = read_tensors(path)
    # Into memory of torch's own: a product of numbers that lie unaligned, as in a file, can
    # differ in its last bits.
    own = {name: tensors.pop(name).clone() for name in list(tensors)}
    network.load_state_dict(own, assign=True)
    _require_layers(network, path)
    return network, card


def load_weights(network: FFNetwork, path: Path) -> None:
    """Load weights into a network that exists.

    Raises:
        CheckpointError: The file is damaged or holds a network of another shape.
    """
    tensors, _ = read_tensors(path)
    load_tensors(network, tensors, where=str(path))


def load_tensors(network: FFNetwork, tensors: dict[str, Tensor], *, where: str) -> None:
    """Load weights and buffers into a network that exists.

    Raises:
        CheckpointError: They are those of a network of another shape.
    """
    expected = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    check_shapes(where, expected, {name: tuple(value.shape) for name, value in tensors.items()})
    network.load_state_dict(tensors)
    _require_layers(network, where)


def _require_layers(network: FFNetwork, path: Path | str) -> None:
    """Require a read-out of layers that there are.

    Raises:
        CheckpointError: The range that the file holds is none.
    """
    first, last = network.read_out.layers
    if not 1 <= first <= last <= len(network.stack):
        raise CheckpointError(
            f"{path}: tensor 'read_out.bounds' must hold first and last of {len(network.stack)} "
            f"layers, got {[first, last]}; the file is damaged"
        )


def check_shapes(
    path: Path | str, expected: dict[str, tuple[int, ...]], actual: dict[str, tuple[int, ...]]
) -> None:
    """Compare tensor names and shapes.

    Raises:
        CheckpointError: The first that differs, with both shapes.
    """
    for name in sorted(expected.keys() | actual.keys()):
        want, got = expected.get(name), actual.get(name)
        if want != got:
            raise CheckpointError(
                f"{path}: tensor {name!r} must have shape {want or 'absent'}, got "
                f"{got or 'none'}; this checkpoint belongs to a network of another shape"
            )
