import xml.etree.ElementTree as ET

import pytest

from plurigrid_ff.report.confusion import draw_confusion, most_confused

SVG = "{http://www.w3.org/2000/svg}"


def texts(svg):
    return ["".join(text.itertext()) for text in ET.fromstring(svg).iter(f"{SVG}text")]


def test_counts_and_names_are_written():
    shown = texts(draw_confusion(((31, 2), (0, 47)), ("cat", "dog")).svg)

    assert shown.count("cat") == shown.count("dog") == 2
    assert {"31", "2", "47"} <= set(shown)
    assert "0" not in shown


def test_counts_that_do_not_fit_are_left_out_and_said_to_be():
    counts = tuple(tuple(1234 if row == column else 0 for column in range(60)) for row in range(60))

    drawing = draw_confusion(counts, ())

    assert "1234" not in texts(drawing.svg)
    assert "report.json" in drawing.note


def test_of_many_classes_every_nth_is_named():
    names = tuple(f"class {index}" for index in range(100))
    counts = tuple(tuple(int(row == column) for column in range(100)) for row in range(100))

    shown = texts(draw_confusion(counts, names).svg)

    assert "class 0" in shown
    assert "class 4" in shown
    assert "class 1" not in shown


@pytest.mark.parametrize("counts", [(), ((1, 2),), ((1, 2), (3,))])
def test_what_is_no_matrix_is_not_drawn(counts):
    assert draw_confusion(counts, ()).svg is None
    assert most_confused(counts, ()) is None


def test_a_class_without_samples_is_drawn():
    assert draw_confusion(((0, 0), (0, 0)), ("a", "b")).svg


def test_a_class_without_a_name_goes_by_its_number():
    table = most_confused(((0, 3), (1, 1)), ("cat",))
    assert table.rows == (("cat", "1", 3, 100.0), ("1", "cat", 1, 50.0))


def test_pairs_are_listed_from_the_most_confused():
    counts = ((5, 1, 0), (0, 5, 3), (2, 0, 5))

    table = most_confused(counts, ("a", "b", "c"))

    assert [row[:3] for row in table.rows] == [("b", "c", 3), ("c", "a", 2), ("a", "b", 1)]
    assert table.rows[0][3] == 37.5


def test_pairs_beyond_ten_are_counted():
    counts = tuple(tuple(1 for _ in range(5)) for _ in range(5))
    assert most_confused(counts, ()).note == "10 more pairs are confused."


def test_without_mistakes_there_are_no_pairs():
    assert most_confused(((3, 0), (0, 3)), ("a", "b")) is None
