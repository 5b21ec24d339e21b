"""What the body of a card claims: of its own trit, in tables, and in lines of triads.

Formats that were met in public collections: ``**Trit**: +1 (PLUS - generator)``, ``Trit: 0``
inside a code block, ``| Trit | -1 (MINUS) |``, ``<!-- ... | Trit: 0 | ... -->``; tables with the
columns Skill and Trit; and ``a (-1) ⊗ b (0) ⊗ c (+1) = 0 ✓`` with any minus sign, in any order,
with any of ``⊗ ⊕ ∘ * +`` or a multiplication sign. Every pattern is bounded, so that no text takes
more than linear time.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from plurigrid_ff.cards.results import Claim, Source, TriadLine
from plurigrid_ff.cards.trits import MINUS_SIGNS, TRIT, WORDS, read_trit, read_word

MAX_NAME = 80
MAX_TEXT = 120
MAX_CELL = 400
MIN_MEMBERS = 3

_WORD = "|".join(WORDS)
_NOTE = r"(?:[ *]{0,4}[(\u2013\u2014-][ ]{0,2}(?P<note>[A-Za-z]{1,20}))?"
_VALUE = rf"(?:(?P<trit>{TRIT})|(?P<word>(?i:{_WORD})\b)){_NOTE}"
_OWN = re.compile(
    r"^ {0,3}(?:[-*>] {1,3})?\*{0,2}(?:GF\(3\) )?(?:Trit|Polarity)(?: Assignment| Value)?"
    rf"\*{{0,2}} ?[:=]\*{{0,2}} {{0,3}}[`*]{{0,2}}{_VALUE}",
    re.MULTILINE,
)
_OWN_ROW = re.compile(
    r"^ {0,3}\| {0,9}\*{0,2}(?:Trit|Polarity)\*{0,2} {0,40}"
    rf"\| {{0,9}}[`*]{{0,2}}{_VALUE}",
    re.MULTILINE,
)
_OWN_COMMENT = re.compile(rf"^<!--[^\n]{{0,200}}?\bTrit: ?{_VALUE}", re.MULTILINE)
_ROW = re.compile(r"^ {0,3}\|(?P<cells>.*)$", re.MULTILINE)
_RULE = re.compile(r"[\s|:-]+")
_LINK = re.compile(r"\[([^\]]{1,80})\]\(.*\)")
_SKILL_NAME = re.compile(rf"[^\W\d_][\w./-]{{0,{MAX_NAME - 1}}}")

_MEMBER = re.compile(rf"\( {{0,2}}(?P<trit>{TRIT}) {{0,2}}\)|@(?P<bound>{TRIT})")
_JOINT = re.compile(r"[ \t`*]{0,30}(?:[⊗\u00d7∘⊕+]|\*)[ \t`*]{0,30}")
_STATED = re.compile(rf"[ \t`*]{{0,9}}[=≡][ \t]{{0,9}}(?P<sum>[+{MINUS_SIGNS}]?[0-9]{{1,6}})(?!\w)")
_DENIED = re.compile(r"[✗✘❌≠]|(?i:imbalanced|unbalanced|not balanced)")


@dataclass(frozen=True)
class Body:
    """A card's text, with what is needed to say where something stands."""

    name: str
    file: str
    text: str
    start: int
    """Offset of the first line below the head."""

    @cached_property
    def _breaks(self) -> list[int]:
        """Offsets of line breaks."""
        return [match.start() for match in re.finditer("\n", self.text)]

    def line(self, offset: int) -> int:
        """Number of the line that an offset lies in, counted from 1."""
        return bisect_right(self._breaks, offset - 1) + 1

    def line_text(self, offset: int) -> str:
        """The line that an offset lies in, shortened."""
        number = self.line(offset)
        start = self._breaks[number - 2] + 1 if number > 1 else 0
        return self.text[start : start + 4 * MAX_TEXT].partition("\n")[0].strip()[:MAX_TEXT]

    def claim(self, name: str, trit: int, source: Source, offset: int) -> Claim:
        """Make a claim that stands at an offset."""
        return Claim(
            name=name,
            trit=trit,
            source=source,
            file=self.file,
            line=self.line(offset),
            text=self.line_text(offset),
        )


def own_claims(body: Body) -> Iterator[Claim]:
    """Yield what the body says of the card's own trit, by digit and by word."""
    for pattern in (_OWN, _OWN_ROW, _OWN_COMMENT):
        for match in pattern.finditer(body.text, body.start):
            if match["trit"] is not None:
                trit = read_trit(match["trit"])
                if trit is not None:
                    yield body.claim(body.name, trit, "body", match.start())
            for word in (match["word"], match["note"]):
                trit = read_word(word) if word else None
                if trit is not None:
                    yield body.claim(body.name, trit, "role", match.start())


def table_claims(body: Body) -> Iterator[Claim]:
    """Yield the rows of tables that have a column Skill and a column Trit."""
    columns: tuple[int, int] | None = None
    last = -2
    for match in _ROW.finditer(body.text, body.start):
        line = body.line(match.start())
        cells = [cell.strip(" *`") for cell in match["cells"].split("|")]
        if line != last + 1:
            lowered = [cell.lower() for cell in cells]
            there = "skill" in lowered and "trit" in lowered
            columns = (lowered.index("skill"), lowered.index("trit")) if there else None
        elif columns and not _RULE.fullmatch(match["cells"]) and len(cells) > max(columns):
            name = _LINK.sub(r"\1", cells[columns[0]][:MAX_CELL]).strip("`* ")
            trit = read_trit(cells[columns[1]].split(" ")[0])
            if trit is not None and _SKILL_NAME.fullmatch(name) and name.lower() not in WORDS:
                yield body.claim(name, trit, "table", match.start())
        last = line


def triad_lines(body: Body) -> Iterator[TriadLine]:
    """Yield runs of three or more ``NAME (TRIT)`` or ``NAME@TRIT`` that operators join."""
    run: list[Claim] = []
    end = body.start
    for match in _MEMBER.finditer(body.text, body.start):
        name, start = _name_before(body.text, match.start(), max(end, match.start() - 200))
        trit = read_trit(match["trit"] or match["bound"])
        if trit is None or not name or name.lower() in WORDS:
            continue
        if run and not _JOINT.fullmatch(body.text, end, start):
            yield from _finished(run, end, body)
            run = []
        source: Source = "binding" if match["bound"] else "triad"
        run.append(body.claim(name, trit, source, start))
        end = match.end()
    yield from _finished(run, end, body)


def _name_before(text: str, end: int, limit: int) -> tuple[str, int]:
    """Return the name that ends before an offset, and where it begins."""
    while end > limit and text[end - 1] in " `*":
        end -= 1
    start = end
    while start > limit and end - start < MAX_NAME and _is_of_name(text[start - 1]):
        start -= 1
    while start < end and not text[start].isalpha():  # "2 * (3)" names no skill
        start += 1
    return text[start:end], start


def _is_of_name(character: str) -> bool:
    """Whether a character can stand within a name."""
    return character.isalnum() or character in "_./-"


def _finished(run: list[Claim], end: int, body: Body) -> Iterator[TriadLine]:
    """Yield a run that is long enough, with the sum that it states."""
    if len(run) < MIN_MEMBERS:
        return
    rest = body.text[end : end + MAX_TEXT].partition("\n")[0]
    stated = _STATED.match(rest)
    yield TriadLine(
        members=tuple(run),
        stated=_number(stated["sum"]) if stated else None,
        denied=_DENIED.search(rest) is not None,
        file=body.file,
        line=run[0].line,
        text=run[0].text,
    )


def _number(text: str) -> int:
    """Read a whole number with any minus sign."""
    digits = text.lstrip("+" + MINUS_SIGNS.replace("\\", ""))
    return int(digits) if text[0] in "+0123456789" else -int(digits)
