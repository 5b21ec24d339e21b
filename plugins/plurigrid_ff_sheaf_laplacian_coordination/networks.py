"""The network that all agents have: its symmetry, and its accuracy under given weights."""

from collections.abc import Mapping
from functools import cached_property

import torch

from plurigrid_ff.host.ports import Parameters
from plurigrid_ff.host.skill import RunContext
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.symmetry import rigid_symmetry, unit_symmetry
from plurigrid_ff.sheaves.units import UnitSymmetry


class ProbedNetwork:
    """One network that takes on the weights of any agent.

    What no agent trains, such as the scaling of inputs, is that of all training samples.

    Args:
        context: The run's settings, data and society.
    """

    def __init__(self, context: RunContext) -> None:
        run, data = context.run, context.data
        self._network = FFNetwork(run.network, data.feature_shape, data.num_classes, seed=run.seed)
        x, y = torch.from_numpy(data.train.x), torch.from_numpy(data.train.y)
        self._network.prepare(x, y)
        self._probes = torch.from_numpy(context.society.probes)
        self._labels = torch.from_numpy(context.society.labels)

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
    def accuracy(self, parameters: Parameters) -> float:
        """Return the share of probes that the network gets right with these weights."""
        state = {name: torch.tensor(values) for name, values in parameters.items()}
        self._network.load_state_dict(state, strict=False)
        right = self._network.predict(self._probes) == self._labels
        return float(right.double().mean())

    def mean_accuracy(self, parameters: Mapping[str, Parameters]) -> float:
        """Return the mean accuracy of several agents."""
        found = [self.accuracy(values) for values in parameters.values()]
        return sum(found) / len(found)
