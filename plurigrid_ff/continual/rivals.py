"""Rivals and controls of layers that learn locally."""

from collections.abc import Callable
from math import prod

import torch
from torch import Tensor
from torch.nn import functional as F

from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.continual.learner import Batch, Learner
from plurigrid_ff.learning.backprop import BackpropNetwork
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.optimizers import plan_rival, set_rate


class BackpropLearner(Learner):
    """The same layers below a softmax, one gradient through all of them.

    Args:
        network: What learns.
        training: Optimizer and step size.
        masked: Cross-entropy among the classes that a batch holds, as local layers have it; else
            among all.
    """

    def __init__(self, network: BackpropNetwork, training: TrainingConfig, *, masked: bool) -> None:
        self._network = network
        self._masked = masked
        plan = plan_rival(training)
        self._optimizer = plan.build(network.parameters)
        set_rate(self._optimizer, plan.rate.peak)

    def begin(self, x: Tensor) -> None:
        """Fit the scaling of the inputs."""
        self._network.layers.fit_scaling(x)

    def learn(self, batch: Batch) -> None:
        """Step all layers at once."""
        scores, y = self._network(batch.x), batch.y
        if self._masked:
            scores, y = scores[:, batch.present], torch.searchsorted(batch.present, y)
        self._optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(scores, y).backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()

    @torch.no_grad()
    def scores(self, x: Tensor) -> Tensor:
        """Score every class."""
        return self._network(x)


class Reading(Learner):
    """A learner of sums, on inputs or activities of layers that never learn.

    Args:
        network: The layers, for their scaling.
        build: Given what is read and how many numbers that gives, returns the learner.
        untrained: Read the last layer's activity, not the scaled input.
    """

    def __init__(
        self,
        network: FFNetwork,
        build: Callable[[Callable[[Tensor], Tensor], int], Learner],
        *,
        untrained: bool,
    ) -> None:
        self._network = network
        width = network.stack[-1].summary.features if untrained else prod(network.feature_shape)
        self._of = build(self._activity if untrained else self._input, width)

    def begin(self, x: Tensor) -> None:
        """Fit the scaling of the inputs."""
        self._network.fit_scaling(x)

    def learn(self, batch: Batch) -> None:
        """Count the new samples."""
        self._of.learn(batch)

    def scores(self, x: Tensor) -> Tensor:
        """Score every class."""
        return self._of.scores(x)

    def _input(self, x: Tensor) -> Tensor:
        return self._network.scale(x).flatten(1)

    def _activity(self, x: Tensor) -> Tensor:
        return self._network.activities(x)[-1]
