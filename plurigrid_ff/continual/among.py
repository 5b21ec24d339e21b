"""Telling classes apart among those that are there."""

import torch
from torch import Tensor
from torch.nn import functional as F

from plurigrid_ff.config import Settings
from plurigrid_ff.learning.objectives import Objective


class Among(Objective):
    """Cross-entropy of another objective's goodness among some of its classes.

    Without it every batch pushes down the goodness of all classes that it has no samples of,
    and what was learned of them is lost first of all.

    Args:
        of: An objective that tells classes apart.

    Attributes:
        present: The classes that are told apart, shape ``(classes present,)``, ascending.
    """

    name = "among"
    contrast = "classes"
    Options = Settings
    present: Tensor

    def __init__(self, of: Objective, present: Tensor) -> None:
        super().__init__(of.features, of.num_classes, Settings(), key=0)
        self.of = of
        self.register_buffer("present", present, persistent=False)

    def goodness(self, h: Tensor) -> Tensor:
        """Score every class, present or not, ``(batch, features) -> (batch, classes)``."""
        return self.of.goodness(h)

    def loss(self, h: Tensor, y: Tensor) -> Tensor:
        """Return the mean cross-entropy among the classes that are present.

        Args:
            h: Activities, shape ``(batch, features)``.
            y: True classes, shape ``(batch,)``, all of them present.
        """
        scores = self.goodness(h).index_select(1, self.present)
        return F.cross_entropy(scores, torch.searchsorted(self.present, y))
