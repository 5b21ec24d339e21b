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
from plurigrid_ff.learning.negatives import wrong_labels
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
        network: The network, on its device. Its input scaling is fitted to ``x``.
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
        network.fit_scaling(x)
        self.network = network
        self.x = x
        self.y = y
        self.config = config
        self.seed = seed
        self.role = role
        self.epoch = 0
        self.updates = [0] * len(network.stack)
        self.optimizers = [
            torch.optim.Adam(layer.parameters(), lr=config.learning_rate, fused=True)
            for layer in network.stack
        ]
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
            TrainingError: A layer's loss is not finite; layer, epoch and batch are named.
        """
        active = list(trains) if trains is not None else [True] * len(self.network.stack)
        if len(active) != len(self.network.stack):
            raise ValueError(f"trains names {len(active)} of {len(self.network.stack)} layers")
        losses = self.y.new_zeros((len(active), self.num_batches), dtype=self.x.dtype)
        for done in range(count):
            if any(active):
                self._train_epoch(active, losses, partial(_scaled, progress, done, count))
                self._check_finite(losses)
            self.epoch += 1
        steps = count * self.num_batches
        means = losses.mean(dim=1).tolist()
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
        order = draw_permutation(self._key("order"), self._ids)
        for batch, ids in enumerate(torch.split(order, self.config.batch_size)):
            self._set_learning_rate(batch)
            y = self.y[ids]
            h = self.network.rails_of(self.x[ids], y, self._wrong(y, ids))
            for index in range(last + 1):
                layer = self.network.stack[index]
                if not active[index]:
                    h = layer.activity(h)
                    continue
                h, losses[index, batch] = layer.learn(h, y)
                self.optimizers[index].step()
            progress((batch + 1) / self.num_batches)

    def _key(self, purpose: str) -> int:
        """Derive this epoch's key for one purpose."""
        return derive_key(self.seed, self.role, purpose, self.epoch)

    def _wrong(self, y: Tensor, ids: Tensor) -> Tensor | None:
        """Draw wrong labels where the objective wants them."""
        if self.network.rails == 1:
            return None
        key = self._key("wrong-label")
        return wrong_labels(y, self.network.num_classes, key=key, sample_ids=ids)

    def _set_learning_rate(self, batch: int) -> None:
        """Follow the decay: half a cosine from the full rate to 1 % of it."""
        rate = self.config.learning_rate
        if self.config.decay == "cosine":
            done = (self.epoch + batch / self.num_batches) / self.config.epochs
            rate *= 0.01 + 0.99 * (1 + math.cos(math.pi * min(done, 1.0))) / 2
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate

    def _check_finite(self, losses: Tensor) -> None:
        """Stop on the first loss that is not finite.

        Checked once per epoch: a check per batch would make a GPU wait for the host.
        """
        bad = (~torch.isfinite(losses)).nonzero()
        if len(bad):
            first = min(bad.tolist(), key=lambda place: (place[1], place[0]))
            layer, batch = first
            raise TrainingError(
                f"loss of layer {layer + 1} is {losses[layer, batch].item()} in epoch "
                f"{self.epoch + 1}, batch {batch + 1} of {self.num_batches}; lower "
                f"training.learning_rate (now {self.config.learning_rate:g}) or check the data"
            )

    def save_state(self, folder: Path) -> None:
        """Write optimizer state and counters; the network's weights are not in it."""
        tensors: dict[str, Tensor] = {}
        for index, optimizer in enumerate(self.optimizers):
            for name, parameter in self.network.stack[index].named_parameters():
                for key, value in optimizer.state.get(parameter, {}).items():
                    tensors[f"layers.{index}.{name}/{key}"] = value
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
        for index, optimizer in enumerate(self.optimizers):
            for name, parameter in self.network.stack[index].named_parameters():
                prefix = f"layers.{index}.{name}/"
                for key in [key for key in tensors if key.startswith(prefix)]:
                    value = tensors.pop(key)
                    if value.ndim and value.shape != parameter.shape:
                        raise CheckpointError(
                            f"{path}: {key} must have shape {tuple(parameter.shape)}, "
                            f"got {tuple(value.shape)}"
                        )
                    optimizer.state[parameter][key.removeprefix(prefix)] = value.to(
                        parameter.device
                    )


def _scaled(progress: Callable[[float], None], done: int, count: int, share: float) -> None:
    """Report the share of one epoch as a share of all."""
    progress((done + share) / count)
