"""SymBa: the goodness of a positive against that of its own negative, no threshold."""

import torch
from pydantic import Field, PositiveFloat
from torch import Tensor
from torch.nn import functional as F

from plurigrid_ff.config import Settings
from plurigrid_ff.learning.objectives.two_rails import TwoRails


class SymBa(TwoRails):
    """Symmetric comparison: ``L = softplus(-alpha (g_pos - g_neg))``, g = mean h^2.

    Both goodnesses move by the same amount in opposite directions, and no threshold says
    where they should lie.

    Reference:
        Lee & Song (2023), "SymBa: Symmetric Backpropagation-Free Contrastive Learning with
        Forward-Forward Algorithm for Optimizing Convergence", arXiv:2303.08418.
    """

    name = "symba"

    class Options(TwoRails.Options):
        """Options of the SymBa objective."""

        alpha: PositiveFloat = Field(4.0, description="Slope of the loss at equal goodness.")

    def __init__(self, features: int, num_classes: int, options: Settings, *, key: int) -> None:
        super().__init__(features, num_classes, options, key=key)
        self.alpha = self.Options.model_validate(options.model_dump()).alpha

    def cost(self, g_pos: Tensor, g_neg: Tensor) -> Tensor:
        """Return the loss of each pair, ``(batch,)``."""
        return -F.logsigmoid(self.alpha * (g_pos - g_neg))

    def slopes(self, g_pos: Tensor, g_neg: Tensor) -> tuple[Tensor, Tensor]:
        """Return ``-+ alpha sigmoid(-alpha (g_pos - g_neg))``."""
        slope = self.alpha * torch.sigmoid(self.alpha * (g_neg - g_pos))
        return -slope, slope
