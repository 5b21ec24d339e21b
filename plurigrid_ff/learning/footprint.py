"""What a network will take, known before it is built."""

import os

import torch

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.network import FFNetwork

COPIES = 4  # of every parameter: the weight, its gradient, and Adam's two moments
GIB = 1 << 30


def training_bytes(config: NetworkConfig, feature_shape: tuple[int, ...], num_classes: int) -> int:
    """Bytes that weights, gradients and optimizer state will take; activities come on top."""
    with torch.device("meta"):
        network = FFNetwork(config, feature_shape, num_classes, seed=0)
    return COPIES * sum(p.numel() * p.element_size() for p in network.parameters())


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
