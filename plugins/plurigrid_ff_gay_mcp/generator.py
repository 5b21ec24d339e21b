"""The generator: a round of painting lessons for every agent."""

from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from plurigrid_ff.colors.gamut import hex_of, srgb_from_oklch, srgb_of
from plurigrid_ff.colors.spaces import oklab_from_srgb, oklch_from_oklab
from plurigrid_ff.derivation import derive_key, shuffled
from plurigrid_ff.gf3 import add
from plurigrid_ff.host.ports import (
    ACTIVITIES,
    GAINS,
    INITIAL_ACTIVITIES,
    SCHEDULE,
    Inbox,
    LayerActivities,
    LayerGain,
    LayerSchedule,
    Outbox,
)
from plurigrid_ff.host.skill import RunContext
from plurigrid_ff_gay_mcp import COLOURS, GayMcpConfig
from plurigrid_ff_gay_mcp.class_colors import draw_class_colors
from plurigrid_ff_gay_mcp.painter import (
    Array,
    log_probabilities,
    make_layers,
    unit_rms,
)

TARGET_SPREAD = 3.0  # root mean square distance of the targets from their mean


class PaintingGenerator:
    """Trains the layers of every agent to paint samples in the colour of their class.

    Args:
        config: The scheme and the layers.
        context: The run's settings, data and society.
    """

    def __init__(self, config: GayMcpConfig, context: RunContext) -> None:
        self._config, self._context = config, context
        society = context.society
        self.colors = draw_class_colors(
            society.seed, society.num_classes, config.scheme, config.least_distance
        )
        lab = oklab_from_srgb(srgb_of([color.hex for color in self.colors]))
        self._middle = lab.mean(axis=0)
        spread = float(np.sqrt(((lab - self._middle) ** 2).sum(axis=1).mean()))
        self._scale = TARGET_SPREAD / spread if spread else 1.0
        self._targets = ((lab - self._middle) * self._scale).astype(np.float32)
        self._x, self._probes = _rows(context.data.train.x), _rows(society.probes)
        self._agents = {
            name: make_layers(self._x.shape[1], config.hidden, society.seed, name)
            for name in society.graph
        }
        self._initial = {name: self._activities(name) for name in self._agents}
        self._epoch = 0

    def generate(self, inbox: Inbox) -> Outbox:
        """Train each agent for a round, in the layers that its schedule names."""
        training = self._context.run.training
        epochs = min(training.epochs_per_round, training.epochs - self._epoch)
        schedules = inbox.get(SCHEDULE) or {}
        gains, summaries = {}, {}
        for place, (name, layers) in enumerate(self._agents.items()):
            schedule = schedules.get(name, LayerSchedule(trains=(True,) * len(layers)))
            before, updates = self._margins(name), [layer.updates for layer in layers]
            for epoch in range(self._epoch, self._epoch + epochs):
                self._train_epoch(name, schedule.trains, epoch)
                done = (epoch - self._epoch + 1) / epochs
                self._context.progress((place + done) / len(self._agents))
            gains[name] = tuple(
                LayerGain(updates=layer.updates - had, margin_before=old, margin_after=new)
                for layer, had, old, new in zip(
                    layers, updates, before, self._margins(name), strict=True
                )
            )
            summaries[name] = self._summary(name)
        self._epoch += epochs
        outbox = Outbox(summary=self._common(summaries), done=self._epoch >= training.epochs)
        outbox.put(GAINS, gains)
        outbox.put(ACTIVITIES, {name: self._activities(name) for name in self._agents})
        outbox.put(INITIAL_ACTIVITIES, dict(self._initial))
        outbox.put(COLOURS, dict.fromkeys(self._agents, self.colors))
        return outbox

    def save_state(self, folder: Path) -> None:
        """Write weights, moments and counts, one file per agent."""
        for name, layers in self._agents.items():
            arrays = {"epoch": np.array(self._epoch)}
            for place, layer in enumerate(layers):
                arrays |= {f"{place}.{what}": getattr(layer, what) for what in _KEPT}
                arrays[f"{place}.updates"] = np.array(layer.updates)
            save_file(arrays, folder / f"{name}.safetensors")

    def load_state(self, folder: Path) -> None:
        """Take up what :meth:`save_state` wrote."""
        for name, layers in self._agents.items():
            arrays = load_file(folder / f"{name}.safetensors")
            self._epoch = int(arrays["epoch"])
            for place, layer in enumerate(layers):
                for what in _KEPT:
                    setattr(layer, what, arrays[f"{place}.{what}"])
                layer.updates = int(arrays[f"{place}.updates"])

    def _train_epoch(self, name: str, trains: tuple[bool, ...], epoch: int) -> None:
        """Show an agent every sample once; each layer reads what the one below makes of it."""
        size = self._context.run.training.batch_size
        order = shuffled(
            derive_key(self._context.society.seed, name, "gay-mcp", epoch), len(self._x)
        )
        labels = self._context.data.train.y
        for start in range(0, len(order), size):
            batch = order[start : start + size]
            x, target = self._x[batch], self._targets[labels[batch]]
            for layer, learns in zip(self._agents[name], trains, strict=True):
                if learns:
                    layer.step(x, target, self._config.learning_rate)
                x = layer.forward(x)

    def _activities(self, name: str) -> LayerActivities:
        """Activities on the probes, as the next layer would read them."""
        x, layers = self._probes, []
        for layer in self._agents[name]:
            x = layer.forward(x)
            layers.append(unit_rms(x))
        return LayerActivities(inputs=unit_rms(self._probes), layers=tuple(layers))

    def _painted(self, name: str) -> list[Array]:
        """What each layer paints of the probes, ``(probes, 3)``."""
        x, painted = self._probes, []
        for layer in self._agents[name]:
            x = layer.forward(x)
            painted.append(layer.paint(x))
        return painted

    def _margins(self, name: str) -> list[float]:
        """Mean log-probability of the true class over the probes, per layer."""
        labels = self._context.society.labels
        rows = np.arange(len(labels))
        return [
            float(log_probabilities(painted, self._targets)[rows, labels].mean())
            for painted in self._painted(name)
        ]

    def _summary(self, name: str) -> dict[str, Any]:
        """Numbers for the log: accuracy per layer, and the mean colour painted of each class."""
        labels = self._context.society.labels
        painted = self._painted(name)
        accuracies = [
            float((log_probabilities(shown, self._targets).argmax(axis=1) == labels).mean())
            for shown in painted
        ]
        means = [
            self._hex(painted[-1][labels == label].mean(axis=0))
            if (labels == label).any()
            else None
            for label in range(len(self.colors))
        ]
        return {
            "layers": [
                {"accuracy": accuracy, "margin": margin, "updates": layer.updates}
                for accuracy, margin, layer in zip(
                    accuracies, self._margins(name), self._agents[name], strict=True
                )
            ],
            "validation_accuracy": accuracies[-1],
            "painted": means,
        }

    def _common(self, summaries: dict[str, dict[str, Any]]) -> dict[str, Any]:
        """Log the classes' colours and trits, and one agent's numbers plainly, several by name."""
        colors = {
            "colours": [color.hex for color in self.colors],
            "trits": [color.trit for color in self.colors],
            "trit_sum": add(color.trit for color in self.colors),
        }
        if len(summaries) == 1:
            return {**next(iter(summaries.values())), **colors}
        return {"agents": summaries, **colors}

    def _hex(self, painted: Array) -> str:
        """Name what was painted, brought into sRGB."""
        lab = painted.astype(np.float64) / self._scale + self._middle
        return hex_of(srgb_from_oklch(oklch_from_oklab(lab)))


_KEPT = ("weights", "first", "second")


def _rows(x: Any) -> Array:
    """Lay every sample out as one row of float32."""
    return np.ascontiguousarray(x, dtype=np.float32).reshape(len(x), -1)
