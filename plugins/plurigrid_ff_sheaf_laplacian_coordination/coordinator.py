"""The coordinator: align neighbours, then let their weights diffuse."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.errors import ConfigError
from plurigrid_ff.host.ports import (
    ACTIVITIES,
    EDGE_MAPS,
    MIXED_PARAMETERS,
    PARAMETERS,
    Edge,
    Inbox,
    Outbox,
    Parameters,
    PerAgent,
)
from plurigrid_ff.learning.probed import ProbedNetwork
from plurigrid_ff.sheaves.diffusion import Diffused, diffuse
from plurigrid_ff.sheaves.permuting import PermutationLaplacian
from plurigrid_ff.sheaves.sections import harmonic_extension
from plurigrid_ff.sheaves.sheaf import CellularSheaf
from plurigrid_ff.sheaves.spectrum import Spectrum, spectrum
from plurigrid_ff.sheaves.units import UnitSymmetry, spread
from plurigrid_ff.sheaves.vectors import Vectors
from plurigrid_ff_sheaf_laplacian_coordination import SheafLaplacianConfig
from plurigrid_ff_sheaf_laplacian_coordination.alignment import Alignment, align

SKILL_NAME = "sheaf-laplacian-coordination"


@dataclass(frozen=True, slots=True)
class Mixed:
    """What diffusion under one kind of maps comes to.

    Attributes:
        weights: Of every agent, in its own order.
        alignment: The maps.
        spectrum: Of the sheaf that those who are heard form.
        step: Size of the steps that were taken.
        diffused: How the discord fell.
        discords: Per edge between those who are heard, before the first step, relative to the
            length of both rows.
        energy: What the harmonic extension leaves; None where nobody is offline.
    """

    weights: dict[str, dict[str, NDArray[np.float32]]]
    alignment: Alignment
    spectrum: Spectrum
    step: float
    diffused: Diffused
    discords: dict[Edge, float]
    energy: float | None


class SheafCoordinator:
    """Coordinator of weights. Stateless; the same inbox gives the same outbox.

    Args:
        config: Kind of maps, number and size of steps.
        network: The network that all agents have.
    """

    def __init__(self, config: SheafLaplacianConfig, network: ProbedNetwork) -> None:
        self.config = config
        self.network = network

    def coordinate(self, inbox: Inbox) -> Outbox:
        """Mix the weights of neighbours, and say how plain gossip would have done."""
        mixed = self.mix(inbox, self.config.maps)
        plain = mixed if self.config.maps == "identity" else self.mix(inbox, "identity")
        outbox = Outbox()
        outbox.put(MIXED_PARAMETERS, mixed.weights)
        cells = self._symmetry(self.config.maps).cells
        outbox.put(
            EDGE_MAPS,
            {
                edge: tuple(spread(p, n) for p, n in zip(layers, cells, strict=True))
                for edge, layers in mixed.alignment.maps.items()
            },
        )
        outbox.edges = {
            edge: {"discord": value, "fit": float(np.mean(mixed.alignment.fits[edge]))}
            for edge, value in mixed.discords.items()
        }
        outbox.summary = self._summarise(inbox[PARAMETERS], mixed, plain)
        return outbox

    def mix(self, inbox: Inbox, kind: str) -> Mixed:
        """Let weights diffuse under one kind of maps.

        Raises:
            AlignmentError: Units that cannot be permuted, or an agent of another architecture.
            SheafError: A step at which diffusion diverges.
        """
        graph, parameters = inbox.society.graph, inbox[PARAMETERS]
        agents = [agent for agent in graph if agent in parameters]
        place = {agent: index for index, agent in enumerate(agents)}
        edges = [(u, v) if place[u] < place[v] else (v, u) for u, v in graph.edges]
        symmetry = self._symmetry(kind)
        for agent in agents:
            symmetry.require_parameters(agent, parameters[agent])
        alignment = align(agents, edges, inbox[ACTIVITIES], parameters, symmetry, kind)
        vectors = Vectors({agent: parameters[agent] for agent in agents}, symmetry, alignment.order)
        heard = [agent for agent in agents if agent not in self.config.offline]
        if not heard:
            raise ConfigError(
                f"skills.{SKILL_NAME}.offline: names all agents that are left; leave one to be "
                "heard"
            )
        between = [(u, v) for u, v in edges if u in heard and v in heard]
        laplacian = PermutationLaplacian(
            heard,
            {
                edge: None if alignment.closed else vectors.number_order(alignment.maps[edge])
                for edge in between
            },
        )
        ends = _spectrum(graph.subgraph(heard), alignment)
        step = ends.step if self.config.step == "optimal" else self.config.step
        ends.require_converging(step)
        before = vectors.rows[[place[agent] for agent in heard]]
        diffused = diffuse(laplacian, before, steps=self.config.steps, step=step)
        rows, energy = vectors.rows.copy(), None
        rows[[place[agent] for agent in heard]] = diffused.x
        if len(heard) < len(agents):
            rows, energy = _extended(graph, heard, rows, place)
        length = 2 * float(np.sqrt(np.mean(np.sum(np.square(before), axis=1)))) or 1.0
        found = zip(between, laplacian.discords(before), strict=True)
        discords = {edge: value / length for edge, value in found}
        return Mixed(vectors.weights(rows), alignment, ends, step, diffused, discords, energy)

    def _symmetry(self, kind: str) -> UnitSymmetry:
        """Plain gossip mixes networks of any kind; alignment needs units that may move."""
        return self.network.rigid if kind == "identity" else self.network.symmetry

    def _summarise(
        self, parameters: PerAgent[Parameters], mixed: Mixed, plain: Mixed
    ) -> dict[str, Any]:
        """Return the numbers for the log."""
        local = self.network.mean_accuracy(parameters)
        merged = self.network.mean_accuracy(mixed.weights)
        baseline = merged if plain is mixed else self.network.mean_accuracy(plain.weights)
        fits = list(mixed.alignment.fits.values())
        return {
            "maps": self.config.maps,
            "probe_accuracy": {"local": local, "mixed": merged, "identity": baseline},
            "fit": [float(value) for value in np.mean(fits, axis=0)] if fits else [],
            "spectrum": {
                "spectral gap": mixed.spectrum.gap,
                "largest eigenvalue": mixed.spectrum.largest,
            },
            "exact_spectrum": mixed.spectrum.exact,
            "steps": self.config.steps,
            "step": mixed.step,
            "rate": {
                "predicted": mixed.spectrum.rate_at(mixed.step),
                "measured": mixed.diffused.measured_rate,
            },
            "discord": {
                "before": mixed.diffused.discord[0],
                "after": mixed.diffused.discord[-1],
                "identity": plain.diffused.discord[0],
            },
            "offline": list(self.config.offline),
            "extension_energy": mixed.energy,
        }


def _spectrum(graph: "nx.Graph[str]", alignment: Alignment) -> Spectrum:
    """Return the spectrum of the sheaf of weights.

    Where maps close round every cycle, it is that of the graph, each eigenvalue as often as
    there are weights. Where they do not, orbits of weights are too many to decompose: the gap
    is that of the units, and the largest eigenvalue is bounded by twice the largest degree.
    """
    if alignment.closed or not graph.size():
        return spectrum(CellularSheaf.constant(graph))
    units = sum(len(p) for p in next(iter(alignment.maps.values())))
    maps = {}
    for (u, v), layers in alignment.maps.items():
        if graph.has_edge(u, v):
            starts = np.cumsum([0, *(len(p) for p in layers[:-1])])
            joined = [p + start for p, start in zip(layers, starts, strict=True)]
            maps[v, u] = np.concatenate(joined)
    gap = spectrum(CellularSheaf.bundle(graph, units, maps)).gap
    return Spectrum(gap, 2.0 * max(degree for _, degree in graph.degree), False)


def _extended(
    graph: "nx.Graph[str]",
    heard: Sequence[str],
    rows: NDArray[np.float64],
    place: dict[str, int],
) -> tuple[NDArray[np.float64], float]:
    """Give those who are offline the harmonic extension of the others."""
    known = {agent: rows[[place[agent]]] for agent in heard}
    extension = harmonic_extension(CellularSheaf.constant(graph), known)
    return np.concatenate([extension.values[agent] for agent in place]), extension.energy
