"""Time for a network: layers that read the layer below and the layer above, step by step."""

from collections.abc import Iterator, Sequence
from math import prod
from typing import cast

import torch
from torch import Tensor

from plurigrid_ff.config import LinearConfig, NetworkConfig
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.flows import Flow, Measure, Visit
from plurigrid_ff.learning.labelled import Reading
from plurigrid_ff.learning.labels import label_part
from plurigrid_ff.learning.layers import FFLayer
from plurigrid_ff.learning.norms import unchanged, unit_rms, unit_variance
from plurigrid_ff.learning.objectives import find_objective, parse_options
from plurigrid_ff.learning.peers import PeerNormalisation
from plurigrid_ff.learning.recurrent_layers import RecurrentLayer
from plurigrid_ff.learning.transforms import Linear
from plurigrid_ff.recurrent_config import RecurrentConfig

STEPS = 8  # of a static sample: Hinton (2022), sec. 3.4,
READ = (3, 5)  # and the steps whose goodness predicts
NORMS = {"auto": unit_rms, "rms": unit_rms, "layer": unit_variance, "none": unchanged}


class Recurrence(Flow):
    """Steps in which every layer reads its neighbours as they were a step before.

    The layers begin with one pass upwards. What the lowest reads may change from step to step;
    the label, if there is one, stands above the highest throughout.

    Args:
        config: Steps, damping and order.
        feature_shape: Shape of one sample.

    Raises:
        ConfigError: The steps that predict are none of the steps, or frames are to be counted.

    Reference:
        Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345, sec. 3.4.
    """

    def __init__(self, config: RecurrentConfig, feature_shape: tuple[int, ...]) -> None:
        self.features = prod(feature_shape)
        self.frames = 1
        if config.input == "frames":
            if config.steps is not None:
                raise ConfigError(
                    "network.recurrent: input 'frames' takes one step per frame, "
                    f"{feature_shape[-1]} here, got steps = {config.steps}; leave steps out"
                )
            self.frames = feature_shape[-1]
        static = config.input == "static"
        self.visits = (config.steps or STEPS) if static else self.frames
        default = (min(READ[0], self.visits), min(READ[1], self.visits))
        self.read = config.read or (default if static else (1, self.visits))
        first, last = self.read
        if first > last or last > self.visits:
            raise ConfigError(
                f"network.recurrent: read must be [first, last] within steps 1 to {self.visits}, "
                f"got {list(self.read)}"
            )
        self.alternating = config.order == "alternating"

    def sweep(self, stack: Sequence[FFLayer], x: Reading, visit: Visit, last: int | None) -> None:
        """Visit every layer at every step; those above ``last`` too, which are heard below."""
        assert isinstance(x, Tensor)  # noqa: S101 - a label stands above the highest layer
        for _ in self._unroll(stack, x, visit, self.visits):
            pass

    def collect(self, stack: Sequence[FFLayer], x: Tensor, measure: Measure) -> list[Tensor]:
        """Average the measures of each layer over the steps that are read."""
        first, last = self.read
        sums: list[Tensor] = []
        steps = self._unroll(stack, x, lambda index, layer, x: layer.activity(x), last)
        for step, activities in enumerate(steps, start=1):
            if step >= first:
                found = [measure(layer, h) for layer, h in zip(stack, activities, strict=True)]
                sums = [a + b for a, b in zip(sums, found, strict=True)] if sums else found
        return [total / (last - first + 1) for total in sums]

    def label_goodness(self, stack: Sequence[FFLayer], x: Tensor, num_classes: int) -> Tensor:
        """Score every label in the highest layer, one step after the pass upwards."""
        activities = self._begin(stack, x)
        below = [self._shown(x, 0), *activities][len(stack) - 1]
        top = stack[-1]
        scores = []
        for label in range(num_classes):
            above = label_part(torch.full((len(x),), label, device=x.device), num_classes, x.dtype)
            h = top.activity(torch.cat([below, above, activities[-1]], dim=1))
            scores.append(top.goodness(h))
        return torch.stack(scores, dim=1)

    def _unroll(
        self, stack: Sequence[FFLayer], x: Tensor, visit: Visit, steps: int
    ) -> Iterator[list[Tensor]]:
        """Take so many steps and yield the layers' activities after each."""
        sample, label = x[:, : self.features], x[:, self.features :]
        activities = self._begin(stack, sample)
        places = range(len(stack))
        turns = [places[1::2], places[::2]] if self.alternating else [places]
        for step in range(steps):
            for turn in turns:
                said = [self._shown(sample, step), *activities, label]
                for i in turn:
                    row = torch.cat([said[i], said[i + 2], said[i + 1]], dim=1)
                    activities[i] = visit(i, stack[i], row)
            yield activities

    def _begin(self, stack: Sequence[FFLayer], sample: Tensor) -> list[Tensor]:
        """Pass upwards once; nothing is heard from above, no label either."""
        activities = [self._shown(sample, 0)]
        for layer in cast("Sequence[RecurrentLayer]", stack):
            activities.append(layer.begin(activities[-1]))
        return activities[1:]

    def _shown(self, sample: Tensor, step: int) -> Tensor:
        """Return what the lowest layer reads at a step, ``(rows, features / frames)``."""
        return sample.reshape(len(sample), -1, self.frames)[:, :, min(step, self.frames - 1)]


def build_recurrent(
    config: NetworkConfig,
    recurrent: RecurrentConfig,
    feature_shape: tuple[int, ...],
    num_classes: int,
    *,
    labelled: bool,
    seed: int,
    role: str,
) -> tuple[list[FFLayer], Recurrence]:
    """Build the layers of a recurrent network, and the flow through them.

    Args:
        config: The network's settings.
        recurrent: Its recurrence.
        feature_shape: Shape of one sample.
        num_classes: Number of classes.
        labelled: A label stands above the highest layer.
        seed: The initial weights are a function of it,
        role: and of whose weights these are.

    Raises:
        ConfigError: A setting that a recurrent network does not have.
    """
    flow = Recurrence(recurrent, feature_shape)
    objective = find_objective(config.objective)
    options = parse_options(config.objective, config.options)
    if objective.contrast == "pairs":
        raise ConfigError(
            f"network.recurrent: objective {config.objective!r} compares pairs of samples, which "
            "have no steps; use one that compares samples or classes, as 'symba' or 'projection'"
        )
    if config.locality != 1:
        raise ConfigError(
            f"network.recurrent: network.locality is {config.locality}, but no gradient crosses a "
            "layer or a step; set network.locality = 1"
        )
    settings = [_linear(layer, index) for index, layer in enumerate(config.layers)]
    widths = [layer.features for layer in settings]
    below = [flow.features // flow.frames, *widths]
    above = [*widths[1:], num_classes if labelled else 0]
    layers: list[FFLayer] = []
    for index, layer in enumerate(settings):
        key = derive_key(seed, role, index)
        heard = below[index] + above[index] + layer.features * recurrent.lateral
        norm = NORMS[layer.norm]
        top = index == len(settings) - 1
        layers.append(
            RecurrentLayer(
                Linear(heard, layer.features, key=key),
                objective(layer.features, num_classes, options, key=key),
                widths=(below[index], above[index]),
                damping=recurrent.damping,
                # What is shown is scaled already, and so is a label.
                normalise=unchanged if index == 0 and layer.norm == "auto" else norm,
                normalise_above=unchanged if top else norm,
                normalise_own=norm if recurrent.lateral else None,
                peers=PeerNormalisation(layer.features, layer.peer) if layer.peer else None,
            )
        )
    return layers, flow


def _linear(layer: object, index: int) -> LinearConfig:
    """Require a dense layer without a shortcut.

    Raises:
        ConfigError: What else it is.
    """
    where = f"network.recurrent: layer {index + 1}"
    if not isinstance(layer, LinearConfig):
        kind = getattr(layer, "kind", "")
        raise ConfigError(f"{where} is {kind!r}, but recurrent layers are 'linear'; give a width")
    if layer.shortcut != "none":
        raise ConfigError(
            f"{where} has shortcut {layer.shortcut!r}, but a step reads neighbours alone; use "
            "shortcut = 'none'"
        )
    if layer.norm not in NORMS:
        raise ConfigError(
            f"{where} has norm {layer.norm!r}, but recurrent layers read rows; use one of "
            f"{', '.join(map(repr, NORMS))}"
        )
    return layer
