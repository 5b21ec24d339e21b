"""Which figures a report has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plurigrid_ff.report.charts import draw_chart
from plurigrid_ff.report.confusion import draw_confusion
from plurigrid_ff.report.curves import learning_curves
from plurigrid_ff.report.drawing import Drawing
from plurigrid_ff.report.grouped import grouped_curves
from plurigrid_ff.report.layers import draw_accuracy, draw_goodness
from plurigrid_ff.report.society import discord_chart, draw_society
from plurigrid_ff.results import RunReport


@dataclass(frozen=True, slots=True)
class Figures:
    """Every drawing of the page, by section."""

    accuracy: Drawing
    goodness: tuple[Drawing, ...]
    curves: tuple[Drawing, ...]
    confusion: Drawing
    evidence: tuple[Drawing, ...]
    society: tuple[Drawing, ...]


def draw_figures(report: RunReport, rounds: Sequence[Mapping[str, Any]]) -> Figures:
    """Draw everything that the report and the log have numbers for."""
    curves = (*learning_curves(rounds), *grouped_curves(rounds))
    evidence = report.verdict.charts if report.verdict else ()
    return Figures(
        accuracy=draw_accuracy(report.layers, len(report.class_names)),
        goodness=draw_goodness(report.layers),
        curves=tuple(draw_chart(chart, f"curve-{index}") for index, chart in enumerate(curves)),
        confusion=draw_confusion(report.confusion, report.class_names),
        evidence=tuple(
            draw_chart(chart, f"evidence-{index}") for index, chart in enumerate(evidence)
        ),
        society=_draw_society(report),
    )


def _draw_society(report: RunReport) -> tuple[Drawing, ...]:
    """Draw the graph of several agents, and how far neighbours disagreed over the rounds."""
    if report.society is None:
        return ()
    discord = discord_chart(report.society)
    graph = draw_society(report.society)
    return (graph,) if discord is None else (graph, draw_chart(discord, "discord"))
