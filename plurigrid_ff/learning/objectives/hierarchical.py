"""Hierarchical contrast: class goodness, and classes kept together in what is passed on."""

from collections.abc import Callable, Mapping
from typing import ClassVar

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, PositiveInt
from torch import Tensor, nn

from plurigrid_ff.config import Settings
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.learning.class_tree import class_levels, level_at
from plurigrid_ff.learning.draws import draw_uniform
from plurigrid_ff.learning.objectives.base import Objective
from plurigrid_ff.learning.objectives.class_goodness import ClassGoodness

EPSILON = 1e-5


class Hierarchical(ClassGoodness):
    """Class goodness plus supervised contrast on the decoupled feature; a class tree if asked.

    The decoupled feature is the activity with every class's group brought to mean 0 and
    variance 1, so that goodness cannot be read from it. A learned map takes it to a short
    unit vector, and vectors of one class attract each other against all others:
    ``L = (1 - t) CE(g, y) + t CE(G, Y) + w SupCon(f, y)``. ``G`` is the mean goodness of the
    classes of a super-class, ``Y`` the super-class of ``y``. Super-classes are levels of a
    tree over class means, two in the first layer, single classes in the last: with ``t = 1``
    a layer alone gets few classes right, since those of a super-class score alike. The published
    tree is over the weights of a classifier on a network that was trained before; class means
    of the input need none. No closed form: autograd over the activity alone.

    Reference:
        Yao, Chen & Kuo (2026), "HCL-FF: Hierarchical and Contrastive Learning for
        Forward-Forward Algorithm", CVPR, arXiv:2605.24797; the contrastive term is that of
        Khosla et al. (2020), "Supervised Contrastive Learning", arXiv:2004.11362, eq. 2.
    """

    name = "hierarchical"
    contrast = "classes"
    feature_axes: ClassVar[Mapping[str, int]] = {"map": 1}
    separable = False  # every sample is compared with every other

    class Options(ClassGoodness.Options):
        """Options of the hierarchical objective."""

        tree: float = Field(
            0.0,
            ge=0,
            le=1,
            description="Share t of the cross-entropy that is over super-classes; 0: no tree, 1: "
            "as published.",
        )
        weight: NonNegativeFloat = Field(1.0, description="Weight w of the contrastive term.")
        temperature: PositiveFloat = Field(0.2, description="Temperature of the similarities.")
        width: PositiveInt = Field(64, description="Length of the vectors that are compared.")

    def __init__(self, features: int, num_classes: int, options: Settings, *, key: int) -> None:
        super().__init__(features, num_classes, options, key=key)
        options = self.Options.model_validate(options.model_dump())
        self.tree = options.tree
        self.weight = options.weight
        self.temperature = options.temperature
        shape = (options.width, features)
        self.map = nn.Parameter(draw_uniform(derive_key(key, "map"), shape, features**-0.5))
        if self.tree:
            self.register_buffer("superclass", torch.arange(num_classes))

    def prepare(self, means: Callable[[], Tensor], *, index: int, depth: int) -> None:
        """Take this layer's level of the class tree."""
        if self.tree:
            level = level_at(class_levels(means()), index, depth)
            self.get_buffer("superclass").copy_(level)

    def goodness(self, h: Tensor) -> Tensor:
        """Score every class, ``(batch, features) -> (batch, classes)``.

        Where nothing taught the layer to tell the classes of a super-class apart, it does
        not: each has their mean, which is the goodness of the super-class.
        """
        goodness = super().goodness(h)
        return goodness @ self.averaging() if self.tree == 1 else goodness

    def averaging(self) -> Tensor:
        """Return the map from goodness of classes to the mean over their super-class."""
        return averaging(self.get_buffer("superclass")).to(self.map.dtype)

    def feature(self, h: Tensor) -> Tensor:
        """Return unit vectors without goodness, ``(batch, features) -> (batch, width)``."""
        groups = h.reshape(len(h), self.num_classes, self.group)
        centred = groups - groups.mean(dim=2, keepdim=True)
        deviation = (centred.square().mean(dim=2, keepdim=True) + EPSILON).sqrt()
        mapped = (centred / deviation).flatten(1) @ self.map.T
        return mapped / (mapped.square().sum(dim=1, keepdim=True) + EPSILON).sqrt()

    def loss(self, h: Tensor, y: Tensor) -> Tensor:
        """Return the cross-entropies of goodness plus the weighted contrastive term."""
        contrast = self.weight * supervised_contrast(self.feature(h), y, self.temperature)
        if not self.tree:
            return super().loss(h, y) + contrast
        coarse = superclass_loss(self.goodness(h), y, self.get_buffer("superclass"))
        return (1 - self.tree) * super().loss(h, y) + self.tree * coarse + contrast

    evaluate = Objective.evaluate  # autograd, over ``h`` alone


def superclass_loss(goodness: Tensor, y: Tensor, superclass: Tensor) -> Tensor:
    """Return the mean cross-entropy over super-classes of their mean goodness, a scalar.

    Written over classes, so that shapes do not depend on how many super-classes there are:
    a super-class of n classes is counted n times, each with a share of 1/n.

    Args:
        goodness: Shape ``(batch, classes)``.
        y: Classes, shape ``(batch,)``.
        superclass: Super-class of each class, shape ``(classes,)``.
    """
    shares = averaging(superclass).to(goodness.dtype)
    mean = goodness @ shares  # (batch, classes): that of each class's super-class
    total = torch.logsumexp(mean + shares.diagonal().log(), dim=1)
    return (total - mean.gather(1, y.unsqueeze(1)).squeeze(1)).mean()


def averaging(superclass: Tensor) -> Tensor:
    """Return the matrix that averages over super-classes, ``(classes, classes)``, float64.

    Args:
        superclass: Super-class of each class, shape ``(classes,)``.
    """
    together = (superclass.unsqueeze(0) == superclass.unsqueeze(1)).double()
    return together / together.sum(dim=0)


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
