import xml.etree.ElementTree as ET

import pytest

from plurigrid_ff.report.layers import draw_accuracy, draw_goodness
from plurigrid_ff.results import Histogram, LayerReport

SVG = "{http://www.w3.org/2000/svg}"


def make_layer(index=0, **changes):
    values = {
        "index": index,
        "kind": "linear",
        "in_shape": (64,),
        "out_shape": (32,),
        "objective": "threshold",
        "updates": 10,
        "accuracy": 0.875,
        "goodness_positive": 2.5,
        "goodness_negative": 0.5,
        "dead_units": 1,
        "goodness": Histogram(edges=(0, 1, 2), positive=(1, 9), negative=(8, 2)),
    }
    return LayerReport(**(values | changes))


def texts(svg):
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}text")]


def test_each_bar_carries_its_layer_and_its_number():
    drawing = draw_accuracy([make_layer(0), make_layer(1, accuracy=0.9)], 10)

    shown = " ".join(texts(drawing.svg)).replace("\N{NO-BREAK SPACE}", " ")
    assert "1 · linear 64 → 32" in shown
    assert "87.5 %" in shown
    assert "90 %" in shown


def test_chance_is_drawn_and_explained():
    note = draw_accuracy([make_layer()], 4).note.replace("\N{NO-BREAK SPACE}", " ")
    assert note == "Dashed: guessing one of 4 classes, 25 %."


def test_without_classes_there_is_no_chance():
    assert draw_accuracy([make_layer()], 0).note == ""


def test_many_layers_stand_side_by_side():
    drawing = draw_accuracy([make_layer(index) for index in range(64)], 10)
    assert "Layer" in texts(drawing.svg)
    assert "layer 64: 87.5" in drawing.svg


def test_no_layers_is_said_in_words():
    assert draw_accuracy([], 10).svg is None


def test_a_panel_shows_positives_and_dashed_negatives():
    (panel,) = draw_goodness([make_layer()])

    assert panel.title == "Layer 1"
    assert "var(--blue)" in panel.svg
    assert "var(--vermillion)" in panel.svg
    assert "stroke-dasharray" in panel.svg
    assert "positives with mean 2.5, negatives with mean 0.5" in panel.svg


def test_panels_stop_before_the_page_bursts(monkeypatch):
    monkeypatch.setattr("plurigrid_ff.report.layers.MAX_PANELS", 3)

    panels = draw_goodness([make_layer(index) for index in range(9)])

    assert [panel.title for panel in panels] == ["Layer 1", "Layer 5", "Layer 9"]


@pytest.mark.parametrize(
    "histogram",
    [
        Histogram(edges=(), positive=(), negative=()),
        Histogram(edges=(0, 1), positive=(1, 2), negative=(1, 2)),
        Histogram(edges=(0, 1), positive=(1,), negative=()),
        Histogram(edges=(2, 1), positive=(1,), negative=(1,)),
        Histogram(edges=(0, 1e300), positive=(1,), negative=(1,)),
    ],
)
def test_a_histogram_that_cannot_be_drawn_is_named(histogram):
    (panel,) = draw_goodness([make_layer(goodness=histogram)])
    assert panel.svg is None
    assert panel.note


def test_a_histogram_of_one_value_is_drawn():
    histogram = Histogram(edges=(1, 1), positive=(5,), negative=(0,))
    (panel,) = draw_goodness([make_layer(goodness=histogram)])
    assert panel.svg
