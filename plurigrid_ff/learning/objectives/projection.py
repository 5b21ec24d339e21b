"""Projection goodness: one rail, one pass, and the default."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from plurigrid_ff.config import Settings
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.learning.draws import draw_uniform
from plurigrid_ff.learning.goodness import projected
from plurigrid_ff.learning.kernels import projection as kernels
from plurigrid_ff.learning.objectives.base import Objective
from plurigrid_ff.learning.rounding import full_product
from plurigrid_ff.learning.softmax import softmax_loss

FAST = 16  # a product in bfloat16 has a multiple of so many rows and columns


class Projection(Objective):
    """Cross-entropy of the activity projected onto one learned direction per class.

    ``g = h M^T`` with ``M`` of shape ``(classes, features)``, learned with the layer. No
    negatives are needed: every other class is one.

    Reference:
        Gong, Li & Abdulla (2025), "Mono-Forward", arXiv:2501.09238.
    """

    name = "projection"
    contrast = "classes"
    feature_axes: ClassVar[Mapping[str, int]] = {"directions": 1}
    reading = "directions"
    separable = True
    reads_low = True

    class Options(Settings):
        """Projection has no options."""

    def __init__(self, features: int, num_classes: int, options: Settings, *, key: int) -> None:
        super().__init__(features, num_classes, options, key=key)
        bound = features**-0.5
        draws = draw_uniform(derive_key(key, "directions"), (num_classes, features), bound)
        self.directions = nn.Parameter(draws)

    def goodness(self, h: Tensor) -> Tensor:
        """Score every class, ``(batch, features) -> (batch, classes)``."""
        return projected(h, self.directions)

    def loss(self, h: Tensor, y: Tensor) -> Tensor:
        """Return the mean cross-entropy of goodness over classes."""
        return F.cross_entropy(self.goodness(h), y)

    @torch.no_grad()
    def evaluate(self, h: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss and ``dL/dh = (p - onehot(y)) M / batch``."""
        if h.dtype == torch.bfloat16:
            return self._evaluate_low(h, y)
        loss, dg = softmax_loss(self.goodness(h), y)
        self.directions.grad = dg.T @ h
        return loss, dg @ self.directions

    def _evaluate_low(self, h: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Do the same by products in bfloat16, with classes filled up to what is fast."""
        classes = len(self.directions)
        missing = -classes % FAST
        directions = F.pad(self.directions.bfloat16(), (0, 0, 0, missing))
        loss, dg = softmax_loss(full_product(h, directions.T)[:, :classes], y)
        dg = F.pad(dg.bfloat16(), (0, missing))
        self.directions.grad = full_product(dg.T, h)[:classes]
        return loss, dg @ directions

    def rectifies(self, x: Tensor) -> bool:
        """Whether there are kernels for activities like ``x``."""
        own = type(self).evaluate is Projection.evaluate
        return own and kernels.suits(x, self.num_classes)

    @torch.no_grad()
    def evaluate_rectified(self, h: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Do the same in two passes over the activity."""
        directions = self.directions.detach()
        costs, dg = kernels.projected_costs(h, directions, y)
        da, sums, self.directions.grad = kernels.rectified_outer(dg, directions, h)
        return costs.mean(), da, sums
