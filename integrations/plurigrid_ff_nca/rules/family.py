"""What of a neighbourhood a rule may depend on, and the table that follows.

Every family numbers what it tells apart. ``any`` tells every arrangement of states apart, in
the order of Wolfram's codes: the first cell, in reading order, counts most. ``outer-totalistic``
tells apart the cell's own state and how many neighbours are in each state; ``totalistic`` the
sum of all states.
"""

from functools import cached_property
from itertools import product
from math import comb
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.errors import ConfigError
from plurigrid_ff_nca.rules.space import Border, Grids, Space

FamilyName = Literal["any", "outer-totalistic", "totalistic"]

MAX_ENTRIES = 1 << 17  # a table that is learned whole, in memory and in seconds
AUTO_ENTRIES = 512  # Life's neighbourhoods: `auto` tells all apart up to as many


class Family:
    """The entries of a rule's table.

    Args:
        space: States and neighbourhood.
        name: Which family.

    Attributes:
        entries: How many cases are told apart.

    Raises:
        ConfigError: More cases than a table may have.
    """

    def __init__(self, space: Space, name: FamilyName) -> None:
        self.space = space
        self.name = name
        self.entries = count_entries(space, name)
        if self.entries > MAX_ENTRIES:
            smaller = {"any": "outer-totalistic", "outer-totalistic": "totalistic"}.get(name)
            hint = f"take family = {smaller!r}, or " if smaller else ""
            raise ConfigError(
                f"{name} rules of {space.states} states and {space.cells} cells: expected at most "
                f"{MAX_ENTRIES} neighbourhoods, got {_in_words(self.entries)}; {hint}fewer states "
                "or a smaller radius"
            )

    def index(self, grids: Grids, border: Border) -> NDArray[np.int64]:
        """Number what every cell sees, ``(grids, *extents)``, each below :attr:`entries`."""
        seen = self.space.neighbours(grids, border)
        states = self.space.states
        if self.name == "totalistic":
            return sum((cell.astype(np.int64) for cell in seen), np.zeros(grids.shape, np.int64))
        code = np.zeros(grids.shape, np.int64)
        if self.name == "any":
            for cell in seen:
                code = code * states + cell
            return code
        code += seen.pop(self.space.centre)
        for state in range(1, states):
            counts = sum(((cell == state).astype(np.int64) for cell in seen), np.zeros_like(code))
            code = code * self.space.cells + counts
        return self._places[code]

    @cached_property
    def cases(self) -> NDArray[np.int64]:
        """What each entry stands for, ``(entries, numbers)``.

        The numbers are states of all cells (``any``), the own state and the counts of states
        1, 2, ... among the neighbours (``outer-totalistic``), or the sum (``totalistic``).
        """
        space = self.space
        if self.name == "totalistic":
            return np.arange(self.entries)[:, None]
        if self.name == "any":
            digits = space.states ** np.arange(space.cells)[::-1]
            return np.arange(self.entries)[:, None] // digits % space.states
        others = space.cells - 1
        counts = [
            count
            for count in product(range(others + 1), repeat=space.states - 1)
            if sum(count) <= others
        ]
        return np.array([(own, *count) for own in range(space.states) for count in counts])

    @cached_property
    def features(self) -> NDArray[np.float32]:
        """What a layer reads of each entry, ``(entries, features)``, all -1 or +1.

        A state is one bit where there are two of them and one-hot otherwise; a count is a
        thermometer, whose bit j says that it exceeds j.
        """
        if self.name == "totalistic":
            return _thermometer(self.cases[:, 0], self.entries - 1)
        if self.name == "any":
            columns = [self._state_bits(cell) for cell in self.cases.T]
        else:
            own, *counts = self.cases.T
            columns = [self._state_bits(own)]
            columns += [_thermometer(count, self.space.cells - 1) for count in counts]
        return np.concatenate(columns, axis=1)

    def _state_bits(self, states: NDArray[np.int64]) -> NDArray[np.float32]:
        """Write states as bits, ``(entries,) -> (entries, bits)``."""
        if self.space.states == 2:
            return (2 * states - 1).astype(np.float32)[:, None]
        return one_hot(states, self.space.states)

    @cached_property
    def _places(self) -> NDArray[np.int64]:
        """Entry of every mixed-radix code of an outer-totalistic case; unreachable codes 0."""
        cases, cells = self.cases, self.space.cells
        digits = cells ** np.arange(self.space.states - 1, -1, -1)
        places = np.zeros(self.space.states * cells ** (self.space.states - 1), np.int64)
        places[cases @ digits] = np.arange(len(cases))
        return places


def choose_family(space: Space, name: FamilyName | Literal["auto"]) -> Family:
    """Build a family; ``auto`` is ``any`` up to 512 neighbourhoods, else ``outer-totalistic``.

    Raises:
        ConfigError: More cases than a table may have.
    """
    if name != "auto":
        return Family(space, name)
    fits = count_entries(space, "any") <= AUTO_ENTRIES
    return Family(space, "any" if fits else "outer-totalistic")


def count_entries(space: Space, name: FamilyName) -> int:
    """Count the cases that a family tells apart, without listing them."""
    if name == "any":
        return int(space.states**space.cells)
    if name == "totalistic":
        return space.cells * (space.states - 1) + 1
    return space.states * comb(space.cells - 1 + space.states - 1, space.states - 1)


def one_hot(states: NDArray[np.int64], count: int) -> NDArray[np.float32]:
    """Write states as one +1 among -1, ``(rows,) -> (rows, count)``."""
    return np.where(states[:, None] == np.arange(count), 1, -1).astype(np.float32)


def _thermometer(counts: NDArray[np.int64], largest: int) -> NDArray[np.float32]:
    """Write counts as bits, ``(rows,) -> (rows, largest)``."""
    return np.where(counts[:, None] > np.arange(largest), 1, -1).astype(np.float32)


def _in_words(count: int) -> str:
    """Write a count that may have thousands of digits."""
    return str(count) if count < 10**9 else f"about 2^{count.bit_length() - 1}"
