"""What training settings need of a network, its samples and its device."""

import torch

from plurigrid_ff.config import TrainingConfig
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
    plan_steps(training, len(network.stack))
    require_engine(network.stack, training)
    Augmentation(training.augmentation, network.feature_shape)
    require_precision(training.precision, device)
