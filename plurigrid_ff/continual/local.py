"""A network whose layers go on learning, each from its own goodness."""

import torch
from torch import Tensor

from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.continual.among import Among
from plurigrid_ff.continual.learner import Batch, Learner
from plurigrid_ff.learning.engine import Engine
from plurigrid_ff.learning.learners import learner
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.optimizers import plan_steps
from plurigrid_ff.learning.sweep import Sweep


class LocalLearner(Learner):
    """Every layer takes a local step on every batch, among the classes that the batch holds.

    Args:
        network: Of an objective that tells classes apart. Its objectives are wrapped.
        training: Optimizer and step size; there is no schedule and no decay.
    """

    def __init__(self, network: FFNetwork, training: TrainingConfig) -> None:
        self.network = network
        self._among = [
            Among(layer.objective, torch.arange(network.num_classes)) for layer in network.stack
        ]
        for layer, objective in zip(network.stack, self._among, strict=True):
            layer.objective = objective
        self._engine = Engine(network.stack, training)
        plans = plan_steps(training, len(network.stack))
        self._learners = [
            learner(f"layers.{index}", layer, plan)
            for index, (layer, plan) in enumerate(zip(network.stack, plans, strict=True))
        ]
        for one in self._learners:
            one.set_rate(0.0)

    def begin(self, x: Tensor) -> None:
        """Fit the scaling of the inputs."""
        self.network.fit_scaling(x)

    def learn(self, batch: Batch) -> None:
        """Let every layer step, first layer first, each on what the one below now says."""
        present, depth = batch.present, len(self._learners)
        for objective in self._among:
            objective.present = present
        sweep = Sweep(
            dict(enumerate(self._learners)),
            self._engine,
            [True] * depth,
            batch.y,
            losses=batch.x.new_zeros(depth),
            alive=torch.zeros(depth, dtype=torch.bool),
            locality=1,
            forgets=self.network.flow.forgets,
        )
        self.network.sweep(self.network.scale(batch.x), sweep.visit)
        sweep.finish()

    def scores(self, x: Tensor) -> Tensor:
        """Sum the goodness of every class over the layers."""
        scores: Tensor = self.network(x)
        return scores
