"""Replicas: processes that learn the same layers, each from its part of every batch."""

import torch
import torch.distributed as dist
from torch import Tensor, nn

from plurigrid_ff.distributed.fleet import Fleet


class ProcessReplicas:
    """Sums over the processes of one stage. Their weights stay equal, bit for bit.

    Args:
        fleet: The processes; this one's stage is meant.
    """

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self.part = (fleet.replica, fleet.replicas)

    def agree(self, module: nn.Module, share: float) -> None:
        """Make a module's gradients, means over a share of the batch, those of all of it."""
        gradients = [p.grad for p in module.parameters() if p.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients]).mul_(share)
        self.sum(flat)
        parts = torch.split(flat, [gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def any(self, flags: Tensor) -> None:
        """Set every flag that is set with any replica."""
        counts = flags.to(torch.int32)
        self.sum(counts)
        flags.copy_(counts > 0)

    def sum(self, values: Tensor) -> None:
        """Sum values over the replicas; they lie in one piece of memory."""
        with self._fleet.talking("a replica"):
            dist.all_reduce(values, group=self._fleet.group)
