"""A stack of local layers that predicts by goodness."""

import math
from functools import cache, partial
from typing import cast

import torch
from torch import Tensor, nn

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.learning.class_tree import class_means
from plurigrid_ff.learning.construction import build_stack, input_shape
from plurigrid_ff.learning.flows import FeedForward, Flow, Visit
from plurigrid_ff.learning.labelled import LabelledRails, Reading
from plurigrid_ff.learning.labels import embed_neutral
from plurigrid_ff.learning.layers import FFLayer
from plurigrid_ff.learning.negatives import find_negatives
from plurigrid_ff.learning.norms import unit_rms
from plurigrid_ff.learning.objectives import find_objective
from plurigrid_ff.learning.probe import PROBES
from plurigrid_ff.learning.readout import Readout
from plurigrid_ff.learning.recurrence import build_recurrent

MOST_NUMBERS = 1 << 24  # in any activity of one pass without learning: 64 MiB of float32
MOST_ROWS = 2048


class FFNetwork(nn.Module):
    """Layers that each learn from their own goodness. No optimizer, no data in here.

    Args:
        config: Widths and objective.
        feature_shape: Shape of one sample; samples are flattened.
        num_classes: Number of classes, at least 2.
        seed: The initial weights are a function of it.
        role: Name of whose weights these are; another role draws others.
    """

    def __init__(
        self,
        config: NetworkConfig,
        feature_shape: tuple[int, ...],
        num_classes: int,
        *,
        seed: int,
        role: str = "weights",
    ) -> None:
        super().__init__()
        self.config = config
        self.feature_shape = tuple(feature_shape)
        self.num_classes = num_classes
        negatives = find_negatives(config)
        if negatives is not None:
            negatives.require(self.feature_shape)
        self.rails = find_objective(config.objective).rails
        self.labelled = negatives is not None and negatives.labelled
        self.input_shape = input_shape(config, self.feature_shape)
        if config.scaling == "standard":
            width = math.prod(self.feature_shape)
            self.register_buffer("input_mean", torch.zeros(width))
            self.register_buffer("input_deviation", torch.ones(width))
        shape = self.input_shape
        if self.labelled:
            shape = (shape[0] + num_classes, *shape[1:])
        self.flow: Flow
        if config.recurrent is None:
            built = build_stack(config, shape, num_classes, seed=seed, role=role)
            layers, self.flow = built.layers, FeedForward(built.shortcuts)
        else:
            layers, self.flow = build_recurrent(
                config,
                config.recurrent,
                self.feature_shape,
                num_classes,
                labelled=self.labelled,
                seed=seed,
                role=role,
            )
        self.layers = nn.ModuleList(layers)
        widths = [layer.summary.features for layer in layers]
        kind = PROBES.get(config.readout)
        self.probe = kind(widths, num_classes) if kind else None
        self.read_out = Readout(config, len(self.layers))

    @property
    def stack(self) -> list[FFLayer]:
        """The layers, first layer first."""
        return cast("list[FFLayer]", list(self.layers))

    @property
    def num_parameters(self) -> int:
        """Number of trained numbers, the objectives' own included."""
        return sum(p.numel() for p in self.parameters() if p.requires_grad)

    @property
    def rows_per_pass(self) -> int:
        """Samples that go through the layers together where nothing is learned."""
        widest = max(max(layer.transform.out_features, layer.in_features) for layer in self.stack)
        return max(1, min(MOST_ROWS, MOST_NUMBERS // widest))

    def scale(self, x: Tensor) -> Tensor:
        """Bring samples ``(batch, *feature_shape)`` to unit scale, ``(batch, *input_shape)``.

        Each sample is scaled to unit RMS; with ``scaling = "standard"`` each feature is
        brought to mean 0 and variance 1 instead.

        Raises:
            ValueError: The samples have another shape than the network reads.
        """
        if tuple(x.shape[1:]) != self.feature_shape:
            raise ValueError(
                f"x must have shape (batch, *{self.feature_shape}), got {tuple(x.shape)}"
            )
        x = x.flatten(1)
        if self.config.scaling == "standard":
            x = (x - self.get_buffer("input_mean")) / self.get_buffer("input_deviation")
        else:
            x = unit_rms(x)
        return x.reshape(len(x), *self.input_shape)

    def prepare(self, x: Tensor, y: Tensor) -> None:
        """Take from training samples what must be known before the first step.

        Args:
            x: Samples, shape ``(samples, *feature_shape)``.
            y: Their labels, shape ``(samples,)``.
        """
        self.fit_scaling(x)
        means = cache(partial(class_means, x, y, self.num_classes, scale=self.scale))
        for index, layer in enumerate(self.stack):
            layer.objective.prepare(means, index=index, depth=len(self.stack))

    def fit_scaling(self, x: Tensor) -> None:
        """Take mean and deviation of every feature from training samples, if asked for.

        A feature that never varies is shifted to 0 and not scaled.
        """
        if self.config.scaling != "standard":
            return
        flat = x.flatten(1).double()
        deviation = flat.std(dim=0, correction=0)
        deviation[deviation == 0] = 1.0
        self.get_buffer("input_mean").copy_(flat.mean(dim=0))
        self.get_buffer("input_deviation").copy_(deviation)

    def rails_of(self, x: Tensor, y: Tensor, wrong: Tensor | None) -> Reading:
        """Return what the first layer reads in training, ``(rails * batch, *shape)``.

        Where the first layer can map a sample once for both of its labels, they stay apart.

        Args:
            x: Samples, shape ``(batch, *feature_shape)``.
            y: True labels, shape ``(batch,)``.
            wrong: Wrong labels, shape ``(batch,)``; needed with two rails only.
        """
        scaled = self.scale(x)
        if self.rails == 1:
            return scaled
        if wrong is None:
            raise ValueError("an objective with two rails needs wrong labels")
        rails = LabelledRails(scaled, torch.stack([y, wrong]), self.num_classes)
        apart = isinstance(self.flow, FeedForward) and self.stack[0].shares_input
        return rails if apart else rails.written_out()

    def sweep(self, x: Reading, visit: Visit, last: int | None = None) -> None:
        """Carry prepared input through the layers, as the network's flow says.

        Args:
            x: Prepared input, shape ``(rows, *shape)``, or labels and samples apart.
            visit: Given a layer's place, the layer, and what it reads; returns its activity.
            last: Place of the last layer that must be visited; None: the top.
        """
        self.flow.sweep(self.stack, x, visit, last)

    @torch.no_grad()
    def activities(self, x: Tensor) -> list[Tensor]:
        """Return what each layer's objective reads, ``(batch, features)``, without any label."""
        scaled = self.scale(x)
        read = embed_neutral(scaled, self.num_classes) if self.labelled else scaled
        return self.flow.collect(self.stack, read, lambda layer, h: layer.summary(h))

    @torch.no_grad()
    def layer_goodness(self, x: Tensor) -> Tensor:
        """Score every class in every layer, ``(layers, batch, classes)``.

        Where a probe reads the classes, a layer's goodness is its share of the probe's score;
        where a head does, the score of a head of its own.
        """
        if self.probe is not None:
            return self.probe.shares(self.activities(x))
        scaled = self.scale(x)
        stack = self.stack
        if self.rails == 1:
            return torch.stack(self.flow.collect(stack, scaled, FFLayer.goodness))
        found = self.flow.collect_labels(stack, scaled, self.num_classes, FFLayer.goodness)
        return torch.stack([torch.stack(scores) for scores in found], dim=-1)

    @torch.no_grad()
    def label_goodness(self, x: Tensor) -> Tensor:
        """Score every label in the one layer that reads it, ``(batch, classes)``."""
        parts = torch.split(self.scale(x), self.rows_per_pass)
        found = [self.flow.label_goodness(self.stack, part, self.num_classes) for part in parts]
        return torch.cat(found)

    def forward(self, x: Tensor) -> Tensor:
        """Score every class by what is read out of all layers, ``(batch, classes)``."""
        total: Tensor = self.read_out(self.layer_goodness(x))
        return total

    def predict(self, x: Tensor) -> Tensor:
        """Return the class of highest goodness for each sample, shape ``(batch,)``."""
        return self.forward(x).argmax(dim=1)
