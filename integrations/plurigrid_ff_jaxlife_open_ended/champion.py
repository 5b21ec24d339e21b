"""The best-fed individual of a population, as a network that a run can measure and keep."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from plurigrid_ff.data.dataset import Dataset, Split
from plurigrid_ff.host.ports import LayerActivities
from plurigrid_ff.learning.assessment import accuracy, assess, layer_margins, measure, probe_margins
from plurigrid_ff.learning.checkpoint import save_network
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.results import Assessment


class Champion:
    """A brain as a trained network: its actions are the classes.

    Args:
        network: The brain.
        data: What it lives on, and is measured by.
        seed: Of the run.
        updates: Times that its lineage has learned, its ancestors' lives included.
    """

    def __init__(self, network: FFNetwork, data: Dataset, *, seed: int, updates: int) -> None:
        self.network = network
        self._data, self._seed, self._updates = data, seed, updates

    @property
    def num_parameters(self) -> int:
        """Numbers of its brain."""
        return self.network.num_parameters

    def validation_accuracy(self) -> float:
        """Share of validation samples that it gets right."""
        return accuracy(self.network, *_tensors(self._data.validation))

    def parameters(self) -> Mapping[str, NDArray[np.float32]]:
        """Return its weights."""
        return {
            name: value.detach().numpy().copy() for name, value in self.network.named_parameters()
        }

    def assess(self) -> Assessment:
        """Measure it on the test split."""
        x, y = _tensors(self._data.test)
        return assess(
            self.network,
            x,
            y,
            class_names=self._data.class_names,
            updates=(self._updates,),
            seed=self._seed,
        )

    def save_network(self, path: Path) -> None:
        """Write it as a network file."""
        save_network(
            self.network,
            path,
            class_names=self._data.class_names,
            data=self._data.name,
            updates=(self._updates,),
        )


def activities_of(network: FFNetwork, probes: Tensor) -> LayerActivities:
    """Return what a brain makes of probes, with no action in particular."""
    return LayerActivities(
        inputs=network.scale(probes).flatten(1).numpy(),
        layers=tuple(h.numpy() for h in network.activities(probes)),
    )


def margins_of(
    network: FFNetwork, probes: Tensor, labels: Tensor
) -> tuple[float, NDArray[np.float32]]:
    """Return the mean log-probability of the true class, and every probe's margin."""
    measured = measure(network, probes)
    each: NDArray[np.float32] = probe_margins(measured, labels).numpy()
    return layer_margins(measured, labels)[0], each


def _tensors(split: Split) -> tuple[Tensor, Tensor]:
    """Return a split as tensors."""
    return torch.from_numpy(split.x), torch.from_numpy(split.y)
