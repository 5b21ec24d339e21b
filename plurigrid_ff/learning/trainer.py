"""The trainer: epochs, counters and results; the layers learn in a pipeline."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.errors import CheckpointError
from plurigrid_ff.learning.engine import Engine
from plurigrid_ff.learning.feed import Feed
from plurigrid_ff.learning.learners import Learner
from plurigrid_ff.learning.negatives import Negatives
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.pipeline import BuildPipeline, LocalPipeline, Work
from plurigrid_ff.learning.precision import require_precision
from plurigrid_ff.learning.requirements import require_workers
from plurigrid_ff.learning.schedules import layer_windows
from plurigrid_ff.learning.tensors import read_tensors, write_tensors

STATE_FILE = "optimizers.safetensors"


@dataclass(frozen=True, slots=True)
class LayerProgress:
    """What one layer did in a stretch of epochs.

    Attributes:
        updates: Optimizer steps taken.
        loss: Mean local loss over the last epoch; None if the layer sat out.
    """

    updates: int
    loss: float | None


class Trainer:
    """Trains every layer of a network on its own objective, in the epochs that it has.

    Layers that learn in the same epoch do so in one sweep per batch. Every draw is a function
    of (seed, role, epoch, sample), so a run that is interrupted and resumed sees the same
    batches, augmentations and negatives as one that is not.

    Args:
        network: The network, on its device. It is prepared with the samples.
        x: Training samples, shape ``(samples, *feature_shape)``, on the same device.
        y: Their labels, shape ``(samples,)``, int64, on the same device.
        config: How to train.
        seed: The run's seed.
        role: Whose draws these are; another agent draws others.
        pipeline: Where the layers learn; by default in this process.

    Raises:
        ConfigError: The settings do not fit the network, the samples or the device.
    """

    def __init__(
        self,
        network: FFNetwork,
        x: Tensor,
        y: Tensor,
        config: TrainingConfig,
        *,
        seed: int,
        role: str = "agent-0",
        pipeline: BuildPipeline = LocalPipeline,
    ) -> None:
        network.prepare(x, y)
        require_precision(config.precision, x.device)
        require_workers(config, network)
        self.network = network
        self.x = x
        self.y = y
        self.config = config
        self.seed = seed
        self.role = role
        self.epoch = 0
        self.updates = [0] * len(network.stack)
        self.probe_loss: float | None = None
        self.windows = layer_windows(config, len(network.stack))
        self.pipeline = pipeline(Work(network, x, y, config, seed, role))

    @property
    def feed(self) -> Feed:
        """What the first layer reads."""
        feed = self.pipeline.stages[0].feed
        assert feed is not None  # noqa: S101 - the first stage is always here
        return feed

    @property
    def negatives(self) -> Negatives | None:
        """Where negatives come from, if the objective needs them."""
        return self.feed.negatives

    @property
    def engine(self) -> Engine:
        """What takes the steps of the first stage."""
        return self.pipeline.stages[0].engine

    @property
    def learners(self) -> list[Learner]:
        """All that learns in this process."""
        return [learning for stage in self.pipeline.stages for learning in stage.all_learners]

    @property
    def optimizers(self) -> list[torch.optim.Optimizer]:
        """Those of the layers in this process, first layer first."""
        own = (stage.learners.values() for stage in self.pipeline.stages)
        return [learning.optimizer for learners in own for learning in learners]

    @property
    def num_batches(self) -> int:
        """Batches per epoch; the last may be short."""
        return -(-len(self.y) // self.config.batch_size)

    @property
    def all_have_begun(self) -> bool:
        """Whether the schedule has let every layer learn for an epoch at least."""
        return self.epoch > max(window.start for window in self.windows)

    def train_epochs(
        self,
        count: int,
        *,
        trains: Sequence[bool] | None = None,
        progress: Callable[[float], None] = lambda share: None,
    ) -> list[LayerProgress]:
        """Train for ``count`` epochs.

        Args:
            count: Passes over the samples.
            trains: Which layers learn, first layer first; None: all of them.
            progress: Called with the share of the stretch that is done.

        Returns:
            One entry per layer.

        Raises:
            TrainingError: A layer's loss is not finite, or no unit of it is active any more;
                layer, epoch and batch are named.
        """
        chosen = list(trains) if trains is not None else [True] * len(self.network.stack)
        if len(chosen) != len(self.network.stack):
            raise ValueError(f"trains names {len(chosen)} of {len(self.network.stack)} layers")
        plan = [self._active(chosen, self.epoch + done) for done in range(count)]
        rows = len(chosen) + (self.network.probe is not None)
        losses = self.x.new_zeros((rows, self.num_batches))
        self.pipeline.learn(self.epoch, plan, losses, progress)
        self.epoch += count
        epochs = [sum(learned) for learned in zip(*plan, strict=True)] or [0] * len(chosen)
        means = losses.mean(dim=1).tolist()
        if self.network.probe is not None:
            loss = means.pop()
            self.probe_loss = loss if any(epochs) else None
        result = []
        for index, (number, mean) in enumerate(zip(epochs, means, strict=True)):
            steps = number * self.num_batches * self.network.flow.visits
            self.updates[index] += steps
            result.append(LayerProgress(steps, mean if number else None))
        return result

    def _active(self, chosen: Sequence[bool], epoch: int) -> list[bool]:
        """Say which layers learn in an epoch: those that are chosen and whose time it is.

        Beyond the epochs that were planned, those of the last go on.
        """
        epoch = min(epoch, self.config.epochs - 1)
        return [ask and epoch in window for ask, window in zip(chosen, self.windows, strict=True)]

    def save_state(self, folder: Path) -> None:
        """Write optimizer state and counters; the network's weights are not in it."""
        tensors = self.pipeline.state()
        tensors["updates"] = torch.tensor(self.updates)
        tensors["epoch"] = torch.tensor(self.epoch)
        write_tensors(folder / STATE_FILE, tensors, {})

    def load_state(self, folder: Path) -> None:
        """Take up the state that :meth:`save_state` wrote.

        Raises:
            CheckpointError: The file is damaged or belongs to another network.
        """
        path = folder / STATE_FILE
        tensors, _ = read_tensors(path)
        if "updates" not in tensors or len(tensors["updates"]) != len(self.updates):
            raise CheckpointError(f"{path}: not the state of a {len(self.updates)}-layer network")
        self.updates = tensors.pop("updates").tolist()
        self.epoch = int(tensors.pop("epoch"))
        self.pipeline.load(tensors, path)
