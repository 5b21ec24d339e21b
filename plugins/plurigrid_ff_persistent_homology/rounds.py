"""Rounds of runs compared by the diagrams that the validator kept of them."""

from itertools import pairwise
from pathlib import Path

from pydantic import Field

from plurigrid_ff.errors import DataError
from plurigrid_ff.host.folder import read_run_config
from plurigrid_ff.settings import Result
from plurigrid_ff_persistent_homology.distances import DiagramDistance, measure
from plurigrid_ff_persistent_homology.history import FILE, UNTRAINED, AgentDiagrams, DiagramHistory
from plurigrid_ff_persistent_homology.movement import moves


class RoundComparison(Result):
    """The layers of one round against those of another, on the probes that both were judged by."""

    run_a: str
    round_a: int
    run_b: str
    round_b: int
    probes: int
    layers: tuple[DiagramDistance, ...] = Field(
        description="Per agent that is in both, layer i of A against layer i of B."
    )


class RoundByRound(Result):
    """How far a run's diagrams moved from each kept round to the next."""

    run: str
    rounds: tuple[int, ...] = Field(description="Those that are kept; 0 is before any training.")
    probes: int
    moves: tuple[DiagramDistance, ...]


def compare_rounds(
    run_a: Path | str, round_a: int, run_b: Path | str, round_b: int, *, layer: int | None = None
) -> RoundComparison:
    """Compare two rounds of one run, or of two runs that were judged on the same probes.

    Args:
        run_a: A run folder whose validator was persistent-homology.
        round_a: A round of it; 0 is before any training.
        run_b: The same folder, or another.
        round_b: A round of that.
        layer: Only this layer, counted from 1; None: every layer that both have.

    Raises:
        PlurigridError: No diagrams are kept there, there is no such round or layer, or the probes
            differ.
    """
    a, b = _read(run_a), _read(run_b)
    first, second = _round(a, run_a, round_a), _round(b, run_b, round_b)
    if a.origin != b.origin:
        raise DataError(
            f"{run_b}: its diagrams are of other probes than those of {run_a}; compare runs of the "
            "same data, seed and settings of persistent-homology, or leave out @ROUND to show "
            "both networks the same samples"
        )
    shared = min(len(layers) for agents in (first, second) for layers in agents.values())
    _require_layer(layer, shared)
    return RoundComparison(
        run_a=str(run_a),
        round_a=round_a,
        run_b=str(run_b),
        round_b=round_b,
        probes=a.origin.count if a.origin else 0,
        layers=tuple(
            measure(
                f"A, round {round_a}, layer {i} of {agent}",
                first[agent][i - 1],
                f"B, round {round_b}, layer {i} of {agent}",
                second[agent][i - 1],
            )
            for agent in first
            if agent in second
            for i in range(1, shared + 1)
            if layer in (None, i)
        ),
    )


def follow_rounds(run: Path | str, *, layer: int | None = None) -> RoundByRound:
    """Measure every kept round of a run against the one before.

    Args:
        run: A run folder whose validator was persistent-homology.
        layer: Only this layer, counted from 1; None: all.

    Raises:
        PlurigridError: No diagrams are kept there, or there is no such layer.
    """
    history = _read(run)
    rounds = tuple(sorted(history.rounds))
    _require_layer(layer, max(map(len, history.rounds[rounds[0]].values())))
    found = [
        move.distance
        for since, round in pairwise(rounds)
        for move in moves(round, history.rounds[round], since, history.rounds[since], layer)
    ]
    count = history.origin.count if history.origin else 0
    return RoundByRound(run=str(run), rounds=rounds, probes=count, moves=tuple(found))


def _read(run: Path | str) -> DiagramHistory:
    """Read the diagrams that a run kept.

    Raises:
        RunFolderError: No finished run lies there.
        DataError: It kept none.
    """
    read_run_config(Path(run))
    history = DiagramHistory.read(Path(run) / FILE)
    if not history.rounds:
        raise DataError(
            f"{run}: kept no diagrams (no {FILE}); the validator persistent-homology keeps them, "
            "in a run such as `plurigrid-ff triads run "
            "persistent-homology-open-games-forward-forward`"
        )
    return history


def _round(history: DiagramHistory, run: Path | str, round: int) -> AgentDiagrams:
    """Return the diagrams of one round.

    Raises:
        DataError: They are not kept.
    """
    if round not in history.rounds:
        kept = ", ".join(map(str, sorted(history.rounds)))
        raise DataError(
            f"{run}@{round}: no diagrams of this round; kept are rounds {kept} ({UNTRAINED} is "
            "before any training)"
        )
    return history.rounds[round]


def _require_layer(layer: int | None, shared: int) -> None:
    """Require a layer that is there.

    Raises:
        DataError: How many there are.
    """
    if layer is not None and not 1 <= layer <= shared:
        raise DataError(
            f"layer {layer}: expected one of the {shared} layers that both have, 1 to {shared}"
        )
