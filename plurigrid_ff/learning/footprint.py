"""What a network will take, known before it is built."""

import os

import torch
from torch import nn

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.network import FFNetwork

COPIES = 3  # of every parameter: the weight, and Adam's two moments
GIB = 1 << 30


def training_bytes(config: NetworkConfig, feature_shape: tuple[int, ...], num_classes: int) -> int:
    """Bytes that weights, optimizer state and gradients will take; activities come on top.

    Layers take steps one after the other, so there is one gradient, of the largest of them.
    """
    with torch.device("meta"):
        network = FFNetwork(config, feature_shape, num_classes, seed=0)
    gradient = max(parameter_bytes(layer) for layer in network.stack)
    return COPIES * parameter_bytes(network) + gradient


def parameter_bytes(module: nn.Module) -> int:
    """Bytes of a module's parameters."""
    return sum(p.numel() * p.element_size() for p in module.parameters())


def require_memory(needed: int, device: torch.device) -> None:
    """Refuse a network that the device cannot hold, before anything is allocated.

    Raises:
        ConfigError: How much it would take, and how much there is.
    """
    if device.type == "cuda":
        there = torch.cuda.mem_get_info(device)[1]
    else:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > there:
        raise ConfigError(
            f"network.hidden: weights, gradients and optimizer state would take "
            f"{needed / GIB:.1f} GiB, but {device.type} has {there / GIB:.1f} GiB in all; use "
            "fewer or narrower layers"
        )
