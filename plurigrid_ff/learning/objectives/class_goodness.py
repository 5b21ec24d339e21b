"""Class goodness: one rail, no weights of its own, each class owns a share of the units."""

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch
from pydantic import Field, PositiveFloat
from torch import Tensor
from torch.nn import functional as F

from plurigrid_ff.config import Settings
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.objectives.base import Objective
from plurigrid_ff.learning.softmax import softmax_loss


class ClassGoodness(Objective):
    """Cross-entropy of goodness over classes, each class scored by its own group of units.

    Units are split into equal runs, the first for class 0; ``g_k = scale * mean(h_u^2)``
    over the units of class k, or ``scale * mean(h_u)``. No negatives and no parameters.

    Reference:
        Papachristodoulou et al. (2024), "Convolutional Channel-wise Competitive Learning
        for the Forward-Forward Algorithm", AAAI (squares); Sun et al. (2025),
        "DeeperForward", ICLR (plain activity).
    """

    name = "class-goodness"
    contrast = "classes"
    feature_axes: ClassVar[Mapping[str, int]] = {}
    owns_groups = True
    separable = True

    class Options(Settings):
        """Options of the class-goodness objective."""

        activity: Literal["squares", "plain"] = Field(
            "squares", description="What is averaged over a class's units."
        )
        scale: PositiveFloat = Field(4.0, description="Inverse temperature of the softmax.")

    def __init__(self, features: int, num_classes: int, options: Settings, *, key: int) -> None:
        super().__init__(features, num_classes, options, key=key)
        if features % num_classes:
            below = features - features % num_classes
            near = f"{below} or {below + num_classes}" if below else f"{num_classes}"
            raise ConfigError(
                "network.hidden: class-goodness gives each class an equal share of a layer's "
                f"features, but {features} is not a multiple of the {num_classes} classes; use "
                f"{near}"
            )
        options = self.Options.model_validate(options.model_dump())
        self.squares = options.activity == "squares"
        self.scale = options.scale
        self.group = features // num_classes

    @property
    def vanishes(self) -> bool:
        """With squares, and this class's own closed form."""
        return self.squares and type(self).evaluate is ClassGoodness.evaluate

    def goodness(self, h: Tensor) -> Tensor:
        """Score every class, ``(batch, features) -> (batch, classes)``."""
        score = h.square() if self.squares else h
        return self.scale * score.reshape(len(h), self.num_classes, self.group).mean(dim=2)

    def loss(self, h: Tensor, y: Tensor) -> Tensor:
        """Return the mean cross-entropy of goodness over classes."""
        return F.cross_entropy(self.goodness(h), y)

    @torch.no_grad()
    def evaluate(self, h: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss and ``dL/dh = scale (p - onehot(y))_k / (batch group) (2) h``."""
        loss, dg = softmax_loss(self.goodness(h), y)
        dg *= (2 if self.squares else 1) * self.scale / self.group
        if not self.squares:
            return loss, dg.repeat_interleave(self.group, dim=1)  # (batch, features)
        grouped = h.view(len(h), self.num_classes, self.group)
        return loss, (grouped * dg.unsqueeze(2)).view(h.shape)
