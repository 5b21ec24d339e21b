"""What a report shows of a society."""

import re
from itertools import pairwise

import pytest

from plurigrid_ff.report.grouped import grouped_curves
from plurigrid_ff.report.page import render_page
from plurigrid_ff.report.society import agents_table, discord_chart, draw_society
from plurigrid_ff.society_results import AgentReport, EdgeMeasure, EdgeReport, SocietyReport


def make_society(agents=4, discords=(0.1, 0.4), excluded=None):
    names = [f"agent-{index}" for index in range(agents)]
    pairs = list(pairwise(names))
    return SocietyReport(
        graph="path",
        shards="iid",
        start="different",
        best=names[0],
        agents=tuple(
            AgentReport(
                name=name,
                samples=90,
                classes=("zero", "one"),
                validation_accuracy=0.9,
                test_accuracy=None if name == excluded else 0.875,
                excluded="its weights are not finite" if name == excluded else None,
            )
            for name in names
        ),
        edges=tuple(
            EdgeReport(
                between=pair,
                measures=(
                    EdgeMeasure(name="discord", rounds=(1, 2), values=(0.9, discords[place])),
                )
                if place < len(discords)
                else (),
            )
            for place, pair in enumerate(pairs)
        ),
    )


def line_widths(svg):
    """Widths of the lines between agents, in the order of the edges."""
    return [
        float(width) for width in re.findall(r"stroke-width: ([\d.]+)[^\"]*stroke-linecap", svg)
    ]


def test_an_edge_is_the_thicker_the_more_its_agents_disagree():
    drawing = draw_society(make_society(agents=3, discords=(0.1, 0.4)))

    thin, thick = line_widths(drawing.svg)
    assert thick > thin
    assert "0.1 to 0.4" in drawing.note


def test_agents_are_named_with_what_they_came_to():
    drawing = draw_society(make_society(excluded="agent-2"))

    assert "agent-0 87.5" in drawing.svg.replace("\N{NO-BREAK SPACE}", " ")
    assert "excluded" in drawing.note
    assert "excluded" not in draw_society(make_society()).note


def test_too_many_agents_are_not_drawn_and_the_tables_have_them():
    drawing = draw_society(make_society(agents=65))

    assert drawing.svg is None
    assert "65 agents and 64 edges are too many to draw" in drawing.note
    assert len(agents_table(make_society(agents=65)).rows) == 65


def test_the_most_discordant_edges_are_drawn_over_the_rounds():
    chart = discord_chart(make_society(agents=12, discords=[n / 10 for n in range(11)]))

    assert [line.y[-1] for line in chart.series] == [1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4]
    assert chart.note.startswith("The 7 of 11 edges")
    assert discord_chart(make_society(discords=())) is None


def test_numbers_that_belong_together_share_a_chart():
    rounds = [
        {"role": "coordinator", "round": 1, "summary": {"rate": {"measured": 0.5, "note": "x"}}},
        {"role": "coordinator", "round": 2, "summary": {"rate": {"measured": 0.4, "bound": 0.6}}},
        {"role": "coordinator", "round": 3, "summary": {"rate": 7}},
        {"role": "generator", "round": 3, "summary": {"rate": {"measured": 0.1}}},
    ]

    (chart,) = grouped_curves(rounds)

    assert chart.title == "Coordinator: rate"
    lines = {line.name: (line.x, line.y) for line in chart.series}
    assert lines == {"measured": ((1.0, 2.0), (0.5, 0.4)), "bound": ((2.0,), (0.6,))}


@pytest.mark.parametrize("excluded", [None, "agent-1"])
def test_the_page_tells_of_the_society(report, excluded):
    told = report.model_copy(update={"society": make_society(excluded=excluded)})

    page = render_page(told, [])

    assert "<h2>Society</h2>" in page
    assert ("its weights are not finite" in page) == (excluded is not None)
    assert "<h2>Society</h2>" not in render_page(report, [])
