"""The network that all agents have, under the weights of any of them."""

from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from plurigrid_ff.derivation import derive_key, shuffled
from plurigrid_ff.host.ports import Parameters
from plurigrid_ff.host.skill import RunContext
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.symmetry import symmetry_of
from plurigrid_ff.sheaves.units import UnitSymmetry


class Bench:
    """Measures weights on the probes, all by the same network.

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
        self._labels = context.society.labels
        self._symmetry = (run.network, data.feature_shape, data.num_classes)
        self._order = shuffled(
            derive_key(run.seed, "self-evolving-agent", "halves"), len(self._labels)
        )

    @cached_property
    def symmetry(self) -> UnitSymmetry:
        """The orders in which units may be written; a rigid one where they cannot move."""
        return symmetry_of(*self._symmetry)

    @property
    def selection(self) -> NDArray[np.intp]:
        """Places of the probes that children are chosen by: one half, drawn by the seed."""
        return self._order[0::2]

    @property
    def test(self) -> NDArray[np.intp]:
        """Places of the other half, on which the chosen one is tested."""
        return self._order[1::2]

    @torch.no_grad()
    def predict(self, parameters: Parameters) -> NDArray[np.int64]:
        """Return the class that these weights give each probe, shape ``(probes,)``."""
        state = {name: torch.tensor(values) for name, values in parameters.items()}
        self._network.load_state_dict(state, strict=False)
        predicted: NDArray[np.int64] = self._network.predict(self._probes).numpy()
        return predicted

    def right(self, parameters: Parameters) -> NDArray[np.bool_]:
        """Return on which probes these weights are right, shape ``(probes,)``."""
        return np.asarray(self.predict(parameters) == self._labels)
