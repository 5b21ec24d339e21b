"""The network that all agents have: its symmetry, and its accuracy under any of their weights."""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.data.dataset import Dataset
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.symmetry import rigid_symmetry, unit_symmetry
from plurigrid_ff.sheaves.units import UnitSymmetry
from plurigrid_ff.sheaves.vectors import Weights


class ProbedNetwork:
    """One network that takes on the weights of any agent.

    What no agent trains, such as the scaling of inputs, is that of all training samples.

    Args:
        config: The network.
        data: What it learns from.
        probes: Held-out inputs, shape ``(probes, *features)``.
        labels: Their classes, shape ``(probes,)``.
        seed: The run's seed.
    """

    def __init__(
        self,
        config: NetworkConfig,
        data: Dataset,
        probes: NDArray[np.float32],
        labels: NDArray[np.int64],
        *,
        seed: int,
    ) -> None:
        self._network = FFNetwork(config, data.feature_shape, data.num_classes, seed=seed)
        x, y = torch.from_numpy(data.train.x), torch.from_numpy(data.train.y)
        self._network.prepare(x, y)
        self._probes = torch.from_numpy(probes)
        self._labels = torch.from_numpy(labels)

    @cached_property
    def rigid(self) -> UnitSymmetry:
        """Every unit at its own place, whatever the layers are."""
        return rigid_symmetry(self._network)

    @cached_property
    def symmetry(self) -> UnitSymmetry:
        """The orders in which the units may be written.

        Raises:
            AlignmentError: A part whose units cannot be permuted.
        """
        return unit_symmetry(self._network)

    @torch.no_grad()
    def right(self, parameters: Weights) -> NDArray[np.bool_]:
        """Say which probes the network gets right with these weights, shape ``(probes,)``."""
        state = {name: torch.tensor(values) for name, values in parameters.items()}
        self._network.load_state_dict(state, strict=False)
        right: NDArray[np.bool_] = (self._network.predict(self._probes) == self._labels).numpy()
        return right

    def mean_right(self, parameters: Mapping[str, Weights]) -> NDArray[np.float64]:
        """Return the share of agents that get each probe right, shape ``(probes,)``."""
        found: NDArray[np.float64] = np.mean([self.right(w) for w in parameters.values()], axis=0)
        return found

    def mean_accuracy(self, parameters: Mapping[str, Weights]) -> float:
        """Return the mean accuracy of several agents."""
        return float(self.mean_right(parameters).mean())
