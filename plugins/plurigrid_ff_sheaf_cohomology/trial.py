"""A trial of agreement: what the global section nearest to the agents' weights knows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from plurigrid_ff.host.ports import EdgeMaps, Parameters, PerAgent
from plurigrid_ff.learning.probed import ProbedNetwork
from plurigrid_ff.sheaves.units import UnitSymmetry
from plurigrid_ff_sheaf_cohomology.section import nearest_section


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
