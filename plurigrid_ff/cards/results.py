"""What ``plurigrid-ff triads lint`` finds."""

from typing import Literal

from pydantic import Field

from plurigrid_ff.config import Settings

Source = Literal["frontmatter", "body", "role", "table", "triad", "binding"]
"""Where a trit is claimed.

``role`` is a word such as PLUS or validator on the card itself; ``table`` and ``triad`` are said
of any skill; ``binding`` is ``NAME@TRIT`` in a triad line, and good for that line alone.
"""

Resolve = Literal["own", "registry", "role"]
"""Who decides a name's trit where claims differ: its card, the registry, its card's role word."""

Kind = Literal[
    "unreadable",
    "encoding",
    "control-characters",
    "frontmatter",
    "trit",
    "contradiction",
    "copies-differ",
    "several-trits",
    "card-differs",
    "registry-differs",
    "unbalanced",
    "misstated",
    "absent",
]

KINDS: dict[Kind, str] = {
    "unreadable": "a card that cannot be read: binary, too large, a link",
    "encoding": "a card that is not UTF-8",
    "control-characters": "a card with terminal escapes or other control characters",
    "frontmatter": "a card whose head is missing or malformed",
    "trit": "a trit that is none of -1, 0, +1",
    "contradiction": "a card that contradicts itself",
    "copies-differ": "cards of the same name that differ",
    "several-trits": "a name that bears several trits across triad lines and tables",
    "card-differs": "a name whose card says otherwise than a triad line or table",
    "registry-differs": "a name whose trit is not the registry's",
    "unbalanced": "a triad line that does not sum to 0",
    "misstated": "a triad line that states another sum than its own",
    "absent": "a skill that is named and has no card",
}
"""Every kind of finding, in the order of a report."""


class Claim(Settings):
    """One place where a name is given a trit."""

    name: str
    trit: int
    source: Source
    file: str = Field(description="Path below the folder that was read.")
    line: int = Field(description="Counted from 1.")
    text: str = Field(description="What is written there, shortened.")


class TriadLine(Settings):
    """Three or more names with their trits, joined by an operator."""

    members: tuple[Claim, ...]
    stated: int | None = Field(description="The sum that the line states, if it does.")
    denied: bool = Field(description="Whether the line says of itself that it does not balance.")
    file: str
    line: int
    text: str


class Finding(Settings):
    """One thing that is wrong, with its place."""

    kind: Kind
    name: str | None = Field(description="The skill it is about, if it is about one.")
    file: str
    line: int
    message: str
    claims: tuple[Claim, ...] = Field((), description="Every claim that is part of it.")
    resolved: bool = Field(False, description="Whether --resolve has settled it.")


class Resolution(Settings):
    """The trit that was chosen for a name whose claims differ."""

    name: str
    trit: int | None = Field(description="None: what was to decide says nothing, or two things.")
    by: Resolve
    claimed: tuple[int, ...] = Field(description="All trits that were claimed, sorted.")


class LintReport(Settings):
    """Everything that was found in a collection of cards."""

    path: str
    files: int = Field(description="Cards that were found.")
    read: int = Field(description="Cards that could be read.")
    claims: int
    triad_lines: int
    distinct_triads: int = Field(description="Triad lines that differ in a name or a trit.")
    resolve: Resolve | None = Field(description="Who decides where claims differ; None: nobody.")
    resolutions: tuple[Resolution, ...]
    bindings: tuple[Claim, ...] = Field(description="Every NAME@TRIT of a triad line.")
    counts: dict[str, int] = Field(description="Findings that are not resolved, by kind.")
    findings: tuple[Finding, ...]

    @property
    def clean(self) -> bool:
        """Whether nothing is left to settle."""
        return not self.counts
