"""Metrics in a file that other programs read: a row per layer and round."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from plurigrid_ff.callbacks.rows import RoundRows, Row
from plurigrid_ff.callbacks.writing import writing
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.files import read_text, write_text
from plurigrid_ff.runs import Watcher

if TYPE_CHECKING:
    from plurigrid_ff.host.log import LogEntry

COLUMNS = tuple(Row.model_fields)


@dataclass(frozen=True, slots=True)
class Format:
    """How rows stand in a file."""

    dump: Callable[[list[Row]], str]
    load: Callable[[str], list[Row]]


def _dump_csv(rows: list[Row]) -> str:
    """Write a line of names, then a line per row; what is None stays empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.model_dump() for row in rows)
    return text.getvalue()


def _load_csv(text: str) -> list[Row]:
    """Read what :func:`_dump_csv` wrote."""
    reader = csv.DictReader(io.StringIO(text))
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ValueError(f"columns {reader.fieldnames}")
    return [Row.model_validate({k: v or None for k, v in line.items()}) for line in reader]


FORMATS = {
    ".csv": Format(_dump_csv, _load_csv),
    ".jsonl": Format(
        lambda rows: "".join(f"{row.model_dump_json()}\n" for row in rows),
        lambda text: [Row.model_validate_json(line) for line in text.splitlines()],
    ),
}


def metrics_file(path: Path | str) -> Watcher:
    """Write loss, accuracy, margin and seconds of every layer and round to a file.

    The file is whole after every round. A run that is resumed goes on with the rows of the
    rounds that it does not repeat; one that starts anew replaces them.

    Args:
        path: The file; ``.csv`` or ``.jsonl`` says how.

    Raises:
        ConfigError: Another kind of file is asked for, one lies there that this did not
            write, or it cannot be written.
    """
    path = Path(path)
    kind = FORMATS.get(path.suffix.lower())
    if kind is None:
        raise ConfigError(f"{path}: metrics are written to a .csv or a .jsonl file; name one")
    kept = _read(path, kind)
    try:
        write_text(path, kind.dump(kept))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror or error}") from error
    rounds = RoundRows()

    def entry(entry: "LogEntry") -> None:
        nonlocal kept
        rows = rounds.entry(entry)
        if rows:
            kept = [row for row in kept if row.round < entry.round] + rows
            with writing(path):
                write_text(path, kind.dump(kept))

    return Watcher(on_start=rounds.start, on_entry=entry)


def _read(path: Path, kind: Format) -> list[Row]:
    """Read the rows of an earlier run; none where there is no file."""
    if not path.exists():
        return []
    try:
        return kind.load(read_text(path))
    except (OSError, ValueError, ValidationError) as error:
        raise ConfigError(
            f"{path}: expected a metrics file of plurigrid-ff, or none, got another file; it "
            "stays as it is: take another name"
        ) from error
