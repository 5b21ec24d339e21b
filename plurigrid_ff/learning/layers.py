"""Layers that learn without a gradient from any other layer."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from plurigrid_ff.learning.objectives.base import Objective
from plurigrid_ff.learning.transforms import Linear

# Added to the mean square. Torch's default follows the dtype, so that a network asked in
# float64 would be another function wherever an activity is small.
EPSILON = torch.finfo(torch.float32).eps


class FFLayer(nn.Module):
    """Normalise, transform, ReLU; trained by its own objective.

    The input is scaled to unit RMS first: otherwise a layer could score well by copying
    the length of its input, which *is* the goodness of the layer below.

    Args:
        transform: The map with the layer's weights.
        objective: What the layer learns from.
        normalise: False where the input is at unit scale already.

    Reference:
        Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345.
    """

    def __init__(self, transform: Linear, objective: Objective, *, normalise: bool = True) -> None:
        super().__init__()
        self.transform = transform
        self.objective = objective
        self.normalise = normalise

    def read(self, x: Tensor) -> Tensor:
        """Return what the transform sees of ``(rows, in_features)``, detached."""
        x = x.detach()
        return unit_rms(x) if self.normalise else x

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(rows, in_features)`` to ``(rows, out_features)``."""
        return F.relu(self.transform(self.read(x)))

    @torch.no_grad()
    def activity(self, x: Tensor) -> Tensor:
        """Return :meth:`forward` of ``x``, with no graph behind it."""
        return torch.relu_(self.transform(self.read(x)))

    @torch.no_grad()
    def learn(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Set the gradient of this layer's own parameters, and of nothing else.

        No autograd graph is built, so none can cross the layer or outlive the call.

        Args:
            x: Input, shape ``(rails * batch, in_features)``.
            y: True labels, shape ``(batch,)``.

        Returns:
            The layer's activity under the weights it was computed with, detached, shape
            ``(rails * batch, out_features)``, and its loss, a scalar.
        """
        x = self.read(x)
        a = self.transform(x)
        pairs = self.objective.contrast == "pairs"
        h = torch.relu_(join_pairs(a) if pairs else a)
        loss, dh = self.objective.evaluate(h, y)
        # ReLU's derivative is 1 where its output is positive.
        da = dh * (h > 0)
        self.transform.write_gradient(x, part_pairs(da) if pairs else da)
        return torch.relu_(a) if pairs else h, loss


def join_pairs(a: Tensor) -> Tensor:
    """Turn the halves of pairs into pairs [x, x] and [x, x'], ``(2 * batch, features)``.

    Both halves share weights and bias, so a pair's pre-activation is the sum of two:
    ``W x + W x' + 2 b``.

    Args:
        a: Pre-activations of samples above those of their partners.
    """
    own, other = a.chunk(2)
    return torch.cat([2 * own, own + other])


def part_pairs(da: Tensor) -> Tensor:
    """Carry a gradient back through :func:`join_pairs`."""
    equal, mixed = da.chunk(2)
    return torch.cat([2 * equal + mixed, mixed])


def unit_rms(x: Tensor) -> Tensor:
    """Scale each row to a root mean square of 1; a row of zeros stays zero."""
    return F.rms_norm(x, x.shape[-1:], eps=EPSILON)
