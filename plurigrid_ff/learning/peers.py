"""Peer normalisation: no unit falls silent, and none shouts."""

import torch
from torch import Tensor, nn

MEMORY = 0.9  # of the running mean, as in Hinton's own code


class PeerNormalisation(nn.Module):
    """Pulls every unit's mean activity, over time, to the mean of its layer's units.

    ``L = strength / 2 * sum_u (m_u - mean m)^2`` with ``m_u`` a running mean over positives.
    Its gradient skips the ReLU: a unit that is always silent has no other way back.

    Args:
        units: Units of the layer; a unit of a convolution is a channel.
        strength: Weight of the term, 0.03 in the reference.

    Reference:
        Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345, footnote 6.
    """

    mean: Tensor

    def __init__(self, units: int, strength: float) -> None:
        super().__init__()
        self.strength = strength
        self.register_buffer("mean", torch.full((units,), 0.5))

    @torch.no_grad()
    def add_gradient(self, da: Tensor, h: Tensor, positives: int) -> None:
        """Add the term's gradient at the pre-activation of the positives, in place.

        Args:
            da: Gradient at the pre-activation, shape ``(rows, units, *places)``.
            h: Activity, of the same shape.
            positives: How many rows, from the first, are positives.
        """
        da[:positives] += self.pull(h, positives)

    @torch.no_grad()
    def pull(self, h: Tensor, positives: int) -> Tensor:
        """Take up the activity, and return the term's gradient at one positive's pre-activation.

        Args:
            h: Activity, shape ``(rows, units, *places)``.
            positives: How many rows, from the first, are positives.

        Returns:
            Shape ``(1, units, 1, ...)``: every place of a unit has the same.
        """
        over = [0, *range(2, h.ndim)]
        self.mean.mul_(MEMORY).add_(h[:positives].mean(dim=over), alpha=1 - MEMORY)
        size = h[:positives].numel() // len(self.mean)
        pull = (self.mean - self.mean.mean()) * (self.strength / size)
        return pull.reshape(1, -1, *(1 for _ in over[1:]))
