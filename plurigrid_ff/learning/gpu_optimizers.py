"""torch's optimizers, with steps for the few large tensors of a layer on a GPU.

States and their names are torch's, so that a checkpoint of one is a checkpoint of the other.
"""

from typing import Any

import torch
from torch import Tensor

from plurigrid_ff.learning.kernels.steps import adam_step, sgd_step


class Adam(torch.optim.Adam):
    """Adam, or AdamW under ``decoupled_weight_decay``; parameters must suit the kernel."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Step by the gradients that are set."""
        for group in self.param_groups:
            moved = [p for p in group["params"] if p.grad is not None]
            if not moved:
                continue
            states = [self._state(p) for p in moved]
            torch._foreach_add_([state["step"] for state in states], 1)
            for p, state in zip(moved, states, strict=True):
                adam_step(
                    p,
                    p.grad,
                    state,
                    group["lr"],
                    betas=group["betas"],
                    epsilon=group["eps"],
                    decay=group["weight_decay"],
                    decoupled=group["decoupled_weight_decay"],
                )

    def _state(self, p: Tensor) -> dict[str, Tensor]:
        """Return what is remembered of a parameter; nothing before its first step."""
        state: dict[str, Tensor] = self.state[p]
        if not state:
            state["step"] = torch.zeros((), dtype=torch.float32, device=p.device)
            state["exp_avg"], state["exp_avg_sq"] = torch.zeros_like(p), torch.zeros_like(p)
        return state


class SGD(torch.optim.SGD):
    """Gradient descent, with momentum or without; parameters must suit the kernel."""

    @torch.no_grad()
    def step(self, closure: Any = None) -> Any:
        """Step by the gradients that are set."""
        for group in self.param_groups:
            momentum, decay = group["momentum"], group["weight_decay"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                velocity = self._velocity(p) if momentum else None
                sgd_step(p, p.grad, velocity, group["lr"], momentum=momentum, decay=decay)

    def _velocity(self, p: Tensor) -> Tensor:
        """Return what is remembered of a parameter; zeros before its first step."""
        state: dict[str, Tensor] = self.state[p]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(p)
        return state["momentum_buffer"]
