"""What training settings need of a network, its samples and its device."""

import torch

from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.learning.augmentation import Augmentation
from plurigrid_ff.learning.optimizers import plan_steps
from plurigrid_ff.learning.precision import require_precision


def require_trainable(
    training: TrainingConfig, num_layers: int, feature_shape: tuple[int, ...], device: torch.device
) -> None:
    """Refuse settings that a trainer would refuse, before any work.

    Raises:
        ConfigError: What does not fit, and what would.
    """
    plan_steps(training, num_layers)
    Augmentation(training.augmentation, feature_shape)
    require_precision(training.precision, device)
