"""The head of a card, read with patience: what it says of its trit, and what is malformed.

Unlike :mod:`plurigrid_ff.agents.frontmatter`, which refuses whatever readers might understand
differently, this reader goes on after a fault, because a collection holds heads of all kinds.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

FENCE = "---"
OWN_TABLES = ("", "metadata")
"""Where a card's keys about itself stand: at the top, or in this table."""

_KEY = re.compile(r"(?P<indent> *)(?P<item>- +)?(?P<key>[A-Za-z_][\w.-]*) *:(?:\s+(?P<value>.*))?")
_FLOW = re.compile(r"[{,]\s*[\"']?(?P<key>[A-Za-z_]+)[\"']?\s*:\s*(?P<value>[^,}]*)")


@dataclass(frozen=True, slots=True)
class Field:
    """A key about the card itself."""

    key: str
    value: str
    line: int


@dataclass
class Head:
    """What was read of a head.

    Attributes:
        body_line: Number of the first line below it.
        faults: Line and message of whatever is malformed.
    """

    fields: list[Field] = field(default_factory=list)
    faults: list[tuple[int, str]] = field(default_factory=list)
    body_line: int = 1

    def get(self, key: str) -> Field | None:
        """Return a field by its key, if it is there."""
        return next((found for found in self.fields if found.key == key), None)


def read_head(lines: list[str]) -> Head:
    """Read the head of a card."""
    head = Head()
    if lines[0].rstrip() != FENCE:
        head.faults.append((1, f"expected {FENCE!r}, the beginning of the frontmatter"))
        return head
    end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == FENCE), None)
    if end is None:
        head.faults.append((1, f"the frontmatter has no closing {FENCE!r}"))
        return head
    head.body_line = end + 2
    _scan(list(enumerate(lines[1:end], start=2)), head)
    return head


def _scan(lines: list[tuple[int, str]], head: Head) -> None:
    """Go through the lines of a head, keeping track of tables and blocks of text."""
    table, block_indent = "", None
    seen: set[str] = set()
    for number, line in lines:
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        indent = len(line) - len(line.lstrip())
        if block_indent is not None and indent > block_indent:
            continue
        block_indent = None
        if "\t" in line[:indent]:
            head.faults.append((number, "a tab; YAML indents with spaces"))
            continue
        match = _KEY.fullmatch(line.rstrip())
        if match is None:
            if not indent and text[0] not in "-]}":
                head.faults.append((number, f"expected 'key: value', got {text[:60]!r}"))
            continue
        key, value = match["key"].lower(), (match["value"] or "").strip()
        if value[:1] in ("|", ">"):
            block_indent = indent
        if not indent and not match["item"]:
            table = key
            if key in seen:
                head.faults.append((number, f"{key!r} for the second time"))
            seen.add(key)
            if _is_ambiguous(value):
                head.faults.append((number, f"{key}: ': ' inside a value; quote the value"))
            head.fields.append(Field(key, _unquoted(value), number))
            head.fields += _flow(key, value, number)
        elif table in OWN_TABLES and not match["item"]:
            head.fields.append(Field(key, _unquoted(value), number))


def _is_ambiguous(value: str) -> bool:
    """Whether YAML would refuse a plain value, because it reads as another key."""
    return value[:1] not in ("", '"', "'", "{", "[", "|", ">", "#") and (
        ": " in value.partition(" #")[0] or value.endswith(":")
    )


def _flow(key: str, value: str, number: int) -> Iterator[Field]:
    """Yield the keys of ``metadata: {trit: 1}``."""
    if key in OWN_TABLES and value.startswith("{"):
        for match in _FLOW.finditer(value[:2000]):
            yield Field(match["key"].lower(), _unquoted(match["value"].strip()), number)


def _unquoted(value: str) -> str:
    """Take off quotes, or a comment."""
    if len(value) > 1 and value[0] in "\"'" and value.find(value[0], 1) > 0:
        return value[1 : value.find(value[0], 1)].strip()
    return value.partition(" #")[0].strip()
