"""Fill the page's template."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup

from plurigrid_ff.gf3 import Trit, format_trit
from plurigrid_ff.report import wording
from plurigrid_ff.report.confusion import is_square, most_confused
from plurigrid_ff.report.figures import draw_figures
from plurigrid_ff.report.layers import goodness_legend
from plurigrid_ff.report.log import log_rows
from plurigrid_ff.report.palette import role_colour
from plurigrid_ff.report.society import agents_table
from plurigrid_ff.results import RunReport, Table, Verdict

MAX_TABLE_ROWS = 2000
OPEN_TABLE_ROWS = 30  # longer tables of evidence start folded

_TRITS: dict[str, Trit] = {"validator": -1, "coordinator": 0, "generator": 1}
_VERDICTS = {
    "passed": ("✓", "Passed", "The validator let the run pass."),
    "failed": ("✕", "Failed", "The validator said no."),
    "undecidable": ("?", "Undecidable", "The validator could not decide."),
}


@dataclass(frozen=True, slots=True)
class VerdictBox:
    """How a verdict is told: by a symbol, a word and a sentence, not by colour alone."""

    style: str
    symbol: str
    word: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Scale:
    """Measure and limit as percentages of a bar that starts at 0."""

    measure: float
    limit: float


def render_page(report: RunReport, rounds: Sequence[Mapping[str, Any]]) -> str:
    """Return the whole page."""
    page = _template().render(
        report=report,
        roles=_roles(report),
        box=_verdict_box(report),
        scale=_scale(report.verdict),
        samples=_num_samples(report),
        readout=wording.describe_readout(report),
        interval=_interval(report),
        figures=draw_figures(report, rounds),
        goodness_legend=goodness_legend(),
        agents=agents_table(report.society) if report.society else None,
        confused=most_confused(report.confusion, report.class_names),
        log=log_rows(rounds),
        num_entries=len(rounds),
        log_is_whole=_is_whole(report, rounds),
        style=Markup(read_resource("style.css")),  # noqa: S704 - a file of this package
        max_rows=MAX_TABLE_ROWS,
        open_rows=OPEN_TABLE_ROWS,
    )
    return wording.clean(page)


@cache
def _template() -> Template:
    """Compile the template, with escaping on and unknown names an error."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters.update(
        number=wording.format_number,
        share=wording.format_share,
        duration=wording.format_seconds,
        short=wording.shorten,
        trit=lambda trit: format_trit(trit).replace("-", wording.MINUS),
        cell=_cell,
        numeric_columns=_numeric_columns,
    )
    return environment.from_string(read_resource("template.html"))


def read_resource(name: str) -> str:
    """Read a text file that is installed beside this module."""
    return files("plurigrid_ff.report").joinpath(name).read_text(encoding="utf-8")


def _cell(value: str | float | int | None) -> str:
    """Write a cell of a table."""
    return wording.clean(value) if isinstance(value, str) else wording.format_number(value)


def _numeric_columns(table: Table) -> list[bool]:
    """Say of each column whether it holds only numbers, so that its digits line up."""
    columns: list[set[type]] = [set() for _ in table.columns]
    for row in table.rows:
        for kinds, value in zip(columns, row, strict=False):
            kinds.add(type(value))
    return [str not in kinds and kinds != {type(None)} and bool(kinds) for kinds in columns]


def _roles(report: RunReport) -> list[tuple[str, str, str, str]]:
    """Return role, trit, skill and colour of the triad, from -1 to +1."""
    triad = report.triad or {}
    known = [
        (role, format_trit(trit).replace("-", wording.MINUS), triad[role], role_colour(trit))
        for role, trit in _TRITS.items()
        if role in triad
    ]
    return known + [(role, "", skill, "") for role, skill in triad.items() if role not in _TRITS]


def _verdict_box(report: RunReport) -> VerdictBox:
    """Choose how the verdict is told."""
    if report.verdict is not None:
        return VerdictBox(report.verdict.outcome, *_VERDICTS[report.verdict.outcome])
    if report.triad is None:
        return VerdictBox("absent", wording.NOTHING, "No validator", "Nobody could say no.")
    return VerdictBox("absent", wording.NOTHING, "No verdict", "The validator was not heard.")


def _scale(verdict: Verdict | None) -> Scale | None:
    """Place measure and limit on a bar, where both are on the same side of 0."""
    if verdict is None or verdict.measure is None:
        return None
    largest = max(verdict.measure, verdict.limit)
    if min(verdict.measure, verdict.limit) < 0 or largest == 0:
        return None
    share = 90 / largest  # leaves room to the right of the larger one
    return Scale(round(verdict.measure * share, 2), round(verdict.limit * share, 2))


def _num_samples(report: RunReport) -> int:
    """Count the test samples of the confusion matrix."""
    return sum(map(sum, report.confusion)) if is_square(report.confusion) else 0


def _interval(report: RunReport) -> tuple[float, float] | None:
    """Return the 95 % interval of the test accuracy."""
    samples = _num_samples(report)
    if report.test_accuracy is None or samples < 1 or not 0 <= report.test_accuracy <= 1:
        return None
    return wording.wilson_interval(report.test_accuracy, samples)


def _is_whole(report: RunReport, rounds: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the log ends where the report says that it ends."""
    return not rounds or rounds[-1].get("hash") == report.log_head
