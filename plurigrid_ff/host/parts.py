"""What a composition of triads is made of, and how its sums are written."""

from typing import Literal, Self

from pydantic import Field

from plurigrid_ff.config import SKILL_NAME, Settings
from plurigrid_ff.gf3 import format_trit


class CompositionFile(Settings):
    """A composition as a TOML file: an expression, and names for parts of it."""

    name: str = Field(pattern=SKILL_NAME, max_length=200)
    expression: str
    parts: dict[str, str] = Field(
        default_factory=dict, description="Expressions by a name that this file gives them."
    )


class Part(Settings):
    """A composition, or a part of one.

    Attributes:
        strict: Whether the sums of a triad's three parts are -1, 0 and +1; None if it is none.
        well_typed: Whether the ports of three installed skills fit; None if it is not that.
    """

    name: str
    kind: Literal["skill", "triad", "sequence"]
    trit_sum: int = Field(description="Sum of all its skills' trits in GF(3).")
    skills: int = Field(description="Number of skills, repeated ones counted again.")
    strict: bool | None = None
    well_typed: bool | None = None
    faults: tuple[str, ...] = ()
    bound: bool = Field(
        False, description="Whether a skill's trit is the expression's, the registry knowing none."
    )
    parts: tuple[Self, ...] = ()

    @property
    def depth(self) -> int:
        """How many triads and sequences lie within each other; 0 for a skill."""
        return 1 + max(part.depth for part in self.parts) if self.parts else 0


class Composition(Settings):
    """What ``plurigrid-ff triads compose`` and ``nest`` show."""

    expression: str = Field(description="The expression as it was read, in its shortest form.")
    trit_sum: int
    balanced: bool = Field(description="Whether the whole sums to 0.")
    strict: bool = Field(description="Whether every triad within is strict.")
    skills: int
    depth: int
    root: Part


def walk(part: Part) -> list[Part]:
    """List a part and all parts within, outer ones first."""
    return [part, *(inner for child in part.parts for inner in walk(child))]


def format_sum(part: Part) -> str:
    """Write the sum of a part over its own parts, as in ``(-1 a) + (0 b) + (+1 c) = 0``."""
    terms = " + ".join(f"({format_trit(child.trit_sum)} {child.name})" for child in part.parts)
    return f"{terms} = {format_trit(part.trit_sum)}"
