"""Curves of the coordinator's numbers that belong together, such as predicted and measured."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from plurigrid_ff.report.curves import MAX_LINES, round_of, with_summary
from plurigrid_ff.report.wording import finite
from plurigrid_ff.results import Chart, Series

MAX_GROUPS = 6

Points = dict[str, list[tuple[float, float]]]


def grouped_curves(rounds: Sequence[Mapping[str, Any]]) -> tuple[Chart, ...]:
    """Draw every table of numbers in the coordinator's summaries as one chart, a line a number."""
    entries = [
        (round_of(entry, index), entry["summary"])
        for index, entry in enumerate(with_summary(rounds, "coordinator"))
    ]
    keys = dict.fromkeys(key for _, summary in entries for key in summary)
    charts = (_chart(str(key), _points(entries, key)) for key in keys)
    return tuple(chart for chart in charts if chart is not None)[:MAX_GROUPS]


def _points(entries: Sequence[tuple[float, Mapping[str, Any]]], key: str) -> Points:
    """Collect the numbers of one table, by name."""
    found: Points = {}
    for place, summary in entries:
        for name, value in _numbers(summary.get(key)):
            found.setdefault(name, []).append((place, value))
    return found


def _numbers(table: Any) -> Iterator[tuple[str, float]]:
    """Yield what is a number in something that may be a table."""
    for name, value in table.items() if isinstance(table, Mapping) else ():
        number = finite(value)
        if number is not None:
            yield str(name), number


def _chart(key: str, points: Points) -> Chart | None:
    """Build the chart of one table, if it has numbers and few enough to tell apart."""
    if not 0 < len(points) <= MAX_LINES:
        return None
    title = key.replace("_", " ")
    return Chart(
        kind="line",
        title=f"Coordinator: {title}",
        x_label="Round",
        y_label=title,
        series=tuple(
            Series(
                name=name.replace("_", " "),
                x=tuple(x for x, _ in line),
                y=tuple(y for _, y in line),
            )
            for name, line in points.items()
        ),
    )
