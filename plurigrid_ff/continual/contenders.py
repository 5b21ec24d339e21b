"""Learners by name: those that learn locally, and their rivals and controls."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Literal

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.continual.learner import Learner
from plurigrid_ff.continual.local import LocalLearner
from plurigrid_ff.continual.rivals import BackpropLearner, Reading
from plurigrid_ff.continual.statistics import NearestMean, StreamingLDA
from plurigrid_ff.continual.subspaces import SubspaceLearner
from plurigrid_ff.errors import unknown_name
from plurigrid_ff.learning.backprop import BackpropNetwork
from plurigrid_ff.learning.network import FFNetwork


@dataclass(frozen=True, slots=True)
class Problem:
    """What a learner is built for.

    Attributes:
        hidden: Widths of the layers.
        feature_shape: Shape of one sample.
        num_classes: Of all that will ever arrive.
        scaling: Of the inputs, as ``network.scaling``.
        learning_rate: Step size; None: the learner's own.
        seed: The initial weights are a function of it.
    """

    hidden: tuple[int, ...]
    feature_shape: tuple[int, ...]
    num_classes: int
    scaling: Literal["none", "standard"]
    learning_rate: float | None
    seed: int

    def network(self, objective: str) -> FFNetwork:
        """Build local layers; where classes own groups of units, widths are rounded down."""
        return FFNetwork(
            self._config(objective), self.feature_shape, self.num_classes, seed=self.seed
        )

    def rival(self) -> BackpropNetwork:
        """Build the same layers for backprop."""
        config = self._config("projection")
        return BackpropNetwork(config, self.feature_shape, self.num_classes, seed=self.seed)

    def training(self) -> TrainingConfig:
        """Return Adam at a constant step size."""
        return TrainingConfig(learning_rate=self.learning_rate or 3e-3, decay="none", epochs=1)

    def _config(self, objective: str) -> NetworkConfig:
        """Return the settings of the layers."""
        hidden = self.hidden
        if objective == "class-goodness":
            hidden = tuple(max(w // self.num_classes, 1) * self.num_classes for w in hidden)
        return NetworkConfig(hidden=hidden, objective=objective, scaling=self.scaling)


def _local(objective: str, problem: Problem) -> Learner:
    return LocalLearner(problem.network(objective), problem.training())


def _backprop(problem: Problem, *, masked: bool) -> Learner:
    return BackpropLearner(problem.rival(), problem.training(), masked=masked)


def _subspaces(problem: Problem) -> Learner:
    features = prod(problem.feature_shape)
    return SubspaceLearner(
        features,
        problem.num_classes,
        units=max(1, min(problem.hidden[0] // problem.num_classes, features // 2)),
        rate=problem.learning_rate or 0.1,
        seed=problem.seed,
    )


def _sums(kind: type[NearestMean], problem: Problem, *, untrained: bool) -> Learner:
    build = partial(kind, num_classes=problem.num_classes)
    return Reading(problem.network("projection"), build, untrained=untrained)


LEARNERS: dict[str, Callable[[Problem], Learner]] = {
    "projection": partial(_local, "projection"),
    "class-goodness": partial(_local, "class-goodness"),
    "distance": partial(_local, "distance"),
    "subspaces": _subspaces,
    "backprop": partial(_backprop, masked=False),
    "backprop-masked": partial(_backprop, masked=True),
    "nearest-mean": partial(_sums, NearestMean, untrained=False),
    "nearest-mean-untrained": partial(_sums, NearestMean, untrained=True),
    "lda": partial(_sums, StreamingLDA, untrained=False),
}


def require_learners(names: Sequence[str], known: Collection[str]) -> None:
    """Refuse unknown names.

    Raises:
        UnknownNameError: The first of them, with the nearest known one.
    """
    for name in names:
        if name not in known:
            raise unknown_name("learner", name, known, where="--learners: ")
