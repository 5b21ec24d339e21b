"""Hinton's objective: goodness of positives above a threshold, of negatives below."""

import torch
from pydantic import Field, PositiveFloat
from torch import Tensor
from torch.nn import functional as F

from plurigrid_ff.config import Settings
from plurigrid_ff.learning.goodness import mean_of_squares
from plurigrid_ff.learning.objectives.base import Objective


class Threshold(Objective):
    """Two rails: softplus(s (theta - g_pos)) + softplus(s (g_neg - theta)), g = mean h^2.

    Reference:
        Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345.
    """

    name = "threshold"
    rails = 2

    class Options(Settings):
        """Options of the threshold objective."""

        threshold: PositiveFloat = Field(1.0, description="Goodness per unit at p = 1/2.")
        sharpness: PositiveFloat = Field(
            10.0, description="Slope s at the threshold; Hinton's sum of squares has s = width."
        )

    def __init__(self, features: int, num_classes: int, options: Settings, *, key: int) -> None:
        super().__init__(features, num_classes, options, key=key)
        options = self.Options.model_validate(options.model_dump())
        self.threshold = options.threshold
        self.sharpness = options.sharpness

    def goodness(self, h: Tensor) -> Tensor:
        """Score every row, ``(rows, features) -> (rows,)``."""
        return mean_of_squares(h)

    def loss(self, h: Tensor, y: Tensor) -> Tensor:
        """Return the mean negative log-likelihood of the right verdicts."""
        g_pos, g_neg = self.goodness(h).chunk(2)
        # -logsigmoid(-z) is log(1 + exp(z)) without the overflow; torch's softplus turns
        # linear above 20 and loses the last digits there.
        right_pos = F.logsigmoid(self.sharpness * (g_pos - self.threshold))
        right_neg = F.logsigmoid(self.sharpness * (self.threshold - g_neg))
        return -(right_pos + right_neg).mean()

    @torch.no_grad()
    def evaluate(self, h: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss and ``dL/dh = 2 s c h / (batch features)``, c = -+sigmoid."""
        batch, features = len(y), h.shape[1]
        z = self.sharpness * (self.goodness(h) - self.threshold)  # (2 * batch,)
        z[:batch].neg_()
        loss = -F.logsigmoid(-z).sum() / batch
        c = torch.sigmoid(z)
        c[:batch].neg_()
        c *= 2 * self.sharpness / (batch * features)
        return loss, h * c.unsqueeze(1)
