"""What a cell makes of its perception: a goodness difference, or a rival's network."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.learning.transforms import Linear
from plurigrid_ff_nca.growing.config import GrowConfig


class GoodnessDifference(nn.Module):
    """A channel is the goodness of its positive neurons minus that of its negative ones.

    ``y_c = mean h_pos^2 - mean h_neg^2``, h = relu(W x + b). Its local loss, of ``y - wanted``,
    is regression: no sample is a positive or a negative one as a whole, so this is not
    Forward-Forward in Hinton's sense, only its goodness and its locality.

    Args:
        in_features: Numbers that a cell perceives.
        channels: Numbers that a cell holds.
        neurons: Positive neurons per channel, and as many negative ones.
        key: The initial weights are a function of it.
    """

    sign: Tensor

    def __init__(self, in_features: int, channels: int, neurons: int, *, key: int) -> None:
        super().__init__()
        self.transform = Linear(in_features, channels * 2 * neurons, key=derive_key(key, "layer"))
        with torch.no_grad():
            # Goodness grows with the square: He's scale would start with updates of about 1.
            self.transform.weight.mul_(0.3)
        # Which neurons count for which channel, and with which sign; a product with it is faster
        # than a sum over groups.
        half = torch.full((neurons,), 1 / neurons)
        signs = torch.cat([half, -half])  # (2 * neurons,)
        self.register_buffer("sign", torch.kron(torch.eye(channels), signs.unsqueeze(0)))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(rows, in_features)`` to ``(rows, channels)``."""
        return self._difference(F.relu(self.transform(x)))

    @torch.no_grad()
    def learn(
        self, x: Tensor, wanted: Tensor, *, weights: Tensor | None = None, scale: float = math.inf
    ) -> tuple[Tensor, Tensor]:
        """Set the gradient of :func:`cauchy_loss`, in closed form.

        Args:
            x: Perceptions, shape ``(rows, in_features)``.
            wanted: Shape ``(rows, channels)``.
            weights: Of the rows, shape ``(rows, 1)``, 1 in all; equal ones if not given.
            scale: Of the loss.

        Returns:
            What was said before, ``(rows, channels)``, and the weighted mean square of its error.
        """
        weights = _equal(x) if weights is None else weights
        a, pull = self.transform.with_pullback(x)
        h = a.relu_()
        said = self._difference(h)
        error = said - wanted
        # dL / dy, channels averaged.
        slope = error / (1 + (error / scale).square()) * (weights * (2 / error.shape[1]))
        # dy / dh is +-2 h / neurons, and h is 0 where ReLU's derivative is.
        pull((slope @ self.sign).mul_(h).mul_(2))
        return said, cauchy_loss(error, weights, math.inf)

    def _difference(self, h: Tensor) -> Tensor:
        """Return the goodness difference per channel, ``(rows, units) -> (rows, channels)``."""
        return h.square() @ self.sign.T


class Perceptron(nn.Module):
    """The rivals' network: perception, one ReLU layer, channels, the last map without a bias.

    Its last map starts at 0, as in Mordvintsev et al. (2020).

    Args:
        in_features: Numbers that a cell perceives.
        channels: Numbers that a cell holds.
        units: Width of the hidden layer.
        key: The initial weights are a function of it.
    """

    def __init__(self, in_features: int, channels: int, units: int, *, key: int) -> None:
        super().__init__()
        hidden = Linear(in_features, units, key=derive_key(key, "layer"))
        self.hidden = nn.Linear(in_features, units)
        self.out = nn.Linear(units, channels, bias=False)
        with torch.no_grad():
            self.hidden.weight.copy_(hidden.weight)
            self.hidden.bias.zero_()
            self.out.weight.zero_()

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(rows, in_features)`` to ``(rows, channels)``."""
        out: Tensor = self.out(F.relu(self.hidden(x)))
        return out

    def learn(
        self, x: Tensor, wanted: Tensor, *, weights: Tensor | None = None, scale: float = math.inf
    ) -> tuple[Tensor, Tensor]:
        """Set the gradient as :meth:`GoodnessDifference.learn` does, by autograd."""
        weights = _equal(x) if weights is None else weights
        self.zero_grad()
        with torch.enable_grad():
            said: Tensor = self(x)
            error = said - wanted
            torch.autograd.backward(cauchy_loss(error, weights, scale))
        return said.detach(), cauchy_loss(error.detach(), weights, math.inf)


def cauchy_loss(error: Tensor, weights: Tensor, scale: float) -> Tensor:
    """Return the weighted mean of ``c^2 log(1 + (error / c)^2)``; the square if c is infinite.

    Errors beyond c count ever less: of several targets that look alike, the likeliest is learned
    instead of their mean, which blurs.

    Args:
        error: Shape ``(rows, channels)``.
        weights: Of the rows, shape ``(rows, 1)``, 1 in all.
        scale: c, above 0.
    """
    loss = error.square()
    if math.isfinite(scale):
        loss = scale**2 * torch.log1p(loss / scale**2)
    return (weights * loss).sum() / error.shape[1]


def _equal(x: Tensor) -> Tensor:
    """Weigh all rows alike, ``(rows, features) -> (rows, 1)``."""
    return x.new_full((len(x), 1), 1 / max(1, len(x)))


Update = GoodnessDifference | Perceptron


def build_update(config: GrowConfig) -> Update:
    """Build what the config names, untrained."""
    key = derive_key(config.seed, "nca-update")
    if config.learner == "goodness-difference":
        return GoodnessDifference(config.perceived, config.channels, config.neurons, key=key)
    return Perceptron(config.perceived, config.channels, config.units, key=key)
