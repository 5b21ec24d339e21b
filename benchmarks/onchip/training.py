"""Networks and the ways they are trained: in float here, in integers on the device."""

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.onchip.device import Device
from plurigrid_ff.config import DataConfig, NetworkConfig, TrainingConfig
from plurigrid_ff.data.dataset import Dataset, Split
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.derivation import derive_key, shuffled
from plurigrid_ff.learning.labelled import as_rows
from plurigrid_ff.learning.negatives import find_negatives
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.trainer import Trainer
from plurigrid_ff.onchip.network import Objective
from plurigrid_ff.onchip.quantise import RATES, quantise

HALVINGS = 4  # of the step size, spread evenly over the epochs; chosen on validation samples


@dataclass(frozen=True, slots=True)
class Case:
    """What is trained on what.

    Attributes:
        data: Name of the data set.
        objective: The layers' objective.
        hidden: Widths; class goodness needs multiples of the number of classes.
        epochs: Passes over the training samples.
    """

    data: str
    objective: str
    hidden: tuple[int, ...]
    epochs: int

    def load(self, seed: int) -> Dataset:
        """Load the data set, with this seed's validation split."""
        return load_dataset(DataConfig(source=self.data), seed=seed)

    def network(self, data: Dataset, seed: int) -> FFNetwork:
        """Make the untrained float network."""
        config = NetworkConfig(hidden=self.hidden, objective=self.objective)
        return FFNetwork(config, data.feature_shape, data.num_classes, seed=seed)


def train_float(
    network: FFNetwork, samples: Split, *, epochs: int, seed: int, decay: bool = True
) -> None:
    """Train as the library does: Adam, batches of 128, its default step size."""
    config = TrainingConfig(epochs=epochs, decay="cosine" if decay else "none")
    x, y = torch.from_numpy(samples.x), torch.from_numpy(samples.y)
    Trainer(network, x, y, config, seed=seed).train_epochs(epochs)


@torch.no_grad()
def train_float_singly(network: FFNetwork, samples: Split, *, epochs: int, seed: int) -> None:
    """Train in float as the device trains: one sample a step, its rates and halvings."""
    for epoch in range(epochs):
        order = shuffled(derive_key(seed, "device", epoch), len(samples))
        learn_float_singly(network, samples, order, halvings=HALVINGS * epoch // epochs, seed=seed)


@torch.no_grad()
def learn_float_singly(
    network: FFNetwork, samples: Split, order: NDArray[np.integer], *, halvings: int, seed: int
) -> None:
    """Learn from ``samples[order]`` in float, one after the other."""
    x, y = torch.from_numpy(samples.x), torch.from_numpy(samples.y)
    kind = find_negatives(network.config)
    key = derive_key(seed, "negatives", halvings)
    negatives = kind(x, network.num_classes, key=key) if kind else None
    rate = RATES[cast(Objective, network.config.objective)] / 2**halvings
    for place in order.tolist():
        one = slice(place, place + 1)
        ids = torch.tensor([place])
        h = network.scale(x[one])
        if negatives is not None:
            h = as_rows(negatives.rails(network, x[one], y[one], key=key, sample_ids=ids))
        for layer in network.stack:
            read, (h, _) = h, layer.learn(h, y[one])
            constant = gradient_factor(network, h.shape[1])
            _descend(layer.transform, rate / read.shape[1] / constant)
            _descend(layer.objective, rate / h.shape[1])


def _descend(module: torch.nn.Module, rate: float) -> None:
    """Take one gradient step."""
    for parameter in module.parameters():
        if parameter.grad is not None:
            parameter.data.sub_(parameter.grad, alpha=rate)


def gradient_factor(network: FFNetwork, features: int) -> float:
    """Return the constant that the float gradient has and the integer one leaves out."""
    objective = network.stack[0].objective
    if network.config.objective == "threshold":
        return float(2 * objective.sharpness / features)  # type: ignore[operator]
    if network.config.objective == "class-goodness":
        return float(2 * objective.scale * network.num_classes / features)  # type: ignore[operator]
    return 1.0


def train_device(device: Device, samples: Split, *, epochs: int, seed: int) -> None:
    """Train on the device, samples in another order in every epoch."""
    for epoch in range(epochs):
        device.set_halvings(HALVINGS * epoch // epochs)
        order = shuffled(derive_key(seed, "device", epoch), len(samples))
        device.learn(samples.x, samples.y, order)


def export(network: FFNetwork, samples: Split, *, seed: int, halvings: int = 0) -> Device:
    """Quantise a network and put it on a device."""
    return Device(quantise(network, samples.x, seed=seed, halvings=halvings))


def float_accuracy(network: FFNetwork, x: NDArray[np.float32], y: NDArray[np.int64]) -> float:
    """Return the share of samples that the float network predicts right."""
    return float((float_predictions(network, x) == y).mean())


def float_predictions(network: FFNetwork, x: NDArray[np.float32]) -> NDArray[np.int64]:
    """Return the float network's class of every sample."""
    parts = [network.predict(part) for part in torch.split(torch.from_numpy(x), 2048)]
    predicted: NDArray[np.int64] = torch.cat(parts).numpy()
    return predicted


def chosen(samples: Split, places: NDArray[np.integer] | NDArray[np.bool_]) -> Split:
    """Return some of the samples."""
    return Split(samples.x[places], samples.y[places])
