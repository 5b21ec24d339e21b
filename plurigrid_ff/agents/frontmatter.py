"""The head of a SKILL.md: the part of YAML that skills are written in.

The format's reference validator reads StrictYAML, which has no flow style, anchors, tags
or duplicate keys. What is read here is smaller still: one line or one block of text per
key, and one level of indented keys. Everything else is refused by its line, never guessed,
so that no reader of YAML can understand a head differently from this one.
"""

import re
from dataclasses import dataclass

FENCE = "---"
_KEY = re.compile(r"(?P<key>[A-Za-z_][A-Za-z0-9_.-]*):(?:[ ]+(?P<value>.*))?")
_RESERVED = "[]{}&*!|>%@`#,?"
_ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "t": "\t"}

Fields = dict[str, "str | dict[str, str]"]


class FrontmatterError(ValueError):
    """A head that cannot be read. ``str(error)`` says on which line and why."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")


@dataclass
class _Lines:
    """Lines of the head with their numbers in the file."""

    lines: list[tuple[int, str]]
    place: int = 0

    def peek(self) -> tuple[int, str] | None:
        """Return the next line, if there is one."""
        return self.lines[self.place] if self.place < len(self.lines) else None


def split_skill(text: str) -> tuple[Fields, str]:
    """Split a SKILL.md into the fields of its head and its body.

    Raises:
        FrontmatterError: There is no head, or it is written in other YAML than is read here.
    """
    lines = text.splitlines()
    if not lines or lines[0] != FENCE:
        raise FrontmatterError(1, f"expected {FENCE!r}, the beginning of the frontmatter")
    try:
        end = lines.index(FENCE, 1)
    except ValueError:
        raise FrontmatterError(len(lines), f"the frontmatter has no closing {FENCE!r}") from None
    head = list(enumerate(lines[1:end], start=2))
    for number, line in head:
        if FENCE in line:  # the reference validator would end the head here
            raise FrontmatterError(number, f"{FENCE!r} inside the frontmatter ends it for others")
        if "\t" in line:
            raise FrontmatterError(number, "a tab; YAML indents with spaces")
    return _mapping(_Lines(head)), "\n".join(lines[end + 1 :])


def _mapping(lines: _Lines) -> Fields:
    """Read the keys that stand at the beginning of their lines."""
    fields: Fields = {}
    while (item := lines.peek()) is not None:
        number, line = item
        lines.place += 1
        if not line.strip() or line.startswith("#"):
            continue
        key, value = _key(number, line, fields)
        block = _indented(lines)
        if value[:1] in ("|", ">"):
            fields[key] = _block(number, value, block)
        elif value:
            fields[key] = _scalar(number, _continued(value, block))
        else:
            fields[key] = _inner_mapping(number, key, block)
    return fields


def _key(number: int, line: str, seen: Fields | dict[str, str]) -> tuple[str, str]:
    """Read ``key: value``."""
    match = _KEY.fullmatch(line.rstrip())
    if match is None:
        raise FrontmatterError(number, f"expected 'key: value', got {line.strip()[:60]!r}")
    if match["key"] in seen:
        raise FrontmatterError(number, f"{match['key']!r} for the second time")
    return match["key"], (match["value"] or "").strip()


def _indented(lines: _Lines) -> list[tuple[int, str]]:
    """Take the lines that belong to the key above them."""
    taken = []
    while (item := lines.peek()) is not None and (not item[1].strip() or item[1][0] == " "):
        taken.append(item)
        lines.place += 1
    while taken and not taken[-1][1]:
        taken.pop()
    return taken


def _continued(value: str, block: list[tuple[int, str]]) -> str:
    """Join a value with the lines that go on with it."""
    parts = [value]
    for line, text in block:
        if not text.strip():
            raise FrontmatterError(line, "an empty line within a value; use '>' for paragraphs")
        parts.append(text.strip())
    return " ".join(parts)


def _inner_mapping(number: int, key: str, block: list[tuple[int, str]]) -> str | dict[str, str]:
    """Read one level of indented keys."""
    if not block:
        return ""
    indent = len(block[0][1]) - len(block[0][1].lstrip())
    inner: dict[str, str] = {}
    for line, text in block:
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        if len(text) - len(text.lstrip()) != indent:
            raise FrontmatterError(line, f"keys of {key!r} must be indented alike")
        name, value = _key(line, text.strip(), inner)
        if value[:1] in ("|", ">") or not value:
            raise FrontmatterError(line, f"{key}.{name} must be one line of text")
        inner[name] = _scalar(line, value)
    if not inner:
        raise FrontmatterError(number, f"{key!r} has no value")
    return inner


def _block(number: int, header: str, block: list[tuple[int, str]]) -> str:
    """Read a block of text: ``|`` keeps its lines, ``>`` joins them to paragraphs."""
    if header not in ("|", "|-", ">", ">-"):
        raise FrontmatterError(number, f"expected one of | |- > >- on the line, got {header!r}")
    if not block or not block[0][1].strip():
        raise FrontmatterError(number, "the text must begin on the next line")
    indent = len(block[0][1]) - len(block[0][1].lstrip())
    for line, text in block:
        # YAML gives leading spaces a meaning of their own inside a block; few readers agree.
        if text.strip() and len(text) - len(text.lstrip()) != indent:
            raise FrontmatterError(line, "lines of a text must be indented alike")
        if not text.strip() and len(text) > indent:
            raise FrontmatterError(line, "a line of spaces; leave it empty")
    joined = "\n".join(text[indent:] for _, text in block)
    if header[0] == "|":
        return joined
    # One line break is a space; of more, one is dropped.
    return re.sub(r"\n+", lambda breaks: breaks[0][1:] or " ", joined)


def _scalar(number: int, text: str) -> str:
    """Read text on one line, quoted or plain."""
    if text[0] == '"':
        return _double_quoted(number, text)
    if text[0] == "'":
        match = re.fullmatch(r"'((?:[^']|'')*)'", text)
        if match is None:
            raise FrontmatterError(number, "a quote ' that is not closed, or text after it")
        return match[1].replace("''", "'")
    if text[0] in _RESERVED or text[:2] in ("- ", "-"):
        raise FrontmatterError(number, f"a value cannot begin with {text[0]!r}: quote it")
    if ": " in text or text.endswith(":") or " #" in text:
        raise FrontmatterError(number, "': ' and ' #' mean something in YAML: quote the value")
    return text


def _double_quoted(number: int, text: str) -> str:
    """Read text in double quotes."""
    match = re.fullmatch(r'"((?:[^"\\]|\\.)*)"', text)
    if match is None:
        raise FrontmatterError(number, 'a quote " that is not closed, or text after it')

    def unescape(escape: re.Match[str]) -> str:
        if escape[1] not in _ESCAPES:
            raise FrontmatterError(number, f"an escape that is not read here: {escape[0]!r}")
        return _ESCAPES[escape[1]]

    return re.sub(r"\\(.)", unescape, match[1])
