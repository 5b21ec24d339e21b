"""Hinton's objective: goodness of positives above a threshold, of negatives below."""

import torch
from pydantic import Field, PositiveFloat
from torch import Tensor
from torch.nn import functional as F

from plurigrid_ff.config import Settings
from plurigrid_ff.learning.objectives.two_rails import TwoRails


class Threshold(TwoRails):
    """Positives above a threshold of goodness, negatives below it.

    ``L = softplus(s (theta - g_pos)) + softplus(s (g_neg - theta))``, g = mean h^2 or
    another goodness.

    Reference:
        Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345.
    """

    name = "threshold"

    class Options(TwoRails.Options):
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

    def cost(self, g_pos: Tensor, g_neg: Tensor) -> Tensor:
        """Return the negative log-likelihood of the right verdicts, ``(batch,)``."""
        # -logsigmoid(-z) is log(1 + exp(z)) without the overflow; torch's softplus turns
        # linear above 20 and loses the last digits there.
        right_pos = F.logsigmoid(self.sharpness * (g_pos - self.threshold))
        right_neg = F.logsigmoid(self.sharpness * (self.threshold - g_neg))
        return -(right_pos + right_neg)

    def slopes(self, g_pos: Tensor, g_neg: Tensor) -> tuple[Tensor, Tensor]:
        """Return ``-s sigmoid(s (theta - g_pos))`` and ``s sigmoid(s (g_neg - theta))``."""
        wrong_pos = torch.sigmoid(self.sharpness * (self.threshold - g_pos))
        wrong_neg = torch.sigmoid(self.sharpness * (g_neg - self.threshold))
        return -self.sharpness * wrong_pos, self.sharpness * wrong_neg
