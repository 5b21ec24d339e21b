import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from plurigrid_ff.report.charts import MAX_VECTOR_POINTS, draw_chart
from plurigrid_ff.report.palette import look, swatch
from plurigrid_ff.results import Chart, Series

SVG = "{http://www.w3.org/2000/svg}"


def make_chart(kind="line", series=((1, 2, 3), (4, 1, 2)), **changes):
    values = {
        "kind": kind,
        "title": "Title",
        "x_label": "Across",
        "y_label": "Up",
        "series": (Series(name="First", x=series[0], y=series[1]),),
    }
    return Chart(**(values | changes))


def texts(svg):
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("kind", ["scatter", "line", "bar"])
def test_every_kind_of_chart_is_svg_with_its_labels(kind):
    svg = draw_chart(make_chart(kind), "key").svg

    assert {"Across", "Up"} <= set(texts(svg))
    assert 'role="img"' in svg
    assert "First: 3 points, first 4, last 2, lowest 1, highest 4." in svg


@pytest.mark.parametrize("kind", ["scatter", "line", "bar"])
def test_a_chart_takes_its_colours_from_the_page(kind):
    svg = draw_chart(make_chart(kind), "key").svg

    assert "var(--blue)" in svg
    assert "currentColor" in svg
    assert "#0072b2" not in svg
    assert "#01020" not in svg
    assert "DejaVu" not in svg


def test_names_are_shown_as_they_are_and_never_as_markup_or_mathematics():
    hostile = "<b>&$x_2$]]> \u05e9\u05dc\u05d5\u05dd \u4e2d \x00 \U0001f600"

    drawing = draw_chart(make_chart(x_label=hostile, y_label="$\\frac{", title=hostile), "key")

    shown = texts(drawing.svg)
    assert hostile.replace("\x00", "\ufffd") in shown
    assert "$\\frac{" in shown
    assert "<b>" not in drawing.svg


def test_a_label_that_looks_like_a_stand_in_is_left_alone():
    shown = texts(draw_chart(make_chart(x_label="t1xx", y_label="t0xx"), "key").svg)
    assert {"t1xx", "t0xx"} <= set(shown)


def test_ids_of_two_drawings_never_meet():
    first, second = (
        {
            element.get("id")
            for element in ET.fromstring(draw_chart(make_chart("bar"), key).svg).iter()
        }
        for key in ("one", "two")
    )
    assert first & second == {None}
    assert all(name is None or name.startswith("one-") for name in first)


def test_every_reference_inside_a_drawing_has_a_target():
    chart = make_chart("bar", series=((0, 1), (2, 3)))
    chart = chart.model_copy(update={"series": chart.series * 2})

    root = ET.fromstring(draw_chart(chart, "key").svg)

    names = {element.get("id") for element in root.iter()}
    for element in root.iter():
        for value in element.attrib.values():
            if "url(#" in value:
                assert value.split("url(#")[1].split(")")[0] in names
            if value.startswith("#key"):
                assert value[1:] in names


def test_the_same_chart_is_the_same_text():
    assert draw_chart(make_chart(), "key") == draw_chart(make_chart(), "key")


def test_users_own_matplotlib_settings_do_not_leak_in():
    import matplotlib

    plain = draw_chart(make_chart(), "key")
    with matplotlib.rc_context({"font.size": 30, "axes.grid": True, "lines.linewidth": 9}):
        assert draw_chart(make_chart(), "key") == plain


def test_the_diagonal_runs_between_equal_axes():
    chart = make_chart("scatter", diagonal=True)
    assert draw_chart(chart, "key").svg.count("stroke-dasharray") == 1


def test_whole_numbers_get_whole_ticks():
    shown = texts(draw_chart(make_chart("bar", series=((0, 1), (3.5, 2))), "key").svg)
    assert {"0", "1"} <= set(shown)


def test_a_chart_without_points_says_so():
    drawing = draw_chart(make_chart(series=((), ()), note="Why."), "key")
    assert drawing.svg is None
    assert drawing.note == "No points to draw. Why."


def test_numbers_beyond_any_axis_are_not_drawn():
    drawing = draw_chart(make_chart(series=((0, 1), (1e300, -1e300))), "key")
    assert drawing.svg is None
    assert "too large" in drawing.note


@pytest.mark.parametrize(
    "points", [((1,), (1,)), ((0, 0), (0, 0)), ((1, 2, 3), (5,)), ((-1e99,), (1e99,))]
)
@pytest.mark.parametrize("kind", ["scatter", "line", "bar"])
@pytest.mark.parametrize("diagonal", [True, False])
def test_odd_points_are_drawn_without_a_warning(kind, points, diagonal):
    assert draw_chart(make_chart(kind, series=points, diagonal=diagonal), "key").svg


def test_a_large_scatter_is_embedded_as_pixels():
    many = tuple(float(value % 97) for value in range(MAX_VECTOR_POINTS + 1))
    svg = draw_chart(make_chart("scatter", series=(many, many[::-1])), "key").svg
    assert 'href="data:image/png;base64,' in svg
    assert len(svg) < 200_000


def test_the_legend_names_each_series_beside_its_swatch():
    chart = make_chart()
    chart = chart.model_copy(update={"series": (*chart.series, Series(name=" ", x=(1,), y=(1,)))})
    ((mark, name),) = draw_chart(chart, "key").legend
    assert name == "First"
    assert "var(--blue)" in mark


def test_neighbouring_series_differ_by_more_than_colour():
    looks = [look(index) for index in range(140)]
    assert len(set(looks)) == 140
    for one, other in pairwise(looks):
        assert one.dash != other.dash
        assert one.marker != other.marker
        assert one.hatch != other.hatch


@pytest.mark.parametrize("kind", ["scatter", "line", "bar", "histogram"])
@pytest.mark.parametrize("index", range(7))
def test_every_swatch_is_xml(kind, index):
    ET.fromstring(swatch(kind, index))
