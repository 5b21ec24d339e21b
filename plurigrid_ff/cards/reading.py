"""Find cards below a folder and decode them, whatever they hold."""

import codecs
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from plurigrid_ff.cards.results import Finding, Kind
from plurigrid_ff.errors import AgentSkillError

MAX_CARD_BYTES = 1 << 20
MAX_CARDS = 20_000
_WIDE = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
_PLAIN = {"\n", "\t"}


@dataclass
class CardText:
    """One card as text, with what is wrong with its bytes.

    Attributes:
        file: Path below the folder that was read.
        text: None if it cannot be read. Lines end in a line feed.
    """

    file: str
    folder: str
    text: str | None = None
    findings: list[Finding] = field(default_factory=list)

    def find(self, kind: Kind, line: int, message: str) -> None:
        """Note what is wrong."""
        self.findings.append(
            Finding(kind=kind, name=None, file=self.file, line=line, message=message)
        )


def read_cards(root: Path, *, pattern: str = "SKILL.md") -> Iterator[CardText]:
    """Read the cards below a folder, in order of their paths; or a single file.

    Folders behind links are not entered, and cards that are links are not followed.

    Args:
        root: A folder, or one card.
        pattern: File names that are cards; upper and lower case are the same.

    Raises:
        AgentSkillError: There is nothing at ``root``, or more cards than are read.
    """
    if not root.exists():
        raise AgentSkillError(f"{root}: expected a folder of cards or one card, found nothing")
    if not root.is_dir():
        yield _read(root, root.name)
        return
    found = sorted(_walk(root, pattern))
    for path in found:
        yield _read(path, shown_path(path.relative_to(root)))


def _walk(root: Path, pattern: str) -> Iterator[Path]:
    """Yield files whose name fits."""
    count = 0
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in [*names, *(n for n in folders if fnmatch(n.lower(), pattern.lower()))]:
            if fnmatch(name.lower(), pattern.lower()):
                count += 1
                if count > MAX_CARDS:
                    raise AgentSkillError(f"{root}: more than {MAX_CARDS:,} cards; give a part")
                yield Path(folder) / name


def shown_path(path: Path) -> str:
    """Write a path so that any output can hold it, names that are not UTF-8 included."""
    return os.fsencode(path.as_posix()).decode("utf-8", "backslashreplace")


def _read(path: Path, shown: str) -> CardText:
    """Read and decode one card."""
    card = CardText(shown, shown_path(Path(path.absolute().parent.name)))
    try:
        raw = _read_bytes(path, card)
    except OSError as error:
        card.find("unreadable", 1, f"cannot be read: {error.strerror or error}")
        return card
    if raw is not None:
        card.text = _decode(raw, card)
    return card


def _read_bytes(path: Path, card: CardText) -> bytes | None:
    """Read a regular file within the limit; note why it is not read otherwise."""
    mode = path.lstat().st_mode
    if stat.S_ISLNK(mode):
        card.find("unreadable", 1, "is a symbolic link, which is not followed")
        return None
    if not stat.S_ISREG(mode):
        card.find("unreadable", 1, "is no regular file")
        return None
    with path.open("rb") as file:
        raw = file.read(MAX_CARD_BYTES + 1)
    if len(raw) > MAX_CARD_BYTES:
        size = path.lstat().st_size
        card.find("unreadable", 1, f"has {size:,} bytes; at most {MAX_CARD_BYTES:,} are read")
        return None
    return raw


def _decode(raw: bytes, card: CardText) -> str | None:
    """Decode UTF-8; note any other encoding, and what cannot be text."""
    if not raw.strip():
        card.find("frontmatter", 1, "is empty")
        return None
    encoding = _WIDE.get(raw[:2])
    if encoding:
        card.find("encoding", 1, "is UTF-16; expected UTF-8")
        text = raw.decode(encoding, "replace")
    elif b"\0" in raw:
        card.find("unreadable", raw[: raw.index(b"\0")].count(b"\n") + 1, "is binary: a NUL byte")
        return None
    else:
        text = _decode_bytes(raw, card)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    _note_control_characters(text, card)
    return text


def _decode_bytes(raw: bytes, card: CardText) -> str:
    """Decode UTF-8 with or without a mark; Latin-1 where it is not."""
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        message = f"is not UTF-8: byte 0x{raw[error.start]:02x}; read as Latin-1"
        card.find("encoding", line, message)
        return raw.decode("latin-1")


def _note_control_characters(text: str, card: CardText) -> None:
    """Note the first control character: it could drive a terminal, or hide text from a reader."""
    # isprintable() refuses other spaces than ' ' too; those are harmless.
    for number, line in enumerate(text.split("\n"), start=1):
        if line.isprintable():
            continue
        for character in line:
            code = ord(character)
            hidden = code < 0x20 or 0x7F <= code < 0xA0 or 0x202A <= code <= 0x202E
            if hidden and character not in _PLAIN:
                card.find("control-characters", number, f"holds the character U+{code:04X}")
                return
