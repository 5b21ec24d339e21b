"""The rival of every figure: the same stack trained end to end, on the same batches."""

import math
from collections import deque
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.data.dataset import Dataset
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.learning.draws import drawing_by
from plurigrid_ff.learning.flows import FeedForward
from plurigrid_ff.learning.labelled import Reading, as_rows
from plurigrid_ff.learning.layers import FFLayer
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.optimizers import plan_rival, set_rate
from plurigrid_ff.learning.rivals import share_right, stream
from plurigrid_ff.learning.transforms import Block


class BackpropNetwork:
    """The layers of a network, trained end to end below a linear read-out.

    It maps, pools, joins and rectifies as they do, reads no label, and starts from weights that
    torch would give its own layers, and a block its own. It normalises between layers only
    where a layer's settings ask for it by name: what keeps goodness from being copied it does
    not need.

    Args:
        config: The network's settings.
        feature_shape: Shape of one sample.
        num_classes: Number of classes.
        seed: Determines the initial weights.
    """

    def __init__(
        self,
        config: NetworkConfig,
        feature_shape: tuple[int, ...],
        num_classes: int,
        *,
        seed: int,
    ) -> None:
        plain: dict[str, Any] = {"objective": "projection", "options": {}, "readout": "goodness"}
        config = config.model_copy(update=plain | {"negatives": "none", "recurrent": None})
        self.layers = FFNetwork(config, feature_shape, num_classes, seed=seed)
        self._normalises = [layer.norm != "auto" for layer in config.layers]
        with torch.random.fork_rng(devices=[]), torch.no_grad():  # the caller's draws stay
            torch.manual_seed(seed)
            for layer in self.layers.stack:
                if isinstance(layer.transform, Block):
                    continue
                bound = layer.transform.fan_in**-0.5
                for parameter in layer.transform.parameters():
                    parameter.uniform_(-bound, bound)
            self.head = nn.Linear(self.layers.stack[-1].summary.features, num_classes)

    @property
    def parameters(self) -> list[nn.Parameter]:
        """All that is trained."""
        own = (p for layer in self.layers.stack for p in layer.transform.parameters())
        return [*own, *self.head.parameters()]

    def to(self, device: torch.device) -> None:
        """Move to a device."""
        self.layers.to(device)
        self.head.to(device)

    def __call__(self, x: Tensor) -> Tensor:
        """Score every class, ``(batch, *feature_shape) -> (batch, classes)``."""
        h = x

        def visit(index: int, layer: FFLayer, x: Reading) -> Tensor:
            nonlocal h
            h = self._respond(index, layer, x)
            return h

        self.layers.sweep(self.layers.scale(x), visit)
        return self._scores(h)

    def checkpointed(self, x: Tensor) -> Tensor:
        """Score as a call does, and map again on the way back what was not kept on the way up.

        Kept is what enters every run of as many layers as the square root of their number.

        Reference:
            Chen et al. (2016), "Training Deep Nets with Sublinear Memory Cost", arXiv:1604.06174.
        """
        stack, flow = self.layers.stack, self.layers.flow
        assert isinstance(flow, FeedForward)  # noqa: S101 - recurrence was left out
        h = self._respond(0, stack[0], self.layers.scale(x))
        passed_on: list[Tensor] = [h]
        length = math.isqrt(len(stack) - 1) + 1

        def run(places: range, *below: Tensor) -> tuple[Tensor, ...]:
            held = deque(below, maxlen=flow.reach)
            last = below[-1]

            def visit(index: int, layer: FFLayer, x: Reading) -> Tensor:
                nonlocal last
                last = self._respond(index, layer, x)
                return last

            flow.carry(stack, held, visit, places)
            return (*held, last)

        for start in range(1, len(stack), length):
            places = range(start, min(start + length, len(stack)))
            *passed_on, h = checkpoint(run, places, *passed_on, use_reentrant=False)
        return self._scores(h)

    def _respond(self, index: int, layer: FFLayer, x: Reading) -> Tensor:
        """Map by one layer, with a graph."""
        rows = as_rows(x)
        read = layer.normalise(rows) if self._normalises[index] else rows
        return layer.respond(layer.transform.end_to_end(read.reshape(len(rows), *layer.in_shape)))

    def _scores(self, h: Tensor) -> Tensor:
        """Score classes by the last activity."""
        scores: Tensor = self.head(self.layers.stack[-1].summary(h))
        return scores


def train_backprop(
    network: BackpropNetwork, x: Tensor, y: Tensor, training: TrainingConfig, *, seed: int
) -> None:
    """Train by cross-entropy, on the batches of a ``Trainer`` of this seed.

    Args:
        network: What to train, on the device of the samples. Its scaling is fitted to ``x``.
        x: Training samples, shape ``(samples, *feature_shape)``.
        y: Labels, shape ``(samples,)``.
        training: Epochs, batches, augmentation and steps. Where layers differ in optimizer or
            step size, those of the first layer; there is no schedule.
        seed: Determines the order of samples, the augmentation and what blocks draw.
    """
    network.layers.fit_scaling(x)
    plan = plan_rival(training)
    optimizer = plan.build(network.parameters)
    network.layers.train()
    with drawing_by(derive_key(seed, "backprop", "draws"), x.device):
        for rate, samples, labels in stream(x, y, training, seed=seed):
            set_rate(optimizer, rate)
            optimizer.zero_grad(set_to_none=True)
            loss = F.cross_entropy(network(samples), labels)
            loss.backward()  # type: ignore[no-untyped-call]
            if plan.clip is not None:
                nn.utils.clip_grad_norm_(network.parameters, plan.clip)
            optimizer.step()
    network.layers.eval()


def backprop_accuracy(
    data: Dataset,
    network: NetworkConfig,
    training: TrainingConfig,
    *,
    seed: int,
    device: torch.device,
) -> float:
    """Train the rival of a network on the same split; return its share of right test samples."""
    rival = BackpropNetwork(network, data.feature_shape, data.num_classes, seed=seed)
    rival.to(device)
    x, y = (torch.from_numpy(part).to(device) for part in (data.train.x, data.train.y))
    train_backprop(rival, x, y, training, seed=seed)
    return share_right(rival, data.test, rows=rival.layers.rows_per_pass, device=device)
