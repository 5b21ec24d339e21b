"""The trainer: one optimizer per layer, and the loop over batches."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.errors import CheckpointError, TrainingError
from plurigrid_ff.learning.draws import draw_permutation
from plurigrid_ff.learning.learners import Learner, learner
from plurigrid_ff.learning.negatives import find_negatives
from plurigrid_ff.learning.network import FFNetwork
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
    """Trains every layer of a network on its own objective, all in one sweep per batch.

    Every draw is a function of (seed, role, epoch, sample), so a run that is interrupted
    and resumed sees the same batches and negatives as one that is not.

    Args:
        network: The network, on its device. It is prepared with the samples.
        x: Training samples, shape ``(samples, *feature_shape)``, on the same device.
        y: Their labels, shape ``(samples,)``, int64, on the same device.
        config: How to train.
        seed: The run's seed.
        role: Whose draws these are; another agent draws others.
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
        rate = config.learning_rate
        self._layers = [
            learner(f"layers.{index}", layer, rate) for index, layer in enumerate(network.stack)
        ]
        self._probe = learner("probe", network.probe, rate) if network.probe else None
        self._source: Learner | None = None
        if self.negatives is not None and any(True for _ in self.negatives.parameters()):
            self._source = learner("negatives", self.negatives, rate, kept=False)
        self.optimizers = [layer.optimizer for layer in self._layers]
        self._ids = torch.arange(len(y), device=y.device)

    @property
    def num_batches(self) -> int:
        """Batches per epoch; the last may be short."""
        return -(-len(self.y) // self.config.batch_size)

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
        active = list(trains) if trains is not None else [True] * len(self.network.stack)
        if len(active) != len(self.network.stack):
            raise ValueError(f"trains names {len(active)} of {len(self.network.stack)} layers")
        rows = len(active) + (self._probe is not None)
        losses = self.x.new_zeros((rows, self.num_batches))
        for done in range(count):
            if any(active):
                self._train_epoch(active, losses, partial(_scaled, progress, done, count))
                self._check_finite(losses)
            self.epoch += 1
        steps = count * self.num_batches
        means = losses.mean(dim=1).tolist()
        if self._probe is not None:
            loss = means.pop()
            self.probe_loss = loss if any(active) else None
        result = []
        for index, (trained, mean) in enumerate(zip(active, means, strict=True)):
            self.updates[index] += steps * trained
            result.append(LayerProgress(steps * trained, mean if trained else None))
        return result

    def _train_epoch(
        self, active: list[bool], losses: Tensor, progress: Callable[[float], None]
    ) -> None:
        """Sweep once over all batches; write each layer's loss per batch."""
        last = max(index for index, trained in enumerate(active) if trained)
        alive = torch.tensor([not trained for trained in active], device=self.x.device)
        order = draw_permutation(self._key("order"), self._ids)
        for batch, ids in enumerate(torch.split(order, self.config.batch_size)):
            self._set_learning_rate(batch)
            x, y = self.x[ids], self.y[ids]
            h = self._rails(x, y, ids)
            for index in range(last + 1):
                layer = self.network.stack[index]
                if not active[index]:
                    h = layer.activity(h)
                    continue
                h, losses[index, batch] = layer.learn(h, y)
                self.optimizers[index].step()
                alive[index] |= h.any()
            if self._probe is not None:
                losses[-1, batch] = self._train_probe(self._probe, x, y)
            progress((batch + 1) / self.num_batches)
        self._check_alive(alive)

    def _train_probe(self, probe: Learner, x: Tensor, y: Tensor) -> Tensor:
        """Let the probe learn from what the layers now say of the samples; return its loss."""
        assert self.network.probe is not None  # noqa: S101 - there is a learner for it
        loss = self.network.probe.learn(self.network.activities(x), y)
        probe.optimizer.step()
        return loss

    def _key(self, purpose: str) -> int:
        """Derive this epoch's key for one purpose."""
        return derive_key(self.seed, self.role, purpose, self.epoch)

    def _rails(self, x: Tensor, y: Tensor, ids: Tensor) -> Tensor:
        """Return what the first layer reads; a source of negatives that learns takes a step."""
        if self.negatives is None:
            return self.network.scale(x)
        key = self._key(self.negatives.name)
        rails = self.negatives.rails(self.network, x, y, key=key, sample_ids=ids)
        if self._source is not None:
            self._source.optimizer.step()
        return rails

    @property
    def _learners(self) -> list[Learner]:
        """All that learns."""
        return [*self._layers, *filter(None, (self._probe, self._source))]

    def _set_learning_rate(self, batch: int) -> None:
        """Follow the decay: half a cosine from the full rate to 1 % of it."""
        rate = self.config.learning_rate
        if self.config.decay == "cosine":
            done = (self.epoch + batch / self.num_batches) / self.config.epochs
            rate *= 0.01 + 0.99 * (1 + math.cos(math.pi * min(done, 1.0))) / 2
        for learning in self._learners:
            for group in learning.optimizer.param_groups:
                group["lr"] = rate

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
                f"training.learning_rate (now {self.config.learning_rate:g}) or check the data"
            )

    def _check_alive(self, alive: Tensor) -> None:
        """Stop when a layer no longer says anything: its gradient is 0 from now on."""
        dead = (~alive).nonzero().flatten().tolist()
        if dead:
            units = self.network.stack[dead[0]].transform.out_features
            raise TrainingError(
                f"layer {dead[0] + 1} is exhausted: none of its {units} units was active on any "
                f"sample of epoch {self.epoch + 1}, so it can learn nothing more; lower "
                f"training.learning_rate (now {self.config.learning_rate:g}), or the threshold "
                "in network.options if there is one"
            )

    def save_state(self, folder: Path) -> None:
        """Write optimizer state and counters; the network's weights are not in it."""
        tensors = {name: value for learning in self._learners for name, value in learning.state()}
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
        for learning in self._learners:
            learning.load(tensors, path)


def _scaled(progress: Callable[[float], None], done: int, count: int, share: float) -> None:
    """Report the share of one epoch as a share of all."""
    progress((done + share) / count)
