"""Whatever learns by an optimizer of its own: layers, a probe, a source of negatives."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from plurigrid_ff.errors import CheckpointError
from plurigrid_ff.learning.optimizers import StepPlan, set_rate

# Given a module with gradients and the share of the batch they are the mean over: makes them
# those of the whole batch.
Agree = Callable[[nn.Module, float], None]


@dataclass(frozen=True, slots=True)
class Learner:
    """A module and the optimizer that no other module shares.

    Attributes:
        name: Prefix of its tensors in a state file.
        module: Holds the parameters.
        optimizer: Steps them.
        plan: How it steps.
        kept: The module's parameters are saved with the network, not with the state.
        agree: Sums the gradients of replicas; None: there is but one.
    """

    name: str
    module: nn.Module
    optimizer: torch.optim.Optimizer
    plan: StepPlan
    kept: bool = True
    agree: Agree | None = None

    @property
    def parameters(self) -> list[nn.Parameter]:
        """All parameters of the module, found without a walk through it."""
        own: list[nn.Parameter] = self.optimizer.param_groups[0]["params"]
        return own

    def set_rate(self, epoch: float) -> None:
        """Take up the step size of a time, in epochs of the whole training."""
        set_rate(self.optimizer, self.plan.rate.at(epoch))

    def step(self, share: float = 1.0) -> None:
        """Follow the gradient that the module has set, shortened where it is too long; drop it.

        The next layer may write its own into the same memory.

        Args:
            share: Of the batch's samples that the gradient is the mean over, 1 for all; the
                rest is with the replicas.
        """
        if self.agree is not None:
            self.agree(self.module, share)
        parameters = self.parameters
        for parameter in parameters:
            gradient = parameter.grad
            # A fused optimizer walks through memory and does not look at strides.
            if gradient is not None and gradient.stride() != parameter.stride():
                parameter.grad = torch.empty_like(parameter).copy_(gradient)
        if self.plan.clip is not None:
            nn.utils.clip_grad_norm_(parameters, self.plan.clip)
        self.optimizer.step()
        for parameter in parameters:
            parameter.grad = None

    def state(self) -> Iterator[tuple[str, Tensor]]:
        """Yield what must be saved, by name."""
        for name, parameter in self.module.named_parameters():
            if not self.kept:
                yield f"{self.name}.{name}", parameter
            for key, value in self.optimizer.state.get(parameter, {}).items():
                yield f"{self.name}.{name}/{key}", value

    def load(self, tensors: dict[str, Tensor], path: Path) -> None:
        """Take up what :meth:`state` yielded, out of ``tensors``.

        Raises:
            CheckpointError: A tensor is missing or has another shape.
        """
        for name, parameter in self.module.named_parameters():
            place = f"{self.name}.{name}"
            if not self.kept:
                if place not in tensors:
                    raise CheckpointError(
                        f"{path}: tensor {place!r} must have shape {tuple(parameter.shape)}, got "
                        "none; this checkpoint belongs to a run with other negatives"
                    )
                value = _fitting(tensors.pop(place), parameter, place, path)
                with torch.no_grad():
                    parameter.copy_(value)
            prefix = f"{place}/"
            for key in [key for key in tensors if key.startswith(prefix)]:
                value = tensors.pop(key)
                if value.ndim:
                    _fitting(value, parameter, key, path)
                held = value.to(parameter.device)
                self.optimizer.state[parameter][key.removeprefix(prefix)] = held


def learner(
    name: str, module: nn.Module, plan: StepPlan, *, kept: bool = True, agree: Agree | None = None
) -> Learner:
    """Give a module an optimizer of its own."""
    return Learner(name, module, plan.build(module.parameters()), plan, kept, agree)


def _fitting(value: Tensor, parameter: Tensor, name: str, path: Path) -> Tensor:
    """Require the parameter's shape."""
    if value.shape != parameter.shape:
        raise CheckpointError(
            f"{path}: {name} must have shape {tuple(parameter.shape)}, got {tuple(value.shape)}"
        )
    return value
