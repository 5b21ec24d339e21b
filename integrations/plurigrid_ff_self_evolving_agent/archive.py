"""The archive: every individual there ever was, in one SQLite file that only grows."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from plurigrid_ff.digest import canonical_json, digest
from plurigrid_ff.errors import CheckpointError, ConfigError, unknown_name
from plurigrid_ff.files import written_beside
from plurigrid_ff_self_evolving_agent.record import Record, parse_record

Weights = Mapping[str, NDArray[np.float32]]

ARCHIVE_FILE = "archive.sqlite"
FORMAT = 1
WAIT_SECONDS = 2.0
"""How long another process may hold the file."""

_SCHEMA = f"""
BEGIN;
CREATE TABLE individuals (
    number INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL,
    config_digest TEXT NOT NULL,
    weights BLOB,
    chain TEXT NOT NULL
);
CREATE TRIGGER no_update BEFORE UPDATE ON individuals
BEGIN SELECT RAISE(ABORT, 'the archive only grows'); END;
CREATE TRIGGER no_delete BEFORE DELETE ON individuals
BEGIN SELECT RAISE(ABORT, 'the archive only grows'); END;
PRAGMA user_version = {FORMAT};
COMMIT;
"""
_IN_USE = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
REMEDY = (
    "`plurigrid-ff evolve resume` recovers what is whole of an evolution; of a run, restore the "
    "file from a copy, or start again with --overwrite"
)
_INSERT = "INSERT INTO individuals VALUES (?, ?, ?, ?, ?, ?)"


class DamagedArchiveError(CheckpointError):
    """An archive of which a part is not as it was written."""


class Archive:
    """Individuals in the order in which they came to be.

    Records are chained: each is kept with the digest of itself and all before it, so a record
    that was changed by other means is found when the archive is opened. A process that dies
    while it appends leaves the archive as it was before.

    Args:
        path: The file; created if there is none. None: in memory.

    Raises:
        DamagedArchiveError: The file is damaged or cut short.
        CheckpointError: It is in use, or no archive.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._where = str(path or "archive")
        self._records: dict[str, Record] = {}
        self._children: dict[str, int] = {}
        self.head = ""
        with self._clear_errors():
            self._base = sqlite3.connect(
                path or ":memory:", timeout=WAIT_SECONDS, isolation_level=None
            )
        try:
            with self._clear_errors():
                self._open()
        except CheckpointError:
            self._base.close()
            raise

    @classmethod
    def in_memory(cls, path: Path) -> "Archive":
        """Read a file and leave it alone from then on.

        Raises:
            CheckpointError: There is none, or it is damaged.
        """
        if not path.is_file():
            raise CheckpointError(f"{path}: missing; start again with --overwrite")
        kept, read = cls(path), cls()
        rows = kept._base.execute("SELECT * FROM individuals ORDER BY number")
        with kept._clear_errors():
            read._base.executemany(_INSERT, rows)
        read._records, read._children, read.head = kept._records, kept._children, kept.head
        kept.close()
        return read

    def __len__(self) -> int:
        """Count individuals."""
        return len(self._records)

    def __contains__(self, name: str) -> bool:
        """Say whether there is an individual of that name."""
        return name in self._records

    def __getitem__(self, name: str) -> Record:
        """Return a record.

        Raises:
            UnknownNameError: There is none of that name.
        """
        if name not in self._records:
            raise unknown_name(
                "individual",
                name,
                self._records,
                where=f"{self._where}: ",
                remedy=f"it holds {len(self)}, which `plurigrid-ff evolve show` lists",
            )
        return self._records[name]

    @property
    def records(self) -> tuple[Record, ...]:
        """All records, oldest first."""
        return tuple(self._records.values())

    def children(self, name: str) -> int:
        """Count the mutations of an individual, accepted or not."""
        return self._children.get(name, 0)

    def append(self, record: Record, weights: Weights | None = None) -> None:
        """Add an individual.

        Args:
            record: Its parents are in the archive.
            weights: Those that the record's digest is of; None: not kept.

        Raises:
            ConfigError: Its name is taken, or a parent is unknown.
            CheckpointError: The file cannot be written.
        """
        if record.name in self._records:
            raise ConfigError(f"{self._where}: an individual {record.name!r} is there already")
        for parent in record.parents:
            self[parent]
        chain = record.chained(self.head)
        row = (
            len(self) + 1,
            record.name,
            canonical_json(record.model_dump(mode="json")),
            record.config_digest,
            None if weights is None else save(dict(weights)),
            chain,
        )
        with self._clear_errors():
            self._base.execute(_INSERT, row)
        self._take(record, chain)

    def weights(self, name: str) -> dict[str, NDArray[np.float32]]:
        """Return an individual's weights.

        Raises:
            UnknownNameError: There is no individual of that name.
            ConfigError: Its weights were not kept.
            CheckpointError: They are damaged.
        """
        record = self[name]
        with self._clear_errors():
            ((blob,),) = self._base.execute(
                "SELECT weights FROM individuals WHERE name = ?", (name,)
            ).fetchall()
        if blob is None:
            raise ConfigError(
                f"{self._where}: the weights of {name!r} were not kept, because it was not "
                "accepted; choose one that was"
            )
        values = parse_weights(blob, record)
        if values is None:
            raise CheckpointError(f"{self._where}: the weights of {name!r} are damaged")
        return values

    def save(self, path: Path) -> None:
        """Write the archive to a file of its own, the same bytes for the same records."""
        with (
            written_beside(path) as temporary,
            self._clear_errors(),
            closing(sqlite3.connect(temporary, isolation_level=None)) as copy,
        ):
            copy.executescript(_SCHEMA)
            copy.execute("BEGIN")
            rows = self._base.execute("SELECT * FROM individuals ORDER BY number")
            copy.executemany(_INSERT, rows)
            copy.execute("COMMIT")

    def close(self) -> None:
        """Let go of the file."""
        self._base.close()

    def _open(self) -> None:
        """Create the table, or read and check what is there."""
        ((version,),) = self._base.execute("PRAGMA user_version").fetchall()
        ((tables,),) = self._base.execute("SELECT count(*) FROM sqlite_master").fetchall()
        if not tables:
            self._base.executescript(_SCHEMA)
            return
        if version != FORMAT:
            raise CheckpointError(
                f"{self._where}: expected an archive of format {FORMAT}, got a database of "
                f"version {version}; is it another program's?"
            )
        rows = self._base.execute("SELECT number, record, chain FROM individuals ORDER BY number")
        for place, (number, text, chain) in enumerate(rows, start=1):
            record = parse_record(text)
            if record is None or number != place or record.chained(self.head) != chain:
                raise DamagedArchiveError(
                    f"{self._where}: individual {place} is not as it was written; {REMEDY}"
                )
            self._take(record, chain)

    def _take(self, record: Record, chain: str) -> None:
        """Note a record that is in the file."""
        self._records[record.name] = record
        self.head = chain
        if record.origin == "mutation":
            for parent in record.parents:
                self._children[parent] = self.children(parent) + 1

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        """Say what is wrong with the file."""
        try:
            yield
        except (sqlite3.DatabaseError, UnicodeDecodeError) as error:
            # Text that is not UTF-8, in a row or in SQLite's own message, has no code.
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF
            if code in _IN_USE:
                remedy = "another process holds it: wait for it, or end it"
                raise CheckpointError(f"{self._where}: cannot be used: {remedy}") from error
            if code in _DAMAGED:
                raise DamagedArchiveError(
                    f"{self._where}: damaged or cut short ({error}); {REMEDY}"
                ) from error
            raise CheckpointError(f"{self._where}: cannot be used: {error}") from error


def parse_weights(blob: bytes, record: Record) -> dict[str, NDArray[np.float32]] | None:
    """Parse the weights of a record; None if they are not those that its digest is of."""
    try:
        values: dict[str, NDArray[np.float32]] = load(blob)
    except SafetensorError:
        return None
    if digest(values) != record.weights_digest:
        return None
    return {tensor: values[tensor] for tensor in sorted(values)}  # the file has no order
