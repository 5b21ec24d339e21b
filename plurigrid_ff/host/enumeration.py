"""Every triad that the skills at hand can make, and how many there are of each kind."""

from collections.abc import Iterator, Sequence
from itertools import combinations, product
from typing import Literal

from pydantic import Field

from plurigrid_ff.config import Settings
from plurigrid_ff.gf3 import count_balanced, count_partitions, count_strict
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.skill import Role
from plurigrid_ff.host.triad import SLOTS
from plurigrid_ff.host.wiring import wiring_faults

TriadKind = Literal["balanced", "strict", "well-typed"]
"""Each kind lies within the one before it."""


class EnumeratedTriad(Settings):
    """Three skills whose trits sum to 0."""

    skills: tuple[str, str, str] = Field(
        description="Validator, coordinator, generator; in order of name if three of a kind."
    )
    trits: tuple[int, int, int]
    strict: bool = Field(description="Whether there is one skill of each role.")
    well_typed: bool | None = Field(
        description="Whether their ports fit; False if not strict, None if one is not installed."
    )
    faults: tuple[str, ...] = Field(description="Why their ports do not fit.")


class Enumeration(Settings):
    """What ``plurigrid-ff triads list --all`` shows."""

    skills: dict[str, tuple[str, ...]] = Field(description="Skill names by slot.")
    strict: int = Field(description="Strict triads: abc for a, b, c skills of each role.")
    balanced: int = Field(description="Balanced triads: abc + C(a,3) + C(b,3) + C(c,3).")
    well_typed: int = Field(description="Strict triads of installed skills whose ports fit.")
    partitions: int = Field(
        description="Ways to split all skills into strict triads: (k!)^2 if a = b = c = k, else 0."
    )
    kind: TriadKind = Field(description="Which triads are listed.")
    triads: tuple[EnumeratedTriad, ...]


def enumerate_triads(
    registry: Registry, *, kind: TriadKind = "balanced", absent: bool = False
) -> Enumeration:
    """List the triads among the installed skills, and count those of each kind.

    Args:
        registry: The skills at hand.
        kind: Which triads to list. All kinds are counted.
        absent: Take in known skills that are not installed; whether their ports fit is
            not known.

    Cost: one check of ports for each of the ``abc`` strict triads.
    """
    names = registry.names if absent else sorted(registry.skills)
    by_role = {role: [name for name in names if registry.role(name) is role] for role in Role}
    sizes = [len(by_role[role]) for role in Role]
    strict = [_check(chosen, registry) for chosen in product(*(by_role[role] for role in Role))]
    fitting = [triad for triad in strict if triad.well_typed]
    listed = {"well-typed": fitting, "strict": strict, "balanced": strict}[kind]
    if kind == "balanced":
        listed = [*strict, *_three_of_a_kind(by_role)]
    return Enumeration(
        skills={role.slot: tuple(by_role[role]) for role in Role},
        strict=count_strict(*sizes),
        balanced=count_balanced(*sizes),
        well_typed=len(fitting),
        partitions=count_partitions(*sizes),
        kind=kind,
        triads=tuple(listed),
    )


def _check(names: Sequence[str], registry: Registry) -> EnumeratedTriad:
    """Check the ports of one skill of each role."""
    validator, coordinator, generator = names
    faults: list[str] = []
    installed = all(name in registry.skills for name in names)
    if installed:
        cards = {role: registry.skill(name).card for role, name in zip(Role, names, strict=True)}
        faults = wiring_faults(cards)
    return EnumeratedTriad(
        skills=(validator, coordinator, generator),
        trits=(-1, 0, 1),
        strict=True,
        well_typed=not faults if installed else None,
        faults=tuple(faults),
    )


def _three_of_a_kind(by_role: dict[Role, list[str]]) -> Iterator[EnumeratedTriad]:
    """Yield the balanced triads that validate, coordinate or generate nothing."""
    for role, names in by_role.items():
        for chosen in combinations(names, len(SLOTS)):
            first, second, third = chosen
            yield EnumeratedTriad(
                skills=(first, second, third),
                trits=(int(role),) * 3,
                strict=False,
                well_typed=False,
                faults=(f"three {role.slot}s do not make a triad; take one of each role",),
            )
