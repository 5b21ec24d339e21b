"""Lint a collection of cards: conflicting trits, unbalanced triads, absent skills, bad cards."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from plurigrid_ff.cards.card import Card, known_names, read_card
from plurigrid_ff.cards.reading import read_cards, shown_path
from plurigrid_ff.cards.results import (
    KINDS,
    Claim,
    Finding,
    Kind,
    LintReport,
    Resolution,
    Resolve,
    TriadLine,
)
from plurigrid_ff.gf3 import add, format_trit, reduce
from plurigrid_ff.host.registry import Registry

CONFLICTS: tuple[Kind, ...] = (
    "contradiction",
    "copies-differ",
    "several-trits",
    "card-differs",
    "registry-differs",
)
"""Findings that a choice of trit settles."""

Claims = Mapping[str, list[Claim]]


def lint(
    path: Path,
    registry: Registry,
    *,
    resolve: Resolve | None = None,
    pattern: str = "SKILL.md",
) -> LintReport:
    """Read the cards below a folder and report what is wrong with them.

    Nothing is inferred: where claims of a trit differ, every one of them is reported. With
    ``resolve`` one of them is chosen for each name, the choice is part of the report, and triad
    lines are summed with it; what the choice cannot settle stays a finding.

    Args:
        path: A folder, or one card.
        registry: Knows the trits of skills, and which names mean something.
        resolve: Who decides where claims differ.
        pattern: File names that are cards.

    Raises:
        AgentSkillError: There is nothing at ``path``, or more cards than are read.
    """
    sources = list(read_cards(path, pattern=pattern))
    cards = [read_card(source) for source in sources]
    own = _by_name(claim for card in cards for claim in card.own)
    said = _by_name(claim for card in cards for claim in card.said)
    triads = [triad for card in cards for triad in card.triads]
    conflicts = [
        *_contradictions(cards),
        *_differing_copies(cards),
        *_several_trits(said),
        *_differing_cards(own, said),
        *_against_registry(own, said, registry),
    ]
    names = sorted({str(finding.name) for finding in conflicts})
    resolutions = [_resolution(name, resolve, own, said, registry) for name in names if resolve]
    chosen = {item.name: item.trit for item in resolutions if item.trit is not None}
    conflicts = [
        finding.model_copy(update={"resolved": finding.name in chosen}) for finding in conflicts
    ]
    findings = [finding for card in cards for finding in card.findings] + conflicts
    findings += [*_wrong_sums(triads, chosen), *_absent(cards, said, registry)]
    order = list(KINDS)
    findings.sort(key=lambda f: (order.index(f.kind), f.name or "", f.file, f.line))
    counts = Counter(finding.kind for finding in findings if not finding.resolved)
    return LintReport(
        path=shown_path(path),
        files=len(sources),
        read=sum(source.text is not None for source in sources),
        claims=sum(len(card.own) + len(card.said) + len(card.bindings) for card in cards),
        triad_lines=len(triads),
        distinct_triads=len({_identity(triad) for triad in triads}),
        resolve=resolve,
        resolutions=tuple(resolutions),
        bindings=tuple(claim for card in cards for claim in card.bindings),
        counts={kind: counts[kind] for kind in KINDS if counts[kind]},
        findings=tuple(findings),
    )


def _by_name(claims: Iterable[Claim]) -> dict[str, list[Claim]]:
    """Group claims by the name they are about."""
    grouped: dict[str, list[Claim]] = {}
    for claim in claims:
        grouped.setdefault(claim.name, []).append(claim)
    return grouped


def _trits(claims: Iterable[Claim]) -> list[int]:
    """The different trits that are claimed, sorted."""
    return sorted({claim.trit for claim in claims})


def _spelled(trits: Iterable[int]) -> str:
    """Write several trits."""
    return " and ".join(format_trit(trit) for trit in trits)


def _identity(triad: TriadLine) -> frozenset[tuple[str, int]]:
    """What makes a triad line the same as another: names with trits, in any order."""
    return frozenset((member.name, member.trit) for member in triad.members)


def _conflict(kind: Kind, message: str, claims: list[Claim]) -> Finding:
    """Make a finding that holds every claim; it stands where the first two part."""
    place = next((claim for claim in claims if claim.trit != claims[0].trit), claims[0])
    return Finding(
        kind=kind,
        name=claims[0].name,
        file=place.file,
        line=place.line,
        message=message,
        claims=tuple(claims),
    )


def _contradictions(cards: Iterable[Card]) -> Iterator[Finding]:
    """Cards that claim several trits for themselves."""
    for card in cards:
        trits = _trits(card.own)
        if len(trits) > 1:
            yield _conflict("contradiction", f"says {_spelled(trits)} of itself", card.own)


def _differing_copies(cards: Iterable[Card]) -> Iterator[Finding]:
    """Cards of one name, each at one with itself, that claim different trits."""
    consistent = (card for card in cards if len(_trits(card.own)) == 1)
    for claims in _by_name(claim for card in consistent for claim in card.own).values():
        trits = _trits(claims)
        if len(trits) > 1:
            yield _conflict("copies-differ", f"cards of this name say {_spelled(trits)}", claims)


def _several_trits(said: Claims) -> Iterator[Finding]:
    """Names that bear several trits across triad lines and tables."""
    for claims in said.values():
        trits = _trits(claims)
        if len(trits) > 1:
            yield _conflict("several-trits", f"stands at {_spelled(trits)}", claims)


def _differing_cards(own: Claims, said: Claims) -> Iterator[Finding]:
    """Names whose card claims one trit, and a triad line or table another."""
    for name, claims in own.items():
        trits = _trits(claims)
        others = [claim for claim in said.get(name, ()) if claim.trit not in trits]
        if len(trits) == 1 and others:
            message = f"its card says {_spelled(trits)}, others say {_spelled(_trits(others))}"
            yield _conflict("card-differs", message, [*claims, *others])


def _against_registry(own: Claims, said: Claims, registry: Registry) -> Iterator[Finding]:
    """Names that the registry knows under another trit."""
    for name in registry.names:
        trit = int(registry.role(name))
        claims = [c for c in (*own.get(name, ()), *said.get(name, ())) if c.trit != trit]
        if claims:
            claimed = _spelled(_trits(claims))
            message = f"the registry says {format_trit(trit)}, cards say {claimed}"
            yield _conflict("registry-differs", message, claims)


def _resolution(
    name: str, by: Resolve | None, own: Claims, said: Claims, registry: Registry
) -> Resolution:
    """Choose the trit of a name whose claims differ; None where the choice says nothing."""
    if by == "registry":
        candidates = [int(registry.role(name))] if name in registry.names else []
    elif by == "role":
        candidates = _trits(claim for claim in own.get(name, ()) if claim.source == "role")
    else:
        candidates = _trits(own.get(name, ()))
    return Resolution(
        name=name,
        trit=candidates[0] if len(candidates) == 1 else None,
        by=by or "own",
        claimed=tuple(_trits((*own.get(name, ()), *said.get(name, ())))),
    )


def _wrong_sums(triads: Iterable[TriadLine], chosen: Mapping[str, int]) -> Iterator[Finding]:
    """Triad lines whose sum is not 0, or not what they state; summed with the chosen trits."""
    for triad in triads:
        trits = [
            member.trit if member.source == "binding" else chosen.get(member.name, member.trit)
            for member in triad.members
        ]
        total = add(trits)
        terms = " + ".join(
            f"({format_trit(trit)} {member.name})"
            for trit, member in zip(trits, triad.members, strict=True)
        )
        message = f"{terms} = {format_trit(total)} in GF(3)"
        kind: Kind | None = None
        if total != 0:
            kind = "unbalanced"
            message += "; the line says so itself" if triad.denied else ""
        elif triad.stated is not None and reduce(triad.stated) != 0:
            kind = "misstated"
            message += f", but the line states {triad.stated}"
        if kind:
            yield Finding(
                kind=kind,
                name=None,
                file=triad.file,
                line=triad.line,
                message=message,
                claims=triad.members,
            )


def _absent(cards: list[Card], said: Claims, registry: Registry) -> Iterator[Finding]:
    """Names in triad lines and tables that neither a card nor the registry knows."""
    known = known_names(cards) | set(registry.names)
    for name in sorted(said.keys() - known):
        claims = said[name]
        yield Finding(
            kind="absent",
            name=name,
            file=claims[0].file,
            line=claims[0].line,
            message=f"has no card; named in {len(claims)} place{'s' if len(claims) > 1 else ''}",
        )
