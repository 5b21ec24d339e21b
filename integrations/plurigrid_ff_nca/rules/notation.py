"""The field's names of rules, read and written.

=====================  ==================================================================
``B3/S23``, ``23/3``   Life-like: born with 3 neighbours, survives with 2 or 3 (survival first
                       without letters); ``B2/S013V`` for the von Neumann neighbourhood
``B2/S/C3``, ``/2/3``  Generations: with 3 states, of which those above 1 are dying
``rule 110``           elementary; ``rule 12345 k3 r1`` for 3 states and radius 1
``code 777 k3 r1``     totalistic, one dimension, Wolfram's code
``R5,C0,S33-57,B34-45``  larger neighbourhoods, as Golly writes them; ``,NN`` for von Neumann
=====================  ==================================================================

Reference:
    Wolfram (1983), "Statistical mechanics of cellular automata"; Golly's help pages for
    the rest.
"""

import re

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.errors import ConfigError
from plurigrid_ff_nca.rules.family import Family
from plurigrid_ff_nca.rules.rule import Rule
from plurigrid_ff_nca.rules.space import Shape, Space

EXAMPLES = "B3/S23, B2/S/C3, rule 110, code 777 k3 r1, R2,C2,S6-11,B6-8"
_LIFE = re.compile(r"B(\d*)/S(\d*)(?:/C?(\d+))?(V?)", re.IGNORECASE)
_SURVIVAL_FIRST = re.compile(r"(\d*)/(\d*)(?:/C?(\d+))?(V?)")
_ELEMENTARY = re.compile(r"(?:rule|W)\s*(\d+)(?:\s+k(\d+))?(?:\s+r(\d+))?", re.IGNORECASE)
_CODE = re.compile(r"code\s*(\d+)(?:\s+k(\d+))?(?:\s+r(\d+))?", re.IGNORECASE)
_LARGER = re.compile(r"R(\d+),C(\d+),(?:M0,)?S([\d.,-]*),B([\d.,-]*?)(?:,N([MN]))?", re.IGNORECASE)
MAX_DIGITS = 4000  # of a rule's number; int() refuses more


def parse_rule(text: str) -> Rule:
    """Return the rule that a notation means.

    Raises:
        ConfigError: No notation known here, or one that contradicts itself.
    """
    text = text.strip()
    if match := _ELEMENTARY.fullmatch(text):
        return _numbered("any", text, *match.groups())
    if match := _CODE.fullmatch(text):
        return _numbered("totalistic", text, *match.groups())
    if match := _LIFE.fullmatch(text):
        birth, survival, states, von_neumann = match.groups()
        return _life_like(text, birth, survival, states, von_neumann)
    if match := _SURVIVAL_FIRST.fullmatch(text):
        survival, birth, states, von_neumann = match.groups()
        return _life_like(text, birth, survival, states, von_neumann)
    if match := _LARGER.fullmatch(text):
        return _larger(text, *match.groups())
    raise ConfigError(f"rule {text!r:.80}: no notation known here; expected one like {EXAMPLES}")


def name_rule(rule: Rule) -> str | None:
    """Return the name of a rule in the field's notation; None where it has none.

    The name says all: ``parse_rule(name_rule(rule))`` does what ``rule`` does.
    """
    space = rule.space
    if space.dimensions == 1:
        return _name_in_one_dimension(rule)
    if rule.family.name == "totalistic":
        family = Family(space, "outer-totalistic")
        rule = Rule(family, rule.told_apart(family))
    sets = neighbour_counts(rule)
    if sets is None:
        return None
    birth, survival = sets
    if space.radius > 1:
        suffix = ",NN" if space.shape == "von-neumann" else ""
        states = 0 if space.states == 2 else space.states
        return f"R{space.radius},C{states},S{_ranges(survival)},B{_ranges(birth)}{suffix}"
    digits = [
        f"{letter}{''.join(map(str, counts))}" for letter, counts in zip("BS", sets, strict=True)
    ]
    states_part = f"/C{space.states}" if space.states > 2 else ""
    return "/".join(digits) + states_part + ("V" if space.shape == "von-neumann" else "")


def neighbour_counts(rule: Rule) -> tuple[list[int], list[int]] | None:
    """Return with how many neighbours in state 1 a cell is born, and survives.

    Args:
        rule: Of two dimensions, over ``any`` or ``outer-totalistic``.

    Returns:
        Births and survivals in rising order; None for a rule that asks for more than that,
        or whose states above 1 are not the dying ones of Generations.
    """
    neighbours = rule.space.cells - 1
    birth: list[int] = []
    survival: list[int] = []
    for count in range(neighbours + 1):
        for own, into in ((0, birth), (1, survival)):
            outcomes = np.unique(rule.table[_with_counts(rule.family, own, count)])
            if len(outcomes) != 1:
                return None
            if outcomes[0] == 1:
                into.append(count)
    expected = generations(rule.family, birth, survival)
    return (birth, survival) if np.array_equal(rule.table, expected) else None


def generations(family: Family, birth: list[int], survival: list[int]) -> NDArray[np.uint8]:
    """Write down a Life-like or Generations rule over a family of its space.

    Args:
        family: ``any`` or ``outer-totalistic``.
        birth: Counts of neighbours in state 1 with which a cell in state 0 becomes 1.
        survival: Counts with which a cell in state 1 stays; else it dies, state by state.
    """
    own, counts = _own_and_count(family)
    dying = ((own + 1) % family.space.states).astype(np.uint8)
    dying[own == 0] = 0
    table = np.where((own == 0) & np.isin(counts, birth), 1, dying)
    return np.where((own == 1) & np.isin(counts, survival), 1, table).astype(np.uint8)


def _own_and_count(family: Family) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return each entry's own state, and its count of neighbours in state 1."""
    cases = family.cases
    if family.name == "any":
        own = cases[:, family.space.centre]
        return own, (cases == 1).sum(axis=1) - (own == 1)
    return cases[:, 0], cases[:, 1]


def _with_counts(family: Family, own: int, count: int) -> NDArray[np.bool_]:
    """Mark the entries with one own state and one count of neighbours in state 1."""
    owns, counts = _own_and_count(family)
    return np.asarray((owns == own) & (counts == count))


def _numbered(family_name: str, text: str, number: str, states: str, radius: str) -> Rule:
    """Build a rule of one dimension from Wolfram's number."""
    if len(number) > MAX_DIGITS:
        raise ConfigError(f"rule {text:.40}...: expected at most {MAX_DIGITS} digits")
    space = Space.parse(
        {"dimensions": 1, "states": int(states or 2), "radius": int(radius or 1)},
        where=f"rule {text!r:.80}",
    )
    family = Family(space, "any" if family_name == "any" else "totalistic")
    value, largest = int(number), space.states**family.entries
    if value >= largest:
        bound = f"below {largest}" if largest < 10**12 else f"of {family.entries} digits in base k"
        raise ConfigError(
            f"rule {text!r:.80}: expected a number {bound} for {space.states} states and radius "
            f"{space.radius}, got {number:.40}; say k for the states and r for the radius, as in "
            "'rule 12345 k3 r1'"
        )
    table = np.empty(family.entries, np.uint8)
    for entry in range(family.entries):
        value, table[entry] = divmod(value, space.states)
    return Rule(family, table)


def _life_like(text: str, birth: str, survival: str, states: str | None, v: str) -> Rule:
    """Build a Life-like or Generations rule."""
    shape: Shape = "von-neumann" if v else "moore"
    space = _space(text, 1, int(states or 2), shape)
    return _from_counts(text, space, [*map(int, birth)], [*map(int, survival)])


def _larger(text: str, radius: str, states: str, survival: str, birth: str, shape: str) -> Rule:
    """Build a rule of a larger neighbourhood."""
    letter = (shape or "M").upper()
    space = _space(
        text, int(radius), max(int(states), 2), "von-neumann" if letter == "N" else "moore"
    )
    return _from_counts(text, space, _counts(text, birth), _counts(text, survival))


def _space(text: str, radius: int, states: int, shape: Shape) -> Space:
    """Build the space of a rule in two dimensions, or say what the notation gets wrong."""
    values = {"radius": radius, "states": states, "shape": shape}
    return Space.parse(values, where=f"rule {text!r:.80}")


def _from_counts(text: str, space: Space, birth: list[int], survival: list[int]) -> Rule:
    """Build a rule from the counts of its notation.

    Raises:
        ConfigError: A count that a neighbourhood cannot have.
    """
    most = space.cells - 1
    for count in (*birth, *survival):
        if count > most:
            raise ConfigError(
                f"rule {text!r:.80}: expected counts of 0 to {most} neighbours, got {count}"
            )
    # `any` for Life's neighbourhoods, so that what is learned compares entry by entry.
    small = space.states == 2 and space.radius == 1
    family = Family(space, "any" if small else "outer-totalistic")
    return Rule(family, generations(family, birth, survival))


def _counts(text: str, ranges: str) -> list[int]:
    """Read ``2,4-6`` or ``2,4..6``."""
    counts: list[int] = []
    for part in filter(None, ranges.split(",")):
        match = re.fullmatch(r"(\d{1,4})(?:(?:-|\.\.)(\d{1,4}))?", part)
        if match is None:
            raise ConfigError(f"rule {text!r:.80}: expected counts like 2,4-6, got {part!r:.40}")
        first, last = int(match[1]), int(match[2] or match[1])
        counts += range(first, last + 1)
    return counts


def _ranges(counts: list[int]) -> str:
    """Write ``2,4-6``."""
    runs: list[list[int]] = []
    for count in counts:
        if runs and count == runs[-1][-1] + 1:
            runs[-1].append(count)
        else:
            runs.append([count])
    return ",".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else f"{run[0]}" for run in runs)


def _name_in_one_dimension(rule: Rule) -> str | None:
    """Write Wolfram's number, of the rule or of its totalistic code."""
    space = rule.space
    if rule.family.name == "outer-totalistic":
        return None
    number = sum(int(state) * space.states**entry for entry, state in enumerate(rule.table))
    kind = "rule" if rule.family.name == "any" else "code"
    if number >= 10**MAX_DIGITS:
        return None
    plain = kind == "rule" and space.states == 2 and space.radius == 1
    return f"{kind} {number}" + ("" if plain else f" k{space.states} r{space.radius}")
