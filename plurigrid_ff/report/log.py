"""The log of rounds as rows of a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plurigrid_ff.gf3 import format_trit
from plurigrid_ff.report.wording import NOTHING, format_number, shorten

MAX_ROWS = 2000
SHORT_HASH = 12
_MAX_FACTS = 4


@dataclass(frozen=True, slots=True)
class LogRow:
    """One entry of the log, every cell as text."""

    index: str
    round: str
    role: str
    trit: str
    skill: str
    summary: str
    hash: str


def log_rows(rounds: Sequence[Mapping[str, Any]]) -> list[LogRow]:
    """Return the last ``MAX_ROWS`` entries as rows."""
    return [_row(entry) for entry in rounds[-MAX_ROWS:]]


def _row(entry: Mapping[str, Any]) -> LogRow:
    """Write one entry; what it does not say is a dash."""
    trit = entry.get("trit")
    skill = " ".join(_text(entry[key]) for key in ("skill", "version") if key in entry)
    return LogRow(
        index=_text(entry.get("index")),
        round=_text(entry.get("round")),
        role=_text(entry.get("role")),
        trit=format_trit(trit) if isinstance(trit, int) else _text(trit),
        skill=skill or NOTHING,
        summary=_facts(entry.get("summary")),
        hash=_text(entry.get("hash"))[:SHORT_HASH],
    )


def _facts(summary: object) -> str:
    """Write the first few plain values of a summary."""
    if not isinstance(summary, Mapping):
        return ""
    plain = [
        f"{shorten(str(key).replace('_', ' '), 32)}: {_text(value)}"
        for key, value in summary.items()
        if isinstance(value, str | int | float)
    ]
    return ", ".join(plain[:_MAX_FACTS])


def _text(value: object) -> str:
    """Write a value that may be anything on one short line."""
    if value is None:
        return NOTHING
    if isinstance(value, int | float) and not isinstance(value, bool):
        return format_number(value)
    return shorten(str(value), 120)
