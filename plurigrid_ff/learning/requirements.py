"""What training settings need of a network, its samples and its device."""

import torch

from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.augmentation import Augmentation
from plurigrid_ff.learning.engine import require_engine
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.optimizers import plan_steps
from plurigrid_ff.learning.precision import require_precision


def require_trainable(training: TrainingConfig, network: FFNetwork, device: torch.device) -> None:
    """Refuse settings that a trainer would refuse, before any work.

    Raises:
        ConfigError: What does not fit, and what would.
    """
    require_workers(training, network)
    plan_steps(training, len(network.stack))
    require_engine(network.stack, training)
    Augmentation(training.augmentation, network.feature_shape)
    require_precision(training.precision, device)


def require_workers(training: TrainingConfig, network: FFNetwork) -> None:
    """Refuse threads that a network cannot be divided among.

    Raises:
        ConfigError: What does not fit, and what would.
    """
    if training.workers == 1:
        return
    require_stages(network, training.workers, where="training.workers")
    for number, layer in enumerate(network.stack, start=1):
        if layer.transform.kind == "block":
            raise ConfigError(
                f"training.workers: layer {number} is a 'block', which draws from torch's own "
                "generators, and threads share those; use training.workers = 1, or processes: "
                "torchrun -m plurigrid_ff.distributed"
            )


def require_stages(network: FFNetwork, stages: int, *, where: str) -> None:
    """Refuse stages that a network cannot be cut into.

    Args:
        network: The network.
        stages: How many there would be.
        where: What says so, for errors.

    Raises:
        ConfigError: More stages than layers, or something that reads across them.
    """
    layers = len(network.stack)
    if stages > layers:
        raise ConfigError(
            f"{where}: {stages} stages, but the network has {layers} to divide; a stage has one "
            f"layer at least, so take at most {layers}"
        )
    if stages == 1:
        return
    config = network.config
    across = {
        "network.recurrent lets a layer hear the one above it": config.recurrent is not None,
        "network.locality = 2 lets a loss move the layer below": config.locality > 1,
        f"network.readout = {config.readout!r} reads all layers after every step": (
            network.probe is not None
        ),
    }
    for what, holds in across.items():
        if holds:
            raise ConfigError(
                f"{where}: {stages} stages pass activity upwards and nothing else, but {what}; "
                f"take 1, or leave that out"
            )
