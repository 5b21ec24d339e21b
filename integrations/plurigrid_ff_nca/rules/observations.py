"""What was seen of a rule: grids and what became of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import NonNegativeInt

from plurigrid_ff.errors import DataError
from plurigrid_ff.settings import Settings
from plurigrid_ff_nca.rules.family import Family
from plurigrid_ff_nca.rules.rule import Rule
from plurigrid_ff_nca.rules.space import MAX_STATES, Border, Grids

Transition = tuple[NDArray[Any], NDArray[Any]]


@dataclass(frozen=True)
class Observations:
    """Transitions of one automaton, all of one size.

    Attributes:
        before: Grids, shape ``(transitions, *extents)``, uint8.
        after: What became of each, the same shape.
    """

    before: Grids
    after: Grids

    @property
    def states(self) -> int:
        """States seen, at least two."""
        return max(2, int(self.before.max()) + 1, int(self.after.max()) + 1)


class Contradiction(Settings):
    """A cell whose next state is not what the same neighbourhood usually becomes.

    Attributes:
        transition: Which one, from 0.
        place: Row and column of the cell, or its place in a row of cells.
        seen: State that the cell took.
        usual: State that the neighbourhood takes most often.
    """

    transition: NonNegativeInt
    place: tuple[NonNegativeInt, ...]
    seen: NonNegativeInt
    usual: NonNegativeInt


@dataclass(frozen=True)
class Tally:
    """How often each entry of a family was seen to become each state.

    Attributes:
        counts: Shape ``(entries, states)``, int64.
        contradictory: Number of cells that took a rarer state than their neighbourhood's most
            frequent one.
        first: The first of them.
    """

    counts: NDArray[np.int64]
    contradictory: int
    first: Contradiction | None

    @property
    def seen(self) -> NDArray[np.bool_]:
        """Entries that were seen at all, ``(entries,)``."""
        return np.asarray(self.counts.sum(axis=1) > 0)

    @property
    def usual(self) -> NDArray[np.uint8]:
        """Most frequent next state of every entry, ``(entries,)``; 0 where none was seen."""
        return np.asarray(self.counts.argmax(axis=1), np.uint8)


def read_transitions(transitions: Iterable[Transition]) -> Observations:
    """Check pairs of grids (before, after) and stack them.

    Raises:
        DataError: No transitions, grids of unequal size, or numbers that are no states.
    """
    pairs = [(np.asarray(before), np.asarray(after)) for before, after in transitions]
    if not pairs:
        raise DataError("transitions: expected pairs of grids (before, after), got none")
    shape = pairs[0][0].shape
    if len(shape) not in (1, 2) or 0 in shape:
        raise DataError(
            f"transition 0: expected a row or a grid of cells, got an array of shape {shape}"
        )
    for number, pair in enumerate(pairs):
        for when, grid in zip(("before", "after"), pair, strict=True):
            where = f"transition {number}, {when}"
            if grid.shape != shape:
                raise DataError(
                    f"{where}: expected the size of the first grid, {_size(shape)}, got "
                    f"{_size(grid.shape)}; cut all grids to one size"
                )
            _check_states(grid, where)
    before, after = (np.stack(part).astype(np.uint8) for part in zip(*pairs, strict=True))
    return Observations(before, after)


def transitions_of(frames: Sequence[NDArray[Any]]) -> list[Transition]:
    """Pair every frame of a film with the next one.

    Raises:
        DataError: Fewer than two frames.
    """
    if len(frames) < 2:
        raise DataError(f"frames: expected at least 2, got {len(frames)}; one step needs two")
    return list(pairwise(frames))


def observe(
    rule: Rule,
    *,
    transitions: int,
    extents: tuple[int, ...],
    seed: int,
    border: Border = "periodic",
    noise: float = 0.0,
) -> Observations:
    """Watch a rule for one step on random grids, every state equally likely.

    Args:
        rule: What is watched.
        transitions: How many grids.
        extents: Size of each, ``(height, width)`` or ``(width,)``.
        seed: Every draw derives from it.
        border: What lies beyond an edge.
        noise: Share of the cells of the second grids whose state is replaced by another one.
    """
    rng = np.random.default_rng(seed)
    states = rule.space.states
    before = rng.integers(0, states, (transitions, *extents), dtype=np.uint8)
    after = rule.step(before, border=border)
    wrong = (after + rng.integers(1, states, after.shape, dtype=np.uint8)) % states
    flipped = rng.random(after.shape) < noise
    return Observations(before, np.where(flipped, wrong, after).astype(np.uint8))


def tally(seen: Observations, family: Family, border: Border) -> Tally:
    """Count what every entry of a family became."""
    entries = family.index(seen.before, border)
    counts = np.zeros((family.entries, family.space.states), np.int64)
    np.add.at(counts, (entries.ravel(), seen.after.ravel()), 1)
    usual = counts.argmax(axis=1)[entries]
    odd = usual != seen.after
    first = None
    if odd.any():
        transition, *place = map(int, np.unravel_index(odd.argmax(), odd.shape))
        spot = (transition, *place)
        first = Contradiction(
            transition=transition,
            place=tuple(place),
            seen=int(seen.after[spot]),
            usual=int(usual[spot]),
        )
    return Tally(counts, int(odd.sum()), first)


def _check_states(grid: NDArray[Any], where: str) -> None:
    """Require whole numbers from 0.

    Raises:
        DataError: What else there is.
    """
    whole = grid.dtype.kind in "biu" or (grid.dtype.kind == "f" and (grid == grid.round()).all())
    if not whole or grid.min() < 0 or grid.max() >= MAX_STATES:
        raise DataError(
            f"{where}: expected states as whole numbers from 0 to {MAX_STATES - 1}, got "
            f"{grid.dtype} from {grid.min()} to {grid.max()}; round or relabel the cells first"
        )


def _size(shape: tuple[int, ...]) -> str:
    """Write a size as people do."""
    return "x".join(map(str, shape)) or "a single number"
