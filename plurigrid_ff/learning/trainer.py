"""The trainer: one optimizer per layer, and the loop over batches."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.errors import CheckpointError, TrainingError
from plurigrid_ff.learning.augmentation import Augmentation
from plurigrid_ff.learning.draws import draw_permutation
from plurigrid_ff.learning.engine import Engine
from plurigrid_ff.learning.labelled import Reading
from plurigrid_ff.learning.learners import Learner, learner
from plurigrid_ff.learning.negatives import find_negatives
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.optimizers import plan_steps
from plurigrid_ff.learning.precision import products_of, require_precision
from plurigrid_ff.learning.schedules import Window
from plurigrid_ff.learning.sweep import Sweep
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
    ) -> None:
        network.prepare(x, y)
        self.network = network
        self.x = x
        self.y = y
        self.config = config
        self.seed = seed
        self.role = role
        self.epoch = 0
        self.updates = [0] * len(network.stack)
        self.probe_loss: float | None = None
        kind = find_negatives(network.config)
        key = derive_key(seed, role, "negatives")
        self.negatives = kind(x, network.num_classes, key=key) if kind else None
        self.augmentation = Augmentation(config.augmentation, tuple(x.shape[1:]))
        require_precision(config.precision, x.device)
        self.engine = Engine(network.stack, config)
        plans = plan_steps(config, len(network.stack))
        self._layers = [
            learner(f"layers.{index}", layer, plan)
            for index, (layer, plan) in enumerate(zip(network.stack, plans, strict=True))
        ]
        self.optimizers = [layer.optimizer for layer in self._layers]
        self.windows = [plan.rate.window for plan in plans]
        # A probe steps as the last layer does, a source of negatives as the first, which it
        # learns through; both in all epochs.
        every = Window(0, config.epochs)
        self._probe = (
            learner("probe", network.probe, plans[-1].during(every)) if network.probe else None
        )
        self._source: Learner | None = None
        if self.negatives is not None and any(True for _ in self.negatives.parameters()):
            self._source = learner("negatives", self.negatives, plans[0].during(every), kept=False)
        self._ids = torch.arange(len(y), device=y.device)

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
        epochs = [0] * len(chosen)  # in which each layer learns
        rows = len(chosen) + (self._probe is not None)
        losses = self.x.new_zeros((rows, self.num_batches))
        for done in range(count):
            active = self._active(chosen)
            if any(active):
                share = partial(_scaled, progress, done, count)
                transforms = (layer.transform for layer in self.network.stack)
                with products_of(transforms, self.config.precision):
                    self._train_epoch(active, losses, share)
                self._check_finite(losses)
            epochs = [number + trained for number, trained in zip(epochs, active, strict=True)]
            self.epoch += 1
        means = losses.mean(dim=1).tolist()
        if self._probe is not None:
            loss = means.pop()
            self.probe_loss = loss if any(epochs) else None
        result = []
        for index, (number, mean) in enumerate(zip(epochs, means, strict=True)):
            steps = number * self.num_batches * self.network.flow.visits
            self.updates[index] += steps
            result.append(LayerProgress(steps, mean if number else None))
        return result

    def _active(self, chosen: Sequence[bool]) -> list[bool]:
        """Say which layers learn in this epoch: those that are chosen and whose time it is.

        Beyond the epochs that were planned, those of the last go on.
        """
        epoch = min(self.epoch, self.config.epochs - 1)
        return [ask and epoch in window for ask, window in zip(chosen, self.windows, strict=True)]

    def _train_epoch(
        self, active: list[bool], losses: Tensor, progress: Callable[[float], None]
    ) -> None:
        """Sweep once over all batches; write each layer's loss per batch."""
        trained = [index for index, learns in enumerate(active) if learns]
        losses[trained] = 0  # of those that sit out, the loss of their last epoch stays
        last = trained[-1]
        alive = torch.tensor([not learns for learns in active], device=self.x.device)
        view = partial(self.augmentation, key=self._key("augmentation"))
        if self.negatives is not None:
            self.negatives.view = view
        order = draw_permutation(self._key("order"), self._ids)
        for batch, ids in enumerate(torch.split(order, self.config.batch_size)):
            for learning in self.learners:
                learning.set_rate(self.epoch + batch / self.num_batches)
            x, y = view(self.x.index_select(0, ids), ids), self.y[ids]
            rails = self._rails(x, y, ids)
            shown = x if self._probe is not None else None
            del x  # nobody reads it while the layers learn
            sweep = Sweep(
                self._layers,
                self.engine,
                active,
                y,
                losses=losses[:, batch],
                alive=alive,
                locality=self.network.config.locality,
                visits=self.network.flow.visits,
                forgets=self.network.flow.forgets,
            )
            self.network.sweep(rails, sweep.visit, last)
            sweep.finish()
            if self._probe is not None and shown is not None:
                losses[-1, batch] = self._train_probe(self._probe, shown, y)
            progress((batch + 1) / self.num_batches)
        self._check_alive(alive)

    def _train_probe(self, probe: Learner, x: Tensor, y: Tensor) -> Tensor:
        """Let the probe learn from what the layers now say of the samples; return its loss."""
        assert self.network.probe is not None  # noqa: S101 - there is a learner for it
        loss = self.network.probe.learn(self.network.activities(x), y)
        probe.step()
        return loss

    def _key(self, purpose: str) -> int:
        """Derive this epoch's key for one purpose."""
        return derive_key(self.seed, self.role, purpose, self.epoch)

    def _rails(self, x: Tensor, y: Tensor, ids: Tensor) -> Reading:
        """Return what the first layer reads; a source of negatives that learns takes a step."""
        if self.negatives is None:
            return self.network.scale(x)
        key = self._key(self.negatives.name)
        rails = self.negatives.rails(self.network, x, y, key=key, sample_ids=ids)
        if self._source is not None:
            self._source.step()
        return rails

    @property
    def learners(self) -> list[Learner]:
        """All that learns."""
        return [*self._layers, *filter(None, (self._probe, self._source))]

    def _check_finite(self, losses: Tensor) -> None:
        """Stop on the first loss that is not finite.

        Checked once per epoch: a check per batch would make a GPU wait for the host.
        """
        bad = (~torch.isfinite(losses)).nonzero()
        if len(bad):
            first = min(bad.tolist(), key=lambda place: (place[1], place[0]))
            layer, batch = first
            who = f"layer {layer + 1}" if layer < len(self.network.stack) else "the probe"
            raise TrainingError(
                f"loss of {who} is {losses[layer, batch].item()} in epoch "
                f"{self.epoch + 1}, batch {batch + 1} of {self.num_batches}; lower "
                f"training.learning_rate (now {self._peak(layer):g}) or check the data"
            )

    def _peak(self, row: int) -> float:
        """Return the highest step size of a layer; the row after the last is the probe's."""
        return self.learners[row].plan.rate.peak

    def _check_alive(self, alive: Tensor) -> None:
        """Stop when a layer no longer says anything: its gradient is 0 from now on."""
        dead = (~alive).nonzero().flatten().tolist()
        if dead:
            units = self.network.stack[dead[0]].out_features
            raise TrainingError(
                f"layer {dead[0] + 1} is exhausted: none of its {units} units was active on any "
                f"sample of epoch {self.epoch + 1}, so it can learn nothing more; lower "
                f"training.learning_rate (now {self._peak(dead[0]):g}), or the threshold "
                "in network.options if there is one"
            )

    def save_state(self, folder: Path) -> None:
        """Write optimizer state and counters; the network's weights are not in it."""
        tensors = {name: value for learning in self.learners for name, value in learning.state()}
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
        for learning in self.learners:
            learning.load(tensors, path)


def _scaled(progress: Callable[[float], None], done: int, count: int, share: float) -> None:
    """Report the share of one epoch as a share of all."""
    progress((done + share) / count)
