"""One agent: a network, its trainer, and the probes it is measured on."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from plurigrid_ff.data.dataset import Split
from plurigrid_ff.errors import TrainingError
from plurigrid_ff.host.ports import LayerActivities, LayerGain
from plurigrid_ff.host.skill import RunContext
from plurigrid_ff.learning.assessment import (
    Measured,
    accuracy,
    assess,
    layer_accuracies,
    layer_margins,
    measure,
    probe_margins,
)
from plurigrid_ff.learning.checkpoint import load_tensors, load_weights, save_network
from plurigrid_ff.learning.early_stopping import EarlyStopping
from plurigrid_ff.learning.footprint import require_memory, training_bytes
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.pipeline import LocalPipeline
from plurigrid_ff.learning.trainer import LayerProgress, Trainer
from plurigrid_ff.results import Assessment
from plurigrid_ff_forward_forward_learning.weights import read_parameters, write_parameters

WEIGHTS_FILE = "network.safetensors"


class Agent:
    """A network that trains a round at a time.

    Args:
        name: Node name in the society's graph; the agent's draws derive from it.
        context: The run's settings, data and society. The agent learns from its shard.
        device: Where the network and the samples live.
    """

    def __init__(self, name: str, context: RunContext, device: torch.device) -> None:
        self.name = name
        self._run = context.run
        places = context.society.shards.get(name)
        self._data = context.data if places is None else context.data.shard(places)
        self._device = device
        network, shape, classes = (
            self._run.network,
            self._data.feature_shape,
            self._data.num_classes,
        )
        if context.pipeline is None:  # stages each look after their own
            require_memory(training_bytes(network, shape, classes), device)
        self.network = FFNetwork(
            network,
            shape,
            classes,
            seed=self._run.seed,
            role=self._run.society.whose_start(name),
        ).to(device)
        x, y = self._tensors(self._data.train)
        self.trainer = Trainer(
            self.network,
            x,
            y,
            self._run.training,
            seed=self._run.seed,
            role=name,
            pipeline=context.pipeline or LocalPipeline,
        )
        self._probes = torch.from_numpy(context.society.probes).to(device)
        self._labels = torch.from_numpy(context.society.labels)
        self.initial_activities = self.activities()
        self._measured: Measured | None = None
        self._mixed = False
        patience = self._run.training.patience
        self._stopping = EarlyStopping(patience) if patience is not None else None

    @property
    def num_layers(self) -> int:
        """Number of layers."""
        return len(self.network.stack)

    @property
    def done(self) -> bool:
        """Whether further rounds would change nothing."""
        return self.trainer.epoch >= self._run.training.epochs or (
            self._stopping is not None and self._stopping.exhausted
        )

    @property
    def kept_round(self) -> int | None:
        """The round whose weights the network has in the end; None: the last."""
        best = self._stopping.best if self._stopping is not None else None
        return best.round if best is not None and not self._mixed else None

    def train_round(
        self, round: int, trains: Sequence[bool], progress: Callable[[float], None]
    ) -> tuple[tuple[LayerGain, ...], dict[str, Any]]:
        """Train for a round's epochs; return each layer's gain and numbers for the log.

        Where there is patience, the network has the weights of its best round after its last.

        Raises:
            TrainingError: A loss, or in the end a weight, is not finite.
        """
        left = self._run.training.epochs - self.trainer.epoch
        epochs = min(self._run.training.epochs_per_round, left)
        before = layer_margins(self._measure(), self._labels)
        layers = self.trainer.train_epochs(epochs, trains=trains, progress=progress)
        self._require_finite(round)
        self._choose_readout()
        self._has_changed()
        measured = self._measure()
        after = layer_margins(measured, self._labels)
        gains = tuple(
            LayerGain(updates=layer.updates, margin_before=old, margin_after=new)
            for layer, old, new in zip(layers, before, after, strict=True)
        )
        summary = self._summary(epochs, layers, measured, after)
        if self._stopping is not None:
            self._watch(self._stopping, round, summary)
        return gains, summary

    def _watch(self, stopping: EarlyStopping, round: int, summary: dict[str, Any]) -> None:
        """Note how good this round was, and after the last one go back to the best."""
        # Before that, no accuracy is one of the network as it will be.
        if self.trainer.all_have_begun:
            accuracy: float = summary["validation_accuracy"]
            stopping.observe(round, accuracy, self.network, tuple(self.trainer.updates))
        if self.done and stopping.best is not None:
            self.network.load_state_dict(stopping.best.weights)
            self.trainer.updates = list(stopping.best.updates)
            self._has_changed()
            summary |= {"kept_round": stopping.best.round, "stopped": stopping.exhausted}

    def parameters(self) -> dict[str, NDArray[np.float32]]:
        """Return a copy of the trained weights."""
        return read_parameters(self.network)

    def take_up(self, parameters: Mapping[str, NDArray[np.float32]]) -> None:
        """Go on from mixed weights; where the read-out is validated, it is chosen anew."""
        write_parameters(self.network, parameters, agent=self.name)
        self._choose_readout()
        self._has_changed(mixed=True)

    def begin_with(self, weights: Mapping[str, NDArray[Any]]) -> None:
        """Begin with the weights and buffers of another run's network, in place of initial ones.

        Optimizers begin anew, and ``initial_activities`` stay those of the untrained network.

        Raises:
            CheckpointError: They are those of a network of another shape.
        """
        tensors = {name: torch.from_numpy(value) for name, value in weights.items()}
        load_tensors(self.network, tensors, where=f"port 'warm-start' of agent {self.name!r}")
        self._has_changed()

    def probe_margins(self) -> NDArray[np.float32]:
        """Score of the true class minus the best other one on every probe, ``(probes,)``."""
        margins: NDArray[np.float32] = probe_margins(self._measure(), self._labels).numpy()
        return margins

    def validation_accuracy(self) -> float:
        """Share of validation samples that the network gets right."""
        return accuracy(self.network, *self._tensors(self._data.validation))

    @property
    def num_parameters(self) -> int:
        """Trained numbers, read-outs included."""
        return self.network.num_parameters

    def activities(self) -> LayerActivities:
        """Activities on the probes, as the next layer would read them without a label."""
        layers = self.network.activities(self._probes)
        inputs = self.network.scale(self._probes)
        return LayerActivities(
            inputs=inputs.cpu().numpy(), layers=tuple(h.cpu().numpy() for h in layers)
        )

    def assess(self) -> Assessment:
        """Measure the network on the test split."""
        x, y = self._tensors(self._data.test)
        assessment = assess(
            self.network,
            x,
            y,
            class_names=self._data.class_names,
            updates=tuple(self.trainer.updates),
            seed=self._run.seed,
        )
        return assessment.model_copy(update={"kept_round": self.kept_round})

    def save_network(self, path: Path) -> None:
        """Write the network with everything needed to use it."""
        save_network(
            self.network,
            path,
            class_names=self._data.class_names,
            data=self._data.name,
            updates=tuple(self.trainer.updates),
        )

    def save_state(self, folder: Path) -> None:
        """Write weights and optimizers, and the best weights where there is patience."""
        self.save_network(folder / WEIGHTS_FILE)
        self.trainer.save_state(folder)
        if self._stopping is not None:
            self._stopping.save_state(folder)

    def load_state(self, folder: Path) -> None:
        """Take up what :meth:`save_state` wrote."""
        load_weights(self.network, folder / WEIGHTS_FILE)
        self.trainer.load_state(folder)
        if self._stopping is not None:
            self._stopping.load_state(folder, self._device)
        self._has_changed()

    def _choose_readout(self) -> None:
        """Choose the layers that predict, where that is asked for; the last round decides."""
        if self.network.read_out.validated:
            x, y = self._tensors(self._data.validation)
            self.network.read_out.choose(measure(self.network, x).goodness, y)

    def _require_finite(self, round: int) -> None:
        """Require weights that can be used: the last step may have ruined them unseen.

        Raises:
            TrainingError: The first that are not finite.
        """
        for name, weights in self.network.named_parameters():
            if not torch.isfinite(weights).all():
                raise TrainingError(
                    f"{name!r} is not finite after round {round}; lower training.learning_rate "
                    "or check the data"
                )

    def _has_changed(self, *, mixed: bool = False) -> None:
        """Forget what was measured of other weights, and note whether these are mixed ones."""
        self._measured = None
        self._mixed = mixed

    def _measure(self) -> Measured:
        """Score the probes, once as long as the weights stay the same."""
        if self._measured is None:
            self._measured = measure(self.network, self._probes)
        return self._measured

    def _tensors(self, split: Split) -> tuple[Tensor, Tensor]:
        """Move a split to the device."""
        x, y = torch.from_numpy(split.x), torch.from_numpy(split.y)
        return x.to(self._device), y.to(self._device)

    def _summary(
        self,
        epochs: int,
        layers: Sequence[LayerProgress],
        measured: Measured,
        margins: Sequence[float],
    ) -> dict[str, Any]:
        """Numbers for the log: of every layer, and of the read-out over all of them."""
        accuracies = layer_accuracies(measured, self._labels)
        right = measured.total.argmax(dim=1) == self._labels
        probe = self.trainer.probe_loss
        chosen = self.network.read_out.validated
        return {
            **({} if probe is None else {"probe_loss": probe}),
            "epochs": epochs,
            "layers": [
                {"loss": p.loss, "updates": p.updates, "margin": m, "accuracy": a}
                for p, m, a in zip(layers, margins, accuracies, strict=True)
            ],
            "validation_accuracy": float(right.double().mean()),
            **({"readout_layers": self.network.read_out.layers} if chosen else {}),
        }
