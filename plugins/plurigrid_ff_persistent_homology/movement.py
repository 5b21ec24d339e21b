"""How far every layer's diagrams moved since the round before: a table, and numbers for the log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plurigrid_ff.results import Table
from plurigrid_ff_persistent_homology.distances import DiagramDistance, measure
from plurigrid_ff_persistent_homology.evidence import rounded
from plurigrid_ff_persistent_homology.history import AgentDiagrams

MOVED = "moved"
"""Key of the log: per agent, the H0 Wasserstein distance of each layer to the round before."""


@dataclass(frozen=True, slots=True)
class Move:
    """One layer's diagrams against those of an earlier round.

    Attributes:
        layer: From 1.
        since: The earlier round; 0 is before any training.
    """

    agent: str
    layer: int
    since: int
    distance: DiagramDistance


def moves(
    round: int,
    diagrams: AgentDiagrams,
    since: int,
    earlier: AgentDiagrams,
    layer: int | None = None,
) -> list[Move]:
    """Measure the layers of all agents that are in both rounds.

    Args:
        round: The later round, for names.
        diagrams: Its diagrams.
        since: The earlier round.
        earlier: Its diagrams.
        layer: Only this layer, from 1; None: all.
    """
    return [
        Move(
            agent,
            place,
            since,
            measure(
                f"round {since}, layer {place} of {agent}",
                old,
                f"round {round}, layer {place} of {agent}",
                new,
            ),
        )
        for agent, layers in diagrams.items()
        if agent in earlier
        for place, (new, old) in enumerate(zip(layers, earlier[agent], strict=True), start=1)
        if layer in (None, place)
    ]


def summary(found: Sequence[Move]) -> dict[str, Any]:
    """Return the numbers for the log; none where there was no round before."""
    moved: dict[str, list[float]] = {}
    for move in found:
        moved.setdefault(move.agent, []).append(rounded(move.distance.wasserstein_h0))
    return {MOVED: moved} if moved else {}


def table(found: Sequence[Move]) -> Table:
    """One row per layer: how far its diagrams are from those of the round before."""
    return Table(
        title="Diagrams since the round before",
        columns=(
            "agent",
            "layer",
            "since round",
            "H0 bottleneck",
            "H0 Wasserstein",
            "H1 bottleneck",
            "H1 off by at most",
            "H1 Wasserstein",
        ),
        rows=tuple(
            (
                move.agent,
                move.layer,
                move.since,
                rounded(move.distance.bottleneck_h0),
                rounded(move.distance.wasserstein_h0),
                rounded(move.distance.bottleneck_h1),
                rounded(move.distance.uncertainty_h1),
                rounded(move.distance.wasserstein_h1),
            )
            for move in found
        ),
        note="Round 0 is before any training. H0 is exact; what H1 is off by holds for the "
        "bottleneck distance. Diagrams forget where things lie: 0 does not mean equal layers.",
    )
