"""What can be saved of an archive that was cut short or damaged."""

import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from plurigrid_ff_self_evolving_agent.archive import (
    Archive,
    DamagedArchiveError,
    parse_weights,
)
from plurigrid_ff_self_evolving_agent.record import parse_record

_SELECT = "SELECT record, chain, weights FROM individuals NOT INDEXED WHERE number = ?"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What became of a damaged archive.

    Attributes:
        kept: How many individuals are in the archive again.
        last: Name of the last of them; None: there are none.
        reason: Why there are no more.
        damaged: Where the damaged file lies now.
    """

    kept: int
    last: str | None
    reason: str
    damaged: Path


def open_or_recover(path: Path) -> tuple[Archive, Recovery | None]:
    """Open an archive; where it is damaged, bring it back to its last complete record first.

    Returns:
        The archive, and what was done to it; None: it is whole, or new.

    Raises:
        CheckpointError: It is in use, or no archive.
    """
    try:
        return Archive(path), None
    except DamagedArchiveError:
        recovery = recover(path)
        return Archive(path), recovery


def recover(path: Path) -> Recovery:
    """Write an archive anew out of the records that the digest chain of a damaged one proves.

    Records are read one by one until one cannot be read, breaks the chain, or has weights that
    are not those of its digest. The damaged file stays beside, whatever happens meanwhile.
    """
    whole, reason = _proven(path)
    damaged = _free_name(path)
    shutil.copy2(path, damaged)
    whole.save(path)
    records = whole.records
    whole.close()
    return Recovery(len(records), records[-1].name if records else None, reason, damaged)


def _proven(path: Path) -> tuple[Archive, str]:
    """Return what is whole, in memory, and why it ends where it does."""
    whole = Archive()
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as base:
        while True:
            place = len(whole) + 1
            try:
                # Without it SQLite refuses a file that has fewer pages than its header says.
                base.execute("PRAGMA writable_schema = ON")
                row = base.execute(_SELECT, (place,)).fetchone()
            except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
                return whole, f"individual {place} cannot be read ({error})"
            if row is None:
                return whole, f"there is no individual {place}"
            complaint = _take(whole, *row)
            if complaint is not None:
                return whole, f"individual {place} {complaint}"


def _take(whole: Archive, text: Any, chain: Any, blob: Any) -> str | None:
    """Append a row if it is proven; else say what is wrong with it."""
    record = parse_record(text)
    if record is None or record.chained(whole.head) != chain:
        return "is not as it was written"
    weights = None
    if blob is not None:
        weights = parse_weights(blob, record)
        if weights is None:
            return "has damaged weights"
    elif record.accepted:
        return "has lost its weights"
    whole.append(record, weights)
    return None


def _free_name(path: Path) -> Path:
    """Return a name beside the file that nothing has yet."""
    number = 1
    while True:
        free = path.with_name(f"{path.stem}.damaged-{number}{path.suffix}")
        if not free.exists():
            return free
        number += 1
