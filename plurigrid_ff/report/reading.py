"""Read what the page is made of, and say plainly what is wrong with it."""

import json
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from plurigrid_ff.errors import RunFolderError
from plurigrid_ff.files import read_text
from plurigrid_ff.results import RunReport

REPORT = "report.json"
ROUNDS = "rounds.jsonl"

_REMEDY = "restore the file or run 'plurigrid-ff train run.toml' again"


def read_report(folder: Path) -> RunReport:
    """Read report.json.

    Raises:
        RunFolderError: It is missing, not JSON, or not a report.
    """
    path = folder / REPORT
    values = _parse(_read(path), where=str(path))
    try:
        return RunReport.model_validate_json(json.dumps(values))
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(map(str, first["loc"])) or "(top level)"
        message = first["msg"][0].lower() + first["msg"][1:]
        found = "" if first["type"] == "missing" else f", got {first['input']!r:.80}"
        raise RunFolderError(f"{path}: {key}: {message}{found}; {_REMEDY}") from error


def read_rounds(folder: Path) -> list[dict[str, Any]]:
    """Read rounds.jsonl, one log entry a line, oldest first.

    Raises:
        RunFolderError: It is missing, or a line is not a JSON object.
    """
    path = folder / ROUNDS
    entries = []
    for number, line in enumerate(_read(path).split("\n"), start=1):
        if line.strip():
            entries.append(_parse(line, where=f"{path}: line {number}"))
    return entries


def _read(path: Path) -> str:
    """Return a file's text."""
    try:
        return read_text(path)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RunFolderError(
            f"{path}: no such file; is {str(path.parent)!r} the folder of a finished run?"
        ) from error
    except OSError as error:
        raise RunFolderError(
            f"{path}: cannot be read: {error.strerror}; check the file and its rights"
        ) from error
    except UnicodeDecodeError as error:
        raise RunFolderError(f"{path}: not UTF-8 at byte {error.start}; {_REMEDY}") from error


def _parse(text: str, *, where: str) -> dict[str, Any]:
    """Parse one JSON object."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RunFolderError(f"{where}: not valid JSON: {error}; {_REMEDY}") from error
    if not isinstance(values, dict):
        raise RunFolderError(
            f"{where}: expected a JSON object, got {type(values).__name__}; {_REMEDY}"
        )
    return values
