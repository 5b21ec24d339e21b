"""The log of a run: one entry per step, each holding the hash of the one before."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from plurigrid_ff.config import Settings
from plurigrid_ff.digest import canonical_json, digest_text
from plurigrid_ff.errors import RunFolderError
from plurigrid_ff.files import read_text
from plurigrid_ff.gf3 import Trit, add

ORIGIN = "0" * 32  # what the first entry holds as the hash before it


class LogEntry(Settings):
    """One step of one skill in one round.

    Attributes:
        index: Place in the log, from 0.
        inputs: Digest of every port the skill read, by port name.
        outputs: Digest of every port it wrote.
        summary: Its own numbers.
        previous: Hash of the entry before.
        hash: Hash of everything above.
    """

    index: int
    round: int
    role: str
    trit: int
    skill: str
    version: str
    seed: int
    inputs: dict[str, str]
    outputs: dict[str, str]
    summary: dict[str, Any]
    previous: str
    hash: str = ""

    def sealed(self) -> "LogEntry":
        """Return the entry with its hash filled in."""
        body = self.model_dump(mode="json", exclude={"hash"})
        return self.model_copy(update={"hash": digest_text(canonical_json(body))})


class RunLog:
    """An append-only file of log entries.

    Args:
        path: The file, one JSON object a line.
        keep: Entries to keep of a file that exists; what follows is cut off.

    Raises:
        RunFolderError: The file holds fewer than ``keep`` entries, or its chain is broken.
    """

    def __init__(self, path: Path, *, keep: int = 0) -> None:
        self.path = path
        self.entries: list[LogEntry] = []
        if keep:
            self.entries = read_log(path, limit=keep)
            if len(self.entries) < keep:
                raise RunFolderError(
                    f"{path}: expected {keep} entries, got {len(self.entries)}; start again with "
                    "--overwrite"
                )
        path.write_text("".join(_line(entry) for entry in self.entries), encoding="utf-8")

    @property
    def head(self) -> str:
        """Hash of the last entry; it covers all before it."""
        return self.entries[-1].hash if self.entries else ORIGIN

    @property
    def trit_sum(self) -> Trit:
        """Sum of the entries' trits in GF(3)."""
        return add(entry.trit for entry in self.entries)

    def append(self, **fields: Any) -> LogEntry:
        """Seal an entry onto the chain and write it."""
        index = len(self.entries)
        entry = LogEntry(index=index, previous=self.head, **fields).sealed()
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(entry))
        self.entries.append(entry)
        return entry


def read_log(path: Path, *, limit: int | None = None) -> list[LogEntry]:
    """Read a log and verify its chain.

    Args:
        path: The file.
        limit: Read no more than so many entries; what follows is not looked at.

    Raises:
        RunFolderError: A line is not an entry, or its hash does not follow.
    """
    try:
        lines = read_text(path).splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RunFolderError(f"{path}: cannot be read: {error}") from error
    entries: list[LogEntry] = []
    for number, line in enumerate(lines[:limit], start=1):
        try:
            entry = LogEntry.model_validate(json.loads(line))
        except (ValueError, ValidationError, RecursionError) as error:
            raise RunFolderError(f"{path}: line {number} is not a log entry") from error
        previous = entries[-1].hash if entries else ORIGIN
        if entry.previous != previous or entry.sealed().hash != entry.hash:
            raise RunFolderError(
                f"{path}: line {number}: the hash chain is broken: this entry or the one "
                "before it was changed after it was written"
            )
        entries.append(entry)
    return entries


def _line(entry: LogEntry) -> str:
    """Write an entry as one line."""
    return canonical_json(entry.model_dump(mode="json")) + "\n"
