"""What the maps between agents do to one layer."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.host.ports import Edge, EdgeMaps, LayerActivities, Parameters, PerAgent
from plurigrid_ff.sheaves.cohomology import Cohomology, cohomology
from plurigrid_ff.sheaves.holonomy import holonomy_defect
from plurigrid_ff.sheaves.localisation import Localisation, localise
from plurigrid_ff.sheaves.matching import by_cells, match, readings, standardised
from plurigrid_ff.sheaves.obstruction import discord
from plurigrid_ff.sheaves.sections import project
from plurigrid_ff.sheaves.sheaf import CellularSheaf
from plurigrid_ff.sheaves.units import UnitSymmetry, gathered

LEAST_EXCESS = 0.1
"""Discord by which a culprit's edges exceed all others: without it, trained agents that fit
the rest a little too well were named."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One layer under the maps.

    Attributes:
        layer: Its place, from 0.
        cohomology: Of the sheaf of units; exact, by orbits.
        defect: Mean share of units that do not come back to themselves round a cycle.
        fit: Mean correlation of units that the maps join; where goodness is linear in them,
            the mean of that and of the correlation of how it reads them.
        best_fit: The same where each pair of neighbours has the best match of its own.
        retained: Share of the activities' variance that is left of the nearest global section.
        discord: Per edge, ``|h_u - P h_v|`` relative to that of independent units: 0 where
            both say the same, about 1 where they have nothing to do with each other.
    """

    layer: int
    cohomology: Cohomology
    defect: float
    fit: float
    best_fit: float
    retained: float
    discord: dict[Edge, float]

    @property
    def misfit(self) -> float:
        """Share of the best fit that the maps do without, in [0, 1]."""
        return float(np.clip(1 - self.fit / self.best_fit, 0, 1)) if self.best_fit > 0 else 0.0

    @property
    def radius(self) -> float:
        """Consistency radius: the largest discord."""
        return max(self.discord.values())


def examine(
    agents: Sequence[str],
    maps: EdgeMaps,
    activities: PerAgent[LayerActivities],
    parameters: PerAgent[Parameters],
    symmetry: UnitSymmetry,
    layer: int,
) -> Finding:
    """Measure one layer.

    Args:
        agents: All agents.
        maps: The permutations between neighbours, at least one edge.
        activities: What the agents say of the same probes.
        parameters: Weights of the agents, by which goodness reads what they say.
        symmetry: The orders of units that the networks allow.
        layer: Its place, from 0.
    """
    cells, groups = symmetry.cells[layer], symmetry.groups[layer]
    said = {
        agent: standardised(by_cells(activities[agent].layers[layer], cells)) for agent in agents
    }
    units = {(v, u): gathered(p[layer], cells) for (u, v), p in maps.items()}
    sheaf = CellularSheaf.bundle(agents, symmetry.units[layer], units)
    x = sheaf.cochain({agent: values.T for agent, values in said.items()})
    energy = float(np.sum(np.square(x)))
    nearest = float(np.sum(np.square(project(sheaf, x))))
    # Independent units of variance 1 differ by 2 per probe.
    scale = float(np.sqrt(2 * symmetry.units[layer] * x.shape[1]))
    found = discord(sheaf, x)
    read = {agent: readings(parameters[agent], symmetry, layer) for agent in agents}
    fits, best = [], []
    for (v, u), p in units.items():
        scores = said[u].T @ said[v] / len(said[u])
        if len(read[u]):
            scores = (scores + read[u].T @ read[v]) / 2
        places = np.arange(len(p))
        fits.append(scores[places, p].mean())
        best.append(scores[places, match(scores, groups)].mean())
    return Finding(
        layer=layer,
        cohomology=cohomology(sheaf),
        defect=holonomy_defect(sheaf),
        fit=float(np.mean(fits)),
        best_fit=float(np.mean(best)),
        retained=nearest / energy if energy else 0.0,
        discord={(u, v): found[v, u] / scale for u, v in maps},
    )


def find_culprit(agents: Sequence[str], findings: Sequence[Finding]) -> Localisation:
    """Find the one agent whose edges are in discord, if there is one.

    Edges of a layer are taken to be in equal discord but for those of one agent, who is named
    only where they are in clearly more of it.

    Args:
        agents: All agents.
        findings: Of every layer.
    """
    edges = list(findings[0].discord)
    design = np.repeat(np.eye(len(findings)), len(edges), axis=0)
    data = np.array([value for found in findings for value in found.discord.values()])
    ends = edges * len(findings)
    suspects: Mapping[Hashable, NDArray[np.intp]] = {
        agent: np.flatnonzero([agent in edge for edge in ends]) for agent in agents
    }
    found = localise(design, data, suspects)
    if found.culprit is None:
        return found
    own = np.isin(np.arange(len(data)), suspects[found.culprit])
    # Agents differ in small ways, and one may stand out by fitting the others too well.
    if data[own].mean() - data[~own].mean() >= LEAST_EXCESS:
        return found
    reason = f"not identifiable: {found.culprit} stands out, but not by much more discord"
    return replace(found, culprit=None, reason=reason)
