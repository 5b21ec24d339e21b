"""Hierarchical contrast: class goodness, and classes kept together in what is passed on."""

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn

from plurigrid_ff.config import Settings
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.learning.draws import draw_uniform
from plurigrid_ff.learning.objectives.base import Objective
from plurigrid_ff.learning.objectives.class_goodness import ClassGoodness

EPSILON = 1e-5


class Hierarchical(ClassGoodness):
    """Class goodness plus a supervised contrastive term on the decoupled feature.

    The decoupled feature is the activity with every class's group brought to mean 0 and
    variance 1, so that goodness cannot be read from it. A learned map takes it to a short
    unit vector, and vectors of one class attract each other against all others:
    ``L = CE(g, y) + w SupCon(f, y)``. No closed form: autograd over the activity alone.

    Reference:
        Yao, Chen & Kuo (2026), "HCL-FF: Hierarchical and Contrastive Learning for
        Forward-Forward Algorithm", CVPR, arXiv:2605.24797; the term is that of Khosla et
        al. (2020), "Supervised Contrastive Learning", arXiv:2004.11362, eq. 2.
    """

    name = "hierarchical"
    contrast = "classes"

    class Options(ClassGoodness.Options):
        """Options of the hierarchical objective."""

        weight: NonNegativeFloat = Field(1.0, description="Weight w of the contrastive term.")
        temperature: PositiveFloat = Field(0.2, description="Temperature of the similarities.")
        width: PositiveInt = Field(64, description="Length of the vectors that are compared.")

    def __init__(self, features: int, num_classes: int, options: Settings, *, key: int) -> None:
        super().__init__(features, num_classes, options, key=key)
        options = self.Options.model_validate(options.model_dump())
        self.weight = options.weight
        self.temperature = options.temperature
        shape = (options.width, features)
        self.map = nn.Parameter(draw_uniform(derive_key(key, "map"), shape, features**-0.5))

    def feature(self, h: Tensor) -> Tensor:
        """Return unit vectors without goodness, ``(batch, features) -> (batch, width)``."""
        groups = h.reshape(len(h), self.num_classes, self.group)
        centred = groups - groups.mean(dim=2, keepdim=True)
        deviation = (centred.square().mean(dim=2, keepdim=True) + EPSILON).sqrt()
        mapped = (centred / deviation).flatten(1) @ self.map.T
        return mapped / (mapped.square().sum(dim=1, keepdim=True) + EPSILON).sqrt()

    def loss(self, h: Tensor, y: Tensor) -> Tensor:
        """Return the cross-entropy of goodness plus the weighted contrastive term."""
        contrast = supervised_contrast(self.feature(h), y, self.temperature)
        return super().loss(h, y) + self.weight * contrast

    def evaluate(self, h: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Ask autograd, over ``h`` alone."""
        return Objective.evaluate(self, h, y)


def supervised_contrast(feature: Tensor, y: Tensor, temperature: float) -> Tensor:
    """Return the supervised contrastive loss, a scalar; who is alone in a class is left out.

    Args:
        feature: Unit vectors, shape ``(batch, width)``.
        y: Labels, shape ``(batch,)``.
        temperature: Divides the similarities.
    """
    itself = torch.eye(len(y), dtype=torch.bool, device=y.device)
    similarity = feature @ feature.T / temperature
    similarity = similarity.masked_fill(itself, torch.finfo(feature.dtype).min)
    same = ((y.unsqueeze(0) == y.unsqueeze(1)) & ~itself).to(feature.dtype)
    partners = same.sum(dim=1)
    log_p = torch.log_softmax(similarity, dim=1).masked_fill(itself, 0.0)
    attraction = (log_p * same).sum(dim=1) / partners.clamp(min=1)
    return -attraction.sum() / (partners > 0).sum().clamp(min=1)
