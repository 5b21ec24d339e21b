"""A trial of agreement: what the global section nearest to the agents' weights knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.host.ports import EdgeMaps, Parameters, PerAgent
from plurigrid_ff.learning.probed import ProbedNetwork
from plurigrid_ff.sheaves.sections import project
from plurigrid_ff.sheaves.sheaf import CellularSheaf
from plurigrid_ff.sheaves.units import UnitSymmetry, gathered
from plurigrid_ff.sheaves.vectors import Vectors, Weights


@dataclass(frozen=True, slots=True)
class Trial:
    """Accuracy on labelled probes before and after agreement.

    Attributes:
        local: Mean over the agents, as they are.
        section: Mean over the agents, once they agree.
        error: Standard error of their difference, over probes.
    """

    local: float
    section: float
    error: float

    @property
    def loss(self) -> float:
        """Share of the probes that agreement costs, at least 0."""
        return max(self.local - self.section, 0.0)


def try_section(
    network: ProbedNetwork,
    agents: Sequence[str],
    parameters: PerAgent[Parameters],
    maps: EdgeMaps,
    symmetry: UnitSymmetry,
) -> Trial:
    """Let agents agree under the maps, and see what that costs on the probes.

    Args:
        network: Takes on weights and is scored on the labelled probes.
        agents: All agents.
        parameters: Their weights.
        maps: The permutations between neighbours.
        symmetry: The orders of units that the networks allow.

    Raises:
        AlignmentError: An agent of another architecture.
    """
    own = {agent: parameters[agent] for agent in agents}
    for agent, weights in own.items():
        symmetry.require_parameters(agent, weights)
    before = network.mean_right(own)
    after = network.mean_right(nearest_section(own, maps, symmetry))
    error = np.std(before - after, ddof=1) / np.sqrt(len(before))
    return Trial(float(before.mean()), float(after.mean()), float(error))


def nearest_section(
    parameters: Mapping[str, Weights], maps: EdgeMaps, symmetry: UnitSymmetry
) -> dict[str, dict[str, NDArray[np.float32]]]:
    """Project weights onto the global sections of the sheaf that the maps make of them.

    A number moves with the units that it belongs to, so its orbit under the maps holds what
    agents would have to agree on; the nearest section holds the mean of each orbit. It is where
    diffusion ends.

    Args:
        parameters: Weights by agent, of one architecture.
        maps: The permutations between neighbours.
        symmetry: What moves along with the units.

    Returns:
        Weights by agent, each in its own order of units.
    """
    as_written = tuple(np.arange(units) for units in symmetry.units)
    vectors = Vectors(parameters, symmetry, dict.fromkeys(parameters, as_written))
    numbers = {}
    for (u, v), layers in maps.items():
        pairs = zip(layers, symmetry.cells, strict=True)
        numbers[v, u] = vectors.number_order([gathered(p, cells) for p, cells in pairs])
    sheaf = CellularSheaf.bundle(parameters, vectors.rows.shape[1], numbers)
    return vectors.weights(project(sheaf, vectors.rows.ravel()).reshape(vectors.rows.shape))
