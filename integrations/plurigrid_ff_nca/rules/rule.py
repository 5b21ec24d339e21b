"""A rule: what becomes of a cell, for everything that it can see."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.errors import DataError
from plurigrid_ff_nca.rules.family import Family
from plurigrid_ff_nca.rules.space import Border, Grids, Space


@dataclass(frozen=True, eq=False)
class Rule:
    """A deterministic, synchronous cellular automaton.

    Attributes:
        family: What the rule may depend on.
        table: Next state for every entry of the family, shape ``(entries,)``, uint8.
    """

    family: Family
    table: NDArray[np.uint8]

    @property
    def space(self) -> Space:
        """States and neighbourhood."""
        return self.family.space

    def __eq__(self, other: object) -> bool:
        """Compare what is written down: space, family and table."""
        return (
            isinstance(other, Rule)
            and self.space == other.space
            and self.family.name == other.family.name
            and np.array_equal(self.table, other.table)
        )

    __hash__ = None  # type: ignore[assignment]

    def step(self, grids: Grids, *, border: Border = "periodic") -> Grids:
        """Return the grids one step later, ``(grids, *extents) -> (grids, *extents)``."""
        return self.table[self.family.index(grids, border)]

    def run(self, grid: Grids, steps: int, *, border: Border = "periodic") -> Grids:
        """Return a grid and what becomes of it, ``(*extents) -> (steps + 1, *extents)``.

        Raises:
            DataError: Not a grid of this rule's dimensions and states.
        """
        check_grid(grid, self.space)
        film = np.empty((steps + 1, *grid.shape), np.uint8)
        film[0] = grid
        for time in range(steps):
            film[time + 1] = self.step(film[time : time + 1], border=border)[0]
        return film

    def told_apart(self, family: Family) -> NDArray[np.uint8]:
        """Return this rule's table over a family that tells at least as much apart.

        Args:
            family: Over the same space; ``any`` tells most apart, ``totalistic`` least.
        """
        if family.name == self.family.name:
            return self.table
        if family.name == "outer-totalistic":  # so this rule is totalistic
            own, counts = family.cases[:, 0], family.cases[:, 1:]
            return self.table[own + counts @ np.arange(1, self.space.states)]
        arranged = family.cases.astype(np.uint8)  # (entries, cells)
        # One neighbourhood per grid, large enough that the middle cell sees no edge.
        space = self.space
        grids = np.zeros((len(arranged), *[2 * space.radius + 1] * space.dimensions), np.uint8)
        for place, offset in enumerate(space.offsets):
            cell: tuple[Any, ...] = tuple(step + space.radius for step in offset)
            grids[(slice(None), *cell)] = arranged[:, place]
        middle: tuple[Any, ...] = (slice(None), *(space.radius,) * space.dimensions)
        table: NDArray[np.uint8] = self.step(grids, border="dead")[middle]
        return table


def check_grid(grid: NDArray[np.generic], space: Space) -> None:
    """Require a grid that a rule of this space can run on.

    Raises:
        DataError: Wrong dimensions, no cells, or a state that there is not.
    """
    if grid.ndim != space.dimensions:
        raise DataError(
            f"grid: expected {space.dimensions} dimensions, as the rule has, got shape {grid.shape}"
        )
    if grid.size == 0:
        raise DataError(f"grid: expected cells, got none: shape {grid.shape}")
    highest = int(grid.max())
    if highest >= space.states:
        raise DataError(
            f"grid: expected states 0 to {space.states - 1}, got {highest}; give the grid fewer "
            "states, or the rule more"
        )
