"""What the maps between agents do to one layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.host.ports import Edge, EdgeMaps, LayerActivities, PerAgent
from plurigrid_ff.sheaves.cohomology import Cohomology, cohomology
from plurigrid_ff.sheaves.holonomy import holonomy_defect
from plurigrid_ff.sheaves.localisation import Localisation, localise
from plurigrid_ff.sheaves.matching import standardised
from plurigrid_ff.sheaves.obstruction import consistency_radius, discord
from plurigrid_ff.sheaves.sections import project
from plurigrid_ff.sheaves.sheaf import CellularSheaf


@dataclass(frozen=True, slots=True)
class Finding:
    """One layer under the maps.

    Attributes:
        layer: Its place, from 0.
        cohomology: Exact, by orbits of units.
        defect: Mean share of units that do not come back to themselves round a cycle.
        retained: Share of the activities' variance that is left when units that the maps join,
            over however many edges, agree on their mean: 1 where agents say the same.
        discord: Per edge, ``|h_u - P h_v|`` relative to what independent units would have: 0
            where both say the same, about 1 where they have nothing to do with each other.
        radius: Largest discord of any edge.
    """

    layer: int
    cohomology: Cohomology
    defect: float
    retained: float
    discord: dict[Edge, float]
    radius: float


def examine(
    agents: Sequence[str],
    maps: EdgeMaps,
    activities: PerAgent[LayerActivities],
    layer: int,
) -> Finding:
    """Measure one layer.

    Args:
        agents: All agents.
        maps: The permutations between neighbours.
        activities: What the agents say of the same probes.
        layer: Its place, from 0.
    """
    said = {agent: standardised(activities[agent].layers[layer]).T for agent in agents}
    units = len(said[agents[0]])
    sheaf = CellularSheaf.bundle(agents, units, {(v, u): p[layer] for (u, v), p in maps.items()})
    x = sheaf.cochain(said)
    energy = float(np.sum(np.square(x)))
    # Independent units of variance 1 differ by 2 per probe.
    scale = float(np.sqrt(2 * units * x.shape[1]))
    kept = float(np.sum(np.square(project(sheaf, x)))) / energy if energy else 0.0
    found = discord(sheaf, x)
    return Finding(
        layer=layer,
        cohomology=cohomology(sheaf),
        defect=holonomy_defect(sheaf),
        retained=kept,
        discord={(u, v): found[v, u] / scale for u, v in maps},
        radius=consistency_radius(sheaf, x) / scale,
    )


def find_culprit(agents: Sequence[str], findings: Sequence[Finding]) -> Localisation:
    """Find the one agent whose edges are in discord, if there is one.

    Edges of a layer are taken to be in equal discord but for those of one agent.

    Args:
        agents: All agents.
        findings: Of every layer.
    """
    edges = list(findings[0].discord)
    rows = len(edges) * len(findings)
    design = np.repeat(np.eye(len(findings)), len(edges), axis=0)
    data = np.array([value for found in findings for value in found.discord.values()])
    suspects: Mapping[object, NDArray[np.intp]] = {
        agent: np.array(
            [row for row in range(rows) if agent in edges[row % len(edges)]], dtype=np.intp
        )
        for agent in agents
    }
    return localise(design, data, suspects)
