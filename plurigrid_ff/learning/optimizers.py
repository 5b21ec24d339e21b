"""Optimizers: torch's own, one for each layer, and how each of them steps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from plurigrid_ff.config import OptimizerName, TrainingConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning import gpu_optimizers
from plurigrid_ff.learning.kernels import steps
from plurigrid_ff.learning.rates import Rate, layer_rates
from plurigrid_ff.learning.schedules import Window, layer_windows


@dataclass(frozen=True, slots=True)
class StepPlan:
    """How the parameters of one layer step.

    Attributes:
        optimizer: Which one.
        rate: How large the steps are, and when.
        weight_decay: Pull towards 0.
        momentum: Of ``sgd``.
        clip: Largest norm of the layer's gradient; None: any.
    """

    optimizer: OptimizerName
    rate: Rate
    weight_decay: float
    momentum: float
    clip: float | None

    def build(self, parameters: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """Build the optimizer; its step size is set before each step."""
        parameters = list(parameters)
        on_gpu = any(parameter.is_cuda for parameter in parameters)
        common: dict[str, Any] = {"weight_decay": self.weight_decay, "fused": True}
        # A number would be the same in every replay of a CUDA graph.
        common["lr"] = torch.zeros((), device=parameters[0].device) if on_gpu else 0.0
        own = steps.suits(parameters)
        if self.optimizer == "sgd":
            kind = gpu_optimizers.SGD if own else torch.optim.SGD
            return kind(parameters, momentum=self.momentum, **common)
        common["capturable"] = on_gpu
        decoupled = self.optimizer == "adamw"
        if own:
            return gpu_optimizers.Adam(parameters, decoupled_weight_decay=decoupled, **common)
        return (torch.optim.AdamW if decoupled else torch.optim.Adam)(parameters, **common)

    def during(self, window: Window) -> "StepPlan":
        """Return the same steps over other epochs."""
        return replace(self, rate=replace(self.rate, window=window))


def set_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Take up a step size: a number, or on a GPU the tensor that :meth:`StepPlan.build` made."""
    for group in optimizer.param_groups:
        if not isinstance(group["lr"], Tensor):
            group["lr"] = rate
        elif group.get("taken_up") != rate:
            group["lr"].fill_(rate)
            group["taken_up"] = rate


def plan_steps(training: TrainingConfig, num_layers: int) -> list[StepPlan]:
    """Return how each layer steps, first layer first.

    Raises:
        ConfigError: A list of another length than there are layers, too few epochs for the
            schedule, or a warm-up that fills them.
    """
    rates = layer_rates(training, layer_windows(training, num_layers))
    return [
        StepPlan(name, rate, training.weight_decay, training.momentum, training.clip)
        for name, rate in zip(_layer_optimizers(training, num_layers), rates, strict=True)
    ]


def plan_rival(training: TrainingConfig) -> StepPlan:
    """Return how a network trained end to end steps: as the first layer, in all epochs."""
    first: dict[str, object] = {"schedule": "simultaneous"}
    for name in ("optimizer", "learning_rate"):
        given = getattr(training, name)
        first[name] = given[0] if isinstance(given, tuple) else given
    return plan_steps(training.model_copy(update=first), 1)[0]


def _layer_optimizers(training: TrainingConfig, num_layers: int) -> Sequence[OptimizerName]:
    """Name the optimizer of every layer."""
    given = training.optimizer
    if isinstance(given, str):
        return [given] * num_layers
    if len(given) != num_layers:
        raise ConfigError(
            f"training.optimizer: expected a name, or one for each of {num_layers} layers, got "
            f"{len(given)}"
        )
    return given
