"""Which edge or agent is to blame, and whether the graph lets anyone know."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import linprog

from plurigrid_ff.errors import SheafError
from plurigrid_ff.sheaves.sheaf import CellularSheaf

EVIDENCE = 12.0
"""Twice the log-likelihood ratio that a claim needs: odds of 400 to 1."""
CONSISTENT = 1e-20
"""Share of the squared data below which a squared residual is rounding."""
ROUNDING = 1e-14
"""Share of the squared residual below which nothing of it is left."""
MOST_ROWS = 2000
"""Edge numbers up to which every suspect is tried: seconds."""


@dataclass(frozen=True, slots=True)
class Localisation:
    """Who is to blame for a residual.

    Attributes:
        culprit: The one suspect whose data alone explain it; None where that cannot be said.
        rivals: Suspects that explain it as well as the best, the best first.
        invisible: Suspects of whom no error could be seen: a bridge has no cycle.
        shares: Share of the absolute residual of an L1 fit that lies with each suspect.
        reason: One sentence.
    """

    culprit: Hashable | None
    rivals: tuple[Hashable, ...]
    invisible: tuple[Hashable, ...]
    shares: dict[Hashable, float]
    reason: str


def edge_suspects(sheaf: CellularSheaf) -> dict[Hashable, NDArray[np.intp]]:
    """Let every edge be a suspect."""
    return {edge: np.arange(part.start, part.stop) for edge, part in sheaf.edge_slices.items()}


def agent_suspects(sheaf: CellularSheaf) -> dict[Hashable, NDArray[np.intp]]:
    """Let every node be a suspect for all of its edges."""
    rows: dict[Hashable, list[NDArray[np.intp]]] = {
        node: [np.empty(0, np.intp)] for node in sheaf.node_dims
    }
    for edge, part in sheaf.edge_slices.items():
        for node in edge:
            rows[node].append(np.arange(part.start, part.stop))
    return {node: np.concatenate(parts) for node, parts in rows.items()}


def localise(
    design: "NDArray[np.float64] | sp.csr_array",
    data: NDArray[np.float64],
    suspects: Mapping[Hashable, NDArray[np.intp]],
) -> Localisation:
    """Find the one suspect whose data, set aside, let a linear model explain the rest.

    ``data ~ design x``; the design of measured offsets is d0, of discords a column of ones.
    Each suspect's rows are freed in turn and the squared residual compared: a culprit must
    beat both innocence and every other suspect by the evidence of :data:`EVIDENCE`, and bear
    the most of an L1 fit, which leaves errors where they are while least squares spreads them.

    Args:
        design: Shape ``(rows, unknowns)``.
        data: Shape ``(rows,)``, finite.
        suspects: Rows that belong to each suspect.

    Raises:
        SheafError: Too many rows, or an L1 fit that fails.
    """
    if len(data) > MOST_ROWS:
        raise SheafError(
            f"every suspect is tried on at most {MOST_ROWS} edge numbers, got {len(data)}; ask for "
            "the discord of edges, and localise within the subgraph where it is largest"
        )
    matrix = design.toarray() if isinstance(design, sp.csr_array) else design
    # The projector onto what the model cannot explain.
    left, values, _ = np.linalg.svd(matrix, full_matrices=False)
    basis = left[:, values > 1e-10 * values.max(initial=0.0)]
    projector = np.eye(len(data)) - basis @ basis.T
    residual = projector @ data
    freedom = len(data) - basis.shape[1]
    total = float(residual @ residual)
    shares = _l1_shares(matrix, data, suspects)
    if freedom == 0 or total <= CONSISTENT * max(float(data @ data), 1e-300):
        return Localisation(None, (), tuple(suspects), shares, "the data are consistent")
    tried = {name: _freed(projector, residual, rows) for name, rows in suspects.items()}
    invisible = tuple(name for name, (_, rank) in tried.items() if rank == 0)
    scores = {
        name: _score(left_over / total, freedom, rank)
        for name, (left_over, rank) in tried.items()
        if rank
    }
    best = max(scores, key=lambda name: scores[name])
    rivals = tuple(
        name
        for name in sorted(scores, key=lambda name: -scores[name])
        if scores[best] - scores[name] < EVIDENCE
    )
    reason = _verdict(best, rivals, scores[best], freedom - tried[best][1], shares)
    culprit = best if reason.startswith("only") else None
    return Localisation(culprit, rivals, invisible, shares, reason)


def _verdict(
    best: Hashable,
    rivals: tuple[Hashable, ...],
    score: float,
    spare: int,
    shares: Mapping[Hashable, float],
) -> str:
    """Say in one sentence what is known."""
    if score < EVIDENCE:
        return "not identifiable: no single suspect explains the residual"
    if len(rivals) > 1:
        names = ", ".join(map(str, rivals[:4])) + (", ..." if len(rivals) > 4 else "")
        return f"not identifiable: {names} explain the residual equally well"
    if not spare:
        return f"not identifiable: without {best} nothing is left that could contradict"
    if shares[best] < max(shares.values()):
        return f"not identifiable: least squares blame {best}, an L1 fit another"
    return f"only {best} explains the residual"


def _freed(
    projector: NDArray[np.float64], residual: NDArray[np.float64], rows: NDArray[np.intp]
) -> tuple[float, int]:
    """Return the squared residual that is left without some rows, and how many of them count."""
    if not len(rows):
        return float(residual @ residual), 0
    values, vectors = np.linalg.eigh(projector[np.ix_(rows, rows)])
    seen = values > 1e-9
    explained = (vectors[:, seen].T @ residual[rows]) ** 2 / values[seen]
    return max(float(residual @ residual - explained.sum()), 0.0), int(seen.sum())


def _score(left: float, freedom: int, rank: int) -> float:
    """Return twice the log-likelihood ratio over innocence, less what free numbers fit by chance.

    Gaussian errors of unknown size; every freed number costs as in Schwarz's criterion.
    """
    return float(-freedom * np.log(max(left, ROUNDING)) - rank * np.log(max(freedom, 2)))


def _l1_shares(
    matrix: NDArray[np.float64],
    data: NDArray[np.float64],
    suspects: Mapping[Hashable, NDArray[np.intp]],
) -> dict[Hashable, float]:
    """Return each suspect's share of the residual of ``min |data - design x|_1``."""
    rows, unknowns = matrix.shape
    # |r|_1 as the sum of what lies above the data and what lies below.
    above = np.eye(rows)
    anywhere: list[tuple[float | None, float | None]] = [(None, None)]
    bounds = anywhere * unknowns + [(0, None)] * (2 * rows)
    fit = linprog(
        np.concatenate([np.zeros(unknowns), np.ones(2 * rows)]),
        A_eq=np.hstack([matrix, above, -above]),
        b_eq=data,
        bounds=bounds,
        method="highs",
    )
    if fit.x is None:
        raise SheafError(f"the L1 fit over {rows} edge numbers failed: {fit.message}")
    size = fit.x[unknowns : unknowns + rows] + fit.x[unknowns + rows :]
    total = size.sum()
    return {
        name: float(size[part].sum() / total) if total else 0.0 for name, part in suspects.items()
    }
