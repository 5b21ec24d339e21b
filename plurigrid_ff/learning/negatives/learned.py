"""Learned negatives: a small network that proposes what the first layer rates high."""

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.learning.draws import draw_rows
from plurigrid_ff.learning.negatives.base import Negatives
from plurigrid_ff.learning.transforms import Linear

if TYPE_CHECKING:
    from plurigrid_ff.learning.network import FFNetwork

NOISE_FEATURES = 32
HIDDEN_FEATURES = 128


class Learned(Negatives):
    """``x_neg = G(z)``: noise through one hidden layer, within the range of the data.

    G's loss is the first layer's own with the rails exchanged: what the layer should rate
    low, G would have rated high. Its gradient passes through that one layer, whose weights
    it leaves alone, and no later layer is asked.

    Reference:
        The exchanged loss is that of Goodfellow et al. (2014), "Generative Adversarial
        Nets", arXiv:1406.2661, with one layer's goodness as the discriminator.
    """

    name = "learned"
    recurrent = False  # its gradient passes through a first layer that reads samples alone
    summary = "what a small network proposes that the first layer rates high"

    def __init__(self, pool: Tensor, num_classes: int, *, key: int) -> None:
        super().__init__(pool, num_classes, key=key)
        self.low, self.high = pool.flatten(1).amin(dim=0), pool.flatten(1).amax(dim=0)
        self.inner = Linear(NOISE_FEATURES, HIDDEN_FEATURES, key=derive_key(key, "inner"))
        self.outer = Linear(HIDDEN_FEATURES, len(self.low), key=derive_key(key, "outer"))
        self.to(pool.device)

    def forward(self, z: Tensor) -> Tensor:
        """Map noise ``(batch, NOISE_FEATURES)`` to ``(batch, *feature_shape)``."""
        share = torch.sigmoid(self.outer(F.relu(self.inner(z))))
        return (self.low + (self.high - self.low) * share).reshape(-1, *self.pool.shape[1:])

    def rails(
        self, network: "FFNetwork", x: Tensor, y: Tensor, *, key: int, sample_ids: Tensor
    ) -> Tensor:
        """Stack samples and proposals; set the gradient of G's own parameters."""
        first = network.stack[0]
        z = 2 * draw_rows(key, sample_ids, NOISE_FEATURES) - 1
        with torch.enable_grad():
            proposed = network.scale(self(z))
            read = first.normalise(proposed).reshape(len(x), *first.in_shape)
            h_neg = first.summary(first.respond(first.transform(read)))
        with torch.no_grad():
            positive = network.scale(x)
            h_pos = first.summary(first.activity(positive))
            exchanged = torch.cat([h_neg.detach(), h_pos])
            _, dh = first.objective.evaluate(exchanged, y)
        parameters: list[nn.Parameter] = list(self.parameters())
        gradients = torch.autograd.grad(h_neg, parameters, dh[: len(x)])
        for parameter, gradient in zip(parameters, gradients, strict=True):
            parameter.grad = gradient
        return torch.cat([positive, proposed.detach()])
