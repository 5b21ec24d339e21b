"""Distance goodness: how near a layer's activity lies to a learned anchor of each class."""

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat
from torch import Tensor, nn
from torch.nn import functional as F

from plurigrid_ff.config import Settings
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.learning.draws import draw_uniform
from plurigrid_ff.learning.objectives.base import Objective
from plurigrid_ff.learning.softmax import softmax_loss

EPSILON = 1e-8  # under a squared length: the angle of a silent row is 0 and not 0 / 0


class Distance(Objective):
    """One anchor per class and layer; closeness is the cosine between it and the activity.

    ``cosine``: cross-entropy of ``scale * cos(h, p_k)``. ``margin``: N-pair,
    ``mean_k max(m + c_k - c_y, 0) + lambda c_k`` over all wrong classes k. Either way every
    wrong anchor is pushed away by every sample, so anchors cannot collapse into one.

    Reference:
        Wu et al. (2024), "Distance-Forward Learning", arXiv:2408.14925.
    """

    name = "distance"
    contrast = "classes"
    feature_axes: ClassVar[Mapping[str, int]] = {"anchors": 1}
    separable = True

    class Options(Settings):
        """Options of the distance objective."""

        form: Literal["cosine", "margin"] = Field(
            "cosine", description="Cross-entropy of cosines, or N-pair margin between them."
        )
        scale: PositiveFloat = Field(
            16.0, description="Inverse temperature of the softmax over cosines."
        )
        margin: PositiveFloat = Field(
            0.5, description="By how much the true cosine should exceed the wrong ones."
        )
        penalty: NonNegativeFloat = Field(
            0.02, description="Weight lambda of the wrong cosines themselves."
        )

    def __init__(self, features: int, num_classes: int, options: Settings, *, key: int) -> None:
        super().__init__(features, num_classes, options, key=key)
        options = self.Options.model_validate(options.model_dump())
        self.form = options.form
        self.scale = options.scale
        self.margin = options.margin
        self.penalty = options.penalty
        draws = draw_uniform(derive_key(key, "anchors"), (num_classes, features), 1.0)
        self.anchors = nn.Parameter(draws)

    def closeness(self, h: Tensor) -> Tensor:
        """Return the cosine to every anchor, ``(batch, features) -> (batch, classes)``."""
        return unit_length(h)[0] @ unit_length(self.anchors)[0].T

    def goodness(self, h: Tensor) -> Tensor:
        """Score every class, ``(batch, features) -> (batch, classes)``."""
        return self.scale * self.closeness(h)

    def loss(self, h: Tensor, y: Tensor) -> Tensor:
        """Return the mean loss of the chosen form."""
        if self.form == "cosine":
            return F.cross_entropy(self.goodness(h), y)
        closeness = self.closeness(h)
        true = closeness.gather(1, y.unsqueeze(1))
        cost = F.relu(self.margin + closeness - true) + self.penalty * closeness
        wrong = torch.ones_like(cost).scatter(1, y.unsqueeze(1), 0)
        return (cost * wrong).sum() / (len(y) * (self.num_classes - 1))

    @torch.no_grad()
    def evaluate(self, h: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss and ``dL/dh``: what of ``dL/dc p`` is at right angles to h."""
        u, length = unit_length(h)
        p, anchor_length = unit_length(self.anchors)
        loss, dc = (self._cosine if self.form == "cosine" else self._margin)((p @ u.T).T, y)
        self.anchors.grad = through_unit_length(dc.T @ u, p, anchor_length)
        return loss, through_unit_length(dc @ p, u, length)

    def _cosine(self, closeness: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the cross-entropy and its gradient at the cosines."""
        loss, dc = softmax_loss(self.scale * closeness, y)
        return loss, dc.mul_(self.scale)

    def _margin(self, closeness: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the N-pair margin loss and its gradient at the cosines."""
        index = y.unsqueeze(1)
        excess = self.margin + closeness - closeness.gather(1, index)
        wrong = torch.ones_like(excess).scatter_(1, index, 0)
        share = 1 / (len(y) * (self.num_classes - 1))
        loss = ((excess.relu() + self.penalty * closeness) * wrong).sum() * share
        pushed = (excess > 0) * wrong
        dc = pushed + self.penalty * wrong
        dc.scatter_add_(1, index, -pushed.sum(dim=1, keepdim=True))
        return loss, dc.mul_(share)


def unit_length(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Return rows at unit length, and the lengths ``(rows, 1)``."""
    length = (rows.square().sum(dim=1, keepdim=True) + EPSILON).sqrt()
    return rows / length, length


def through_unit_length(gradient: Tensor, unit: Tensor, length: Tensor) -> Tensor:
    """Carry a gradient back through :func:`unit_length`."""
    return (gradient - unit * (unit * gradient).sum(dim=1, keepdim=True)) / length
