"""Self-contrastive learning: a sample with itself against a sample with another. No labels."""

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat
from torch import Tensor
from torch.nn import functional as F

from plurigrid_ff.config import Settings
from plurigrid_ff.learning.objectives.two_rails import TwoRails


class SelfContrastive(TwoRails):
    """Pairs [x, x] above one threshold of goodness, pairs [x, x'] below another.

    Both halves of a pair share the layer's weights, so its activity is
    ``relu(W x + W x' + 2 b)``. ``L = softplus(s (theta_pos - g_pos)) +
    softplus(s (g_neg - theta_neg)) + lambda |g_pos|``. No label is read: a probe on top is.

    Reference:
        Chen, Liu, Laydevant & Grollier (2025), "Self-Contrastive Forward-Forward
        algorithm", Nature Communications 16, arXiv:2409.11593.
    """

    name = "self-contrastive"
    contrast = "pairs"

    class Options(TwoRails.Options):
        """Options of the self-contrastive objective."""

        threshold_positive: PositiveFloat = Field(
            2.0, description="Goodness per unit that a pair of equals should exceed."
        )
        threshold_negative: PositiveFloat = Field(
            1.0, description="Goodness per unit that a pair of others should stay below."
        )
        sharpness: PositiveFloat = Field(4.0, description="Slope s at both thresholds.")
        penalty: NonNegativeFloat = Field(
            0.02, description="Weight lambda of the goodness of positives, which keeps it finite."
        )

    def __init__(self, features: int, num_classes: int, options: Settings, *, key: int) -> None:
        super().__init__(features, num_classes, options, key=key)
        options = self.Options.model_validate(options.model_dump())
        self.threshold_positive = options.threshold_positive
        self.threshold_negative = options.threshold_negative
        self.sharpness = options.sharpness
        self.penalty = options.penalty

    def cost(self, g_pos: Tensor, g_neg: Tensor) -> Tensor:
        """Return the loss of each pair of pairs, ``(batch,)``."""
        right_pos = F.logsigmoid(self.sharpness * (g_pos - self.threshold_positive))
        right_neg = F.logsigmoid(self.sharpness * (self.threshold_negative - g_neg))
        return self.penalty * g_pos.abs() - right_pos - right_neg

    def slopes(self, g_pos: Tensor, g_neg: Tensor) -> tuple[Tensor, Tensor]:
        """Return the derivatives by ``g_pos`` and ``g_neg``, each ``(batch,)``."""
        wrong_pos = torch.sigmoid(self.sharpness * (self.threshold_positive - g_pos))
        wrong_neg = torch.sigmoid(self.sharpness * (g_neg - self.threshold_negative))
        own = self.penalty * g_pos.sign() - self.sharpness * wrong_pos
        return own, self.sharpness * wrong_neg
