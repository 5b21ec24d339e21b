"""The epochs of a fit, and when to stop."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from plurigrid_ff.learning.early_stopping import EarlyStopping
    from plurigrid_ff.learning.trainer import Trainer

Losses = list[list[float | None]]


def train_all(trainer: "Trainer") -> Losses:
    """Train for all epochs; return the loss of every layer in each."""
    return [[layer.loss for layer in trainer.train_epochs(1)] for _ in range(trainer.config.epochs)]


def train_until(
    trainer: "Trainer", stopping: "EarlyStopping", x: "Tensor", y: "Tensor"
) -> tuple[Losses, list[float]]:
    """Train until the patience is at an end, and leave the network as it was at its best.

    Args:
        trainer: The trainer.
        stopping: Watches the accuracy, an epoch at a time.
        x: Samples to validate on, shape ``(samples, features)``.
        y: Their classes, shape ``(samples,)``.

    Returns:
        The loss of every layer, and the accuracy on ``x``, in each epoch.
    """
    from plurigrid_ff.learning.assessment import accuracy

    losses: Losses = []
    scores: list[float] = []
    while trainer.epoch < trainer.config.epochs and not stopping.exhausted:
        losses.append([layer.loss for layer in trainer.train_epochs(1)])
        scores.append(accuracy(trainer.network, x, y))
        if trainer.all_have_begun:
            updates = tuple(trainer.updates)
            stopping.observe(trainer.epoch, scores[-1], trainer.network, updates)
    if stopping.best is not None:
        trainer.network.load_state_dict(stopping.best.weights)
    return losses, scores
