"""One card: its name, its claims, its triad lines and what is wrong with it."""

from dataclasses import dataclass, field

from plurigrid_ff.cards.body import MAX_TEXT, Body, own_claims, table_claims, triad_lines
from plurigrid_ff.cards.head import Field, Head, read_head
from plurigrid_ff.cards.reading import CardText
from plurigrid_ff.cards.results import Claim, Finding, Kind, Source, TriadLine
from plurigrid_ff.cards.trits import read_trit, read_word
from plurigrid_ff.host.field import FIELD

MAX_NAME = 100


@dataclass
class Card:
    """What one card says.

    Attributes:
        own: Claims of its own trit.
        said: Claims of any skill's trit, in tables and triad lines; bindings are not among them.
        bindings: Claims that are good for one triad line.
    """

    name: str
    file: str
    own: list[Claim] = field(default_factory=list)
    said: list[Claim] = field(default_factory=list)
    bindings: list[Claim] = field(default_factory=list)
    triads: list[TriadLine] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read_card(source: CardText) -> Card:
    """Read what a card says; a card that cannot be read says nothing."""
    if source.text is None:
        return Card(source.folder, source.file, findings=list(source.findings))
    lines = source.text.split("\n")
    head = read_head(lines)
    name = _name(head, source.folder)
    card = Card(name, source.file, findings=list(source.findings))
    for line, message in head.faults + _name_faults(head, source.folder):
        card.findings.append(_finding("frontmatter", card, line, message))
    _read_head(head, lines, card)
    start = sum(len(line) + 1 for line in lines[: head.body_line - 1])
    body = Body(name, source.file, source.text, start)
    card.own += own_claims(body)
    card.said += table_claims(body)
    card.triads += triad_lines(body)
    for triad in card.triads:
        for member in triad.members:
            (card.bindings if member.source == "binding" else card.said).append(member)
    return card


def _name(head: Head, folder: str) -> str:
    """The name a card goes by: its own, else its folder's."""
    found = head.get("name")
    return found.value if found and 0 < len(found.value) <= MAX_NAME else folder


def _name_faults(head: Head, folder: str) -> list[tuple[int, str]]:
    """Say what is wrong with a name."""
    found = head.get("name")
    if found is None:
        return [] if head.faults else [(1, "the frontmatter has no name")]
    if not found.value or len(found.value) > MAX_NAME:
        message = f"the name has {len(found.value)} characters, not 1 to {MAX_NAME}"
        return [(found.line, message)]
    if found.value != folder:
        return [(found.line, f"the name {found.value!r} is not its folder's, {folder!r}")]
    return []


def _read_head(head: Head, lines: list[str], card: Card) -> None:
    """Take up the claims of a head: a trit, a polarity, a role."""
    for found in head.fields:
        if found.key == "trit":
            trit = read_trit(found.value.partition(" ")[0])
            _take(trit, "frontmatter", found, lines, card, "-1, 0 or +1")
            word = read_word(found.value)
            if word is not None:
                _take(word, "role", found, lines, card, "")
        elif found.key == "polarity":
            _take(read_word(found.value), "role", found, lines, card, "MINUS, ERGODIC or PLUS")
        elif found.key == "role" and read_word(found.value) is not None:
            _take(read_word(found.value), "role", found, lines, card, "")


def _take(
    trit: int | None, source: Source, found: Field, lines: list[str], card: Card, expected: str
) -> None:
    """Note a claim of the head, or that its value is none."""
    if trit is None:
        message = f"{found.key}: expected {expected}, got {found.value[:60]!r}"
        card.findings.append(_finding("trit", card, found.line, message))
        return
    text = lines[found.line - 1].strip()[:MAX_TEXT]
    card.own.append(
        Claim(name=card.name, trit=trit, source=source, file=card.file, line=found.line, text=text)
    )


def _finding(kind: Kind, card: Card, line: int, message: str) -> Finding:
    """Make a finding about a card."""
    return Finding(kind=kind, name=card.name, file=card.file, line=line, message=message)


def known_names(cards: list[Card]) -> set[str]:
    """Names that have a card, by its own name or by its folder's, or that are known anyway."""
    folders = {part for card in cards for part in card.file.split("/")[-2:-1]}
    return {card.name for card in cards} | folders | set(FIELD)
