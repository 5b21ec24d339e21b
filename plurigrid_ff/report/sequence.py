"""The page of a sequence: its triads, their sums, and how each went on from the one before."""

from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from plurigrid_ff.files import write_text
from plurigrid_ff.gf3 import format_trit
from plurigrid_ff.report import wording
from plurigrid_ff.report.charts import draw_chart
from plurigrid_ff.report.curves import with_summary
from plurigrid_ff.report.drawing import Drawing
from plurigrid_ff.report.log import SHORT_HASH
from plurigrid_ff.report.page import read_resource
from plurigrid_ff.report.reading import read_rounds
from plurigrid_ff.results import Chart, Series
from plurigrid_ff.sequence_results import SequenceReport

PAGE = "report.html"
MAX_LINES = 7  # as many as can be told apart


def write_sequence_page(report: SequenceReport, folder: Path) -> None:
    """Write report.html of a sequence beside the run folders of its triads.

    Raises:
        RunFolderError: A log cannot be read.
    """
    logs = [read_rounds(folder / stage.folder) for stage in report.stages]
    write_text(folder / PAGE, render_sequence(report, logs))


def render_sequence(report: SequenceReport, logs: Sequence[Sequence[dict[str, Any]]]) -> str:
    """Return the page.

    Args:
        report: What became of the sequence.
        logs: Log entries of every triad that ran.
    """
    page = _template().render(
        report=report,
        curve=_curve(report, logs),
        style=Markup(read_resource("style.css")),  # noqa: S704 - a file of this package
        short=SHORT_HASH,
    )
    return wording.clean(page)


def _curve(report: SequenceReport, logs: Sequence[Sequence[dict[str, Any]]]) -> Drawing:
    """Draw validation accuracy over the rounds of all triads, counted through."""
    ends = [0, *accumulate(stage.rounds for stage in report.stages)]
    series = []
    for place, (stage, log, before) in enumerate(zip(report.stages, logs, ends, strict=False)):
        told = [
            (before + float(entry["round"]), wording.finite(entry["summary"].get(_ACCURACY)))
            for entry in with_summary(log, "generator")
        ]
        points = [(x, y) for x, y in told if y is not None]
        if points and place < MAX_LINES:
            x, y = zip(*points, strict=True)
            series.append(Series(name=f"{place + 1} {stage.name}", x=x, y=y))
    hidden = len(report.stages) > MAX_LINES
    chart = Chart(
        kind="line",
        title="Validation accuracy",
        x_label="Round, counted through",
        y_label="Accuracy",
        series=tuple(series),
        note=f"The first {MAX_LINES} triads." if hidden else "",
    )
    return draw_chart(chart, "sequence")


_ACCURACY = "validation_accuracy"


@cache
def _template() -> Template:
    """Compile the template, with escaping on and unknown names an error."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        share=wording.format_share,
        trit=lambda trit: format_trit(trit).replace("-", wording.MINUS),
    )
    return environment.from_string(read_resource("sequence.html"))
