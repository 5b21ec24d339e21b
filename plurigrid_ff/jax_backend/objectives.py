"""Local objectives in JAX: a goodness and a loss each, whose gradient JAX finds.

Options and their defaults are those of the objectives for torch; so are the names of parameters.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import optax
from jax import Array

from plurigrid_ff.config import Settings
from plurigrid_ff.jax_backend.goodness import score_rows
from plurigrid_ff.learning.objectives import (
    class_goodness,
    distance,
    projection,
    self_contrastive,
    symba,
    threshold,
    two_rails,
)
from plurigrid_ff.learning.objectives.base import Contrast

Own = Mapping[str, Array]


@dataclass(frozen=True)
class Objective(ABC):
    """What a layer learns from. Holds settings only, so it is hashable.

    Attributes:
        name: What a run file calls it.
        contrast: What is told apart, as in
            :class:`plurigrid_ff.learning.objectives.base.Objective`.
        num_classes: Number of classes.
        options: The objective's options.
    """

    name: ClassVar[str]
    contrast: ClassVar[Contrast]

    num_classes: int
    options: Any

    @abstractmethod
    def goodness(self, own: Own, h: Array) -> Array:
        """Score activities: ``(rows, classes)`` with one rail, ``(rows,)`` with two.

        Args:
            own: The objective's own parameters, by name.
            h: Activities, shape ``(rows, features)``.
        """

    @abstractmethod
    def loss(self, own: Own, h: Array, y: Array) -> Array:
        """Return the mean loss, a scalar.

        Args:
            own: The objective's own parameters, by name.
            h: Activities, shape ``(rails * batch, features)``, positives first.
            y: True labels, shape ``(batch,)``, integers.
        """


class OneRail(Objective):
    """Cross-entropy of goodness over classes."""

    contrast = "classes"

    def loss(self, own: Own, h: Array, y: Array) -> Array:
        """Return the mean cross-entropy."""
        return cross_entropy(self.goodness(own, h), y)


class Projection(OneRail):
    """Goodness is the activity projected onto one learned direction per class."""

    name = projection.Projection.name

    def goodness(self, own: Own, h: Array) -> Array:
        """Score every class, ``(batch, features) -> (batch, classes)``."""
        return h @ own["directions"].T


class ClassGoodness(OneRail):
    """Goodness of a class is the mean (squared) activity of its own group of units."""

    name = class_goodness.ClassGoodness.name
    options: class_goodness.ClassGoodness.Options

    def goodness(self, own: Own, h: Array) -> Array:
        """Score every class, ``(batch, features) -> (batch, classes)``."""
        score = jnp.square(h) if self.options.activity == "squares" else h
        groups = score.reshape(len(h), self.num_classes, -1)
        return self.options.scale * groups.mean(axis=2)


class Distance(OneRail):
    """Goodness is the cosine between the activity and one learned anchor per class."""

    name = distance.Distance.name
    options: distance.Distance.Options

    def closeness(self, own: Own, h: Array) -> Array:
        """Return the cosine to every anchor, ``(batch, features) -> (batch, classes)``."""
        return unit_length(h) @ unit_length(own["anchors"]).T

    def goodness(self, own: Own, h: Array) -> Array:
        """Score every class, ``(batch, features) -> (batch, classes)``."""
        return self.options.scale * self.closeness(own, h)

    def loss(self, own: Own, h: Array, y: Array) -> Array:
        """Return the mean loss of the chosen form."""
        if self.options.form == "cosine":
            return cross_entropy(self.goodness(own, h), y)
        closeness = self.closeness(own, h)
        true = jnp.take_along_axis(closeness, y[:, None], axis=1)
        cost = jax.nn.relu(self.options.margin + closeness - true)
        cost += self.options.penalty * closeness
        wrong = 1 - jax.nn.one_hot(y, self.num_classes, dtype=h.dtype)
        total: Array = (cost * wrong).sum() / (len(y) * (self.num_classes - 1))
        return total


class TwoRails(Objective):
    """A loss over (goodness of the positive, goodness of the negative), pair by pair."""

    contrast: ClassVar[Contrast] = "samples"
    options: two_rails.TwoRails.Options

    @abstractmethod
    def cost(self, g_pos: Array, g_neg: Array) -> Array:
        """Return the loss of each pair, ``(batch,)``."""

    def goodness(self, own: Own, h: Array) -> Array:
        """Score every row, ``(rows, features) -> (rows,)``."""
        return score_rows(self.options.goodness, self.options.share, h)

    def loss(self, own: Own, h: Array, y: Array) -> Array:
        """Return the mean cost of the pairs."""
        g_pos, g_neg = jnp.split(self.goodness(own, h), 2)
        return self.cost(g_pos, g_neg).mean()


class Threshold(TwoRails):
    """Positives above a threshold of goodness, negatives below it."""

    name = threshold.Threshold.name
    options: threshold.Threshold.Options

    def cost(self, g_pos: Array, g_neg: Array) -> Array:
        """Return the negative log-likelihood of the right verdicts, ``(batch,)``."""
        theta, sharpness = self.options.threshold, self.options.sharpness
        right_pos = jax.nn.log_sigmoid(sharpness * (g_pos - theta))
        return -(right_pos + jax.nn.log_sigmoid(sharpness * (theta - g_neg)))


class SymBa(TwoRails):
    """The goodness of a positive against that of its own negative."""

    name = symba.SymBa.name
    options: symba.SymBa.Options

    def cost(self, g_pos: Array, g_neg: Array) -> Array:
        """Return the loss of each pair, ``(batch,)``."""
        return -jax.nn.log_sigmoid(self.options.alpha * (g_pos - g_neg))


class SelfContrastive(TwoRails):
    """Pairs [x, x] above one threshold of goodness, pairs [x, x'] below another."""

    name = self_contrastive.SelfContrastive.name
    contrast = "pairs"
    options: self_contrastive.SelfContrastive.Options

    def cost(self, g_pos: Array, g_neg: Array) -> Array:
        """Return the loss of each pair of pairs, ``(batch,)``."""
        options = self.options
        right_pos = jax.nn.log_sigmoid(options.sharpness * (g_pos - options.threshold_positive))
        right_neg = jax.nn.log_sigmoid(options.sharpness * (options.threshold_negative - g_neg))
        return options.penalty * jnp.abs(g_pos) - right_pos - right_neg


OBJECTIVES: dict[str, type[Objective]] = {
    kind.name: kind
    for kind in (Projection, ClassGoodness, Distance, Threshold, SymBa, SelfContrastive)
}


def cross_entropy(scores: Array, y: Array) -> Array:
    """Return the mean cross-entropy of a softmax.

    Args:
        scores: Shape ``(batch, classes)``.
        y: True classes, shape ``(batch,)``, integers.
    """
    each: Array = optax.softmax_cross_entropy_with_integer_labels(scores, y)
    return each.mean()


def unit_length(rows: Array) -> Array:
    """Bring rows to unit length; a row of zeros stays one."""
    squared = jnp.square(rows).sum(axis=1, keepdims=True)
    return rows / jnp.sqrt(squared + distance.EPSILON)


def build_objective(name: str, num_classes: int, options: Settings) -> Objective:
    """Build the objective of a name in :data:`OBJECTIVES`."""
    return OBJECTIVES[name](num_classes, options)
