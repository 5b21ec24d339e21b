"""What a set of skills lacks to be a triad, and which skills would fit."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

from pydantic import Field

from plurigrid_ff.config import Settings
from plurigrid_ff.errors import TriadError
from plurigrid_ff.gf3 import add, is_balanced, is_strict, reduce
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.skill import Role, SkillCard
from plurigrid_ff.host.wiring import ORDER, wiring_faults, written_ports


class OpenPort(Settings):
    """A port that is read, and that no skill of the set writes in time."""

    port: str
    read_by: tuple[str, ...]
    written_by: tuple[str, ...] = Field(description="Installed skills that would write it.")


class Suggestion(Settings):
    """One skill that would fill a gap, or take the place of another."""

    skill: str
    role: str
    trit: int
    installed: bool
    replaces: str | None = Field(description="The skill whose place it takes; None: it is added.")
    well_typed_triads: int = Field(
        description="Well-typed triads of installed skills that it makes with the skills given."
    )
    writes: tuple[str, ...] = Field(description="Open ports that it writes.")
    reasons: tuple[str, ...]


class Advice(Settings):
    """What ``plurigrid-ff triads suggest`` finds."""

    skills: tuple[str, ...]
    trits: dict[str, int]
    trit_sum: int = Field(description="Sum of the trits in GF(3).")
    balanced: bool
    strict: bool = Field(description="Whether the set splits into strict triads.")
    balancing_trit: int = Field(description="The trit that would bring the sum to 0.")
    lacks: dict[str, int] = Field(
        description="How many skills of each role are missing for a split into strict triads."
    )
    open_ports: tuple[OpenPort, ...]
    faults: tuple[str, ...] = Field(description="Why the ports of three strict ones do not fit.")
    suggestions: tuple[Suggestion, ...] = Field(description="Best first.")


def suggest(names: Sequence[str], registry: Registry) -> Advice:
    """Say what a set of skills lacks, and rank the skills that would fit.

    A set of skills splits into strict triads iff it holds equally many of each role; what it
    lacks is counted up to the role it has most of. For each missing role every known skill is
    a candidate: installed ones first, then those that make more well-typed triads with the
    skills given, then those that write more of the ports that are open. For three strict ones
    whose ports do not fit, the candidates are those that fit in the place of one of them.

    Raises:
        UnknownNameError: A name that means nothing here.
        TriadError: No name, or one given twice.
    """
    if not names:
        raise TriadError("expected the names of one or more skills, got none")
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise TriadError(f"{twice[0]!r} is named twice; name each skill once")
    roles = {name: registry.role(name) for name in names}
    counts = Counter(roles.values())
    lacks = {role: max(counts.values()) - counts[role] for role in Role}
    cards = [registry.skills[name].card for name in names if name in registry.skills]
    open_ports = _open_ports(cards, registry)
    strict_trio = is_strict(roles.values())
    faults = _faults(names, registry) if strict_trio else None
    if faults:
        found = list(_replacements(names, registry))
    else:
        missing = [role for role in Role if lacks[role]]
        found = [
            _candidate(name, names, open_ports, registry)
            for name in registry.names
            if registry.role(name) in missing and name not in names
        ]
    found.sort(key=_rank)
    trits = {name: int(role) for name, role in roles.items()}
    return Advice(
        skills=tuple(names),
        trits=trits,
        trit_sum=add(trits.values()),
        balanced=is_balanced(trits.values()),
        strict=not any(lacks.values()),
        balancing_trit=reduce(-sum(trits.values())),
        lacks={role.slot: count for role, count in lacks.items() if count},
        open_ports=tuple(open_ports),
        faults=tuple(faults or ()),
        suggestions=tuple(found),
    )


def _rank(suggestion: Suggestion) -> tuple[bool, int, int, str]:
    """Order suggestions: what can run today, what fits most, what has most to say for it."""
    return (
        not suggestion.installed,
        -suggestion.well_typed_triads,
        -len(suggestion.writes),
        suggestion.skill,
    )


def _faults(names: Sequence[str], registry: Registry) -> list[str] | None:
    """Check the ports of three strict skills; None if one is not installed."""
    if not all(name in registry.skills for name in names):
        return None
    return wiring_faults({registry.role(name): registry.skill(name).card for name in names})


def _open_ports(cards: Sequence[SkillCard], registry: Registry) -> list[OpenPort]:
    """Find ports that are consumed in a round before any skill of the set has written them."""
    readers: dict[str, list[str]] = {}
    available: set[str] = set()
    for role in ORDER:
        acting = [card for card in cards if card.role is role]
        for card in acting:
            for port in card.consumes:
                if port not in available:
                    readers.setdefault(port, []).append(card.name)
        available |= {port for card in acting for port in written_ports(card)}
    return [
        OpenPort(port=port, read_by=tuple(names), written_by=_writers(port, registry))
        for port, names in readers.items()
    ]


def _writers(port: str, registry: Registry) -> tuple[str, ...]:
    """Name the installed skills that write a port."""
    return tuple(
        name for name, skill in sorted(registry.skills.items()) if port in written_ports(skill.card)
    )


def _candidate(
    name: str, given: Sequence[str], open_ports: Sequence[OpenPort], registry: Registry
) -> Suggestion:
    """Say what speaks for and against adding a skill."""
    role = registry.role(name)
    fitting = list(_fitting_triads(name, given, registry))
    closes = [port for port in open_ports if name in port.written_by]
    reasons = [f"writes {port.port!r}, which {port.read_by[0]!r} consumes" for port in closes]
    if name not in registry.skills:
        reasons.append("is not installed: no plugin here provides it")
    elif fitting:
        reasons.append(f"ports fit in {' * '.join(fitting[0])}")
    else:
        reasons.append(_why_not(name, given, registry))
    return Suggestion(
        skill=name,
        role=role.slot,
        trit=int(role),
        installed=name in registry.skills,
        replaces=None,
        well_typed_triads=len(fitting),
        writes=tuple(port.port for port in closes),
        reasons=tuple(reasons),
    )


def _fitting_triads(
    name: str, given: Sequence[str], registry: Registry
) -> Iterator[tuple[str, ...]]:
    """Yield well-typed triads of a skill, with a given one in every slot that has any."""
    for chosen in _trios(name, given, registry):
        if not _faults(chosen, registry):
            yield chosen


def _trios(name: str, given: Sequence[str], registry: Registry) -> Iterator[tuple[str, ...]]:
    """Yield strict triads of installed skills around one."""
    slots = []
    for role in Role:
        ours = [other for other in given if registry.role(other) is role]
        pool = ours or [other for other in registry.skills if registry.role(other) is role]
        slots.append([name] if registry.role(name) is role else sorted(pool))
    for chosen in product(*slots):
        if all(other in registry.skills for other in chosen):
            yield chosen


def _why_not(name: str, given: Sequence[str], registry: Registry) -> str:
    """Name the first fault of the first triad that an installed skill could stand in."""
    chosen = next(_trios(name, given, registry), None)
    faults = _faults(chosen, registry) if chosen else None
    return faults[0] if faults else "no installed skills make a triad with it and these"


def _replacements(names: Sequence[str], registry: Registry) -> Iterator[Suggestion]:
    """Yield installed skills that make an ill-typed trio well-typed in the place of one."""
    for old in names:
        role = registry.role(old)
        kept = [name for name in names if name != old]
        for name in sorted(registry.skills):
            if name == old or registry.role(name) is not role:
                continue
            fitting = list(_fitting_triads(name, kept, registry))
            if fitting:
                yield Suggestion(
                    skill=name,
                    role=role.slot,
                    trit=int(role),
                    installed=True,
                    replaces=old,
                    well_typed_triads=len(fitting),
                    writes=(),
                    reasons=(f"ports fit in {' * '.join(fitting[0])}",),
                )
