import math

import pytest

from plurigrid_ff.report.wording import (
    NOTHING,
    clean,
    describe_readout,
    display_width,
    finite,
    format_number,
    format_seconds,
    format_share,
    shorten,
    wilson_interval,
)
from plurigrid_ff.results import ReadoutLayers


def span(first, last, *, validated=False):
    return ReadoutLayers(first=first, last=last, validated=validated)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "goodness, summed over all layers"),
        ({"readout_layers": span(1, 3)}, "goodness, summed over all layers"),
        ({"readout_layers": span(2, 3)}, "goodness, summed over layers 2 to 3"),
        (
            {"readout_layers": span(2, 2, validated=True)},
            "goodness, summed over layer 2 alone, chosen on the validation samples",
        ),
        (
            {"readout": "head", "readout_layers": span(3, 3)},
            "a softmax head on the last layer; a layer's goodness is the score of its own head",
        ),
    ],
)
def test_a_read_out_is_told_with_its_layers(make, changes, words):
    assert describe_readout(make.report(num_layers=3, **changes)) == words


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, NOTHING),
        (0, "0"),
        (1356, "1,356"),
        (-3, "\N{MINUS SIGN}3"),
        (0.81249, "0.8125"),
        (2.0, "2"),
        (123456.7, "123,457"),
        (1e-7, "1e\N{MINUS SIGN}07"),
        (10**400, "not a number that fits here"),
    ],
)
def test_a_number_is_written_in_four_significant_digits(value, written):
    assert format_number(value) == written


@pytest.mark.parametrize(
    ("share", "written"), [(0.9, "90 %"), (0.97222, "97.22 %"), (1.0, "100 %"), (None, NOTHING)]
)
def test_a_share_is_written_as_a_percentage(share, written):
    assert format_share(share).replace("\N{NO-BREAK SPACE}", " ") == written


@pytest.mark.parametrize(
    ("seconds", "written"), [(48.27, "48.27 s"), (150, "2 min 30 s"), (7322, "2 h 2 min")]
)
def test_a_duration_is_written_in_its_natural_unit(seconds, written):
    assert format_seconds(seconds) == written


@pytest.mark.parametrize("value", [math.nan, math.inf, 10**400, "1", None, True, [1]])
def test_what_is_not_a_finite_number_is_no_number(value):
    assert finite(value) is None


def test_characters_that_a_page_cannot_carry_are_replaced():
    assert clean("a\x00b\x1bc\ud800d\te") == "a\ufffdb\ufffdc\ufffdd\te"


def test_a_long_name_is_cut_to_the_columns_it_may_take():
    assert shorten("a short name", 12) == "a short name"
    assert shorten("x" * 10_000, 12) == "x" * 11 + "…"
    assert display_width(shorten("中文名字" * 9, 12)) <= 12


def test_line_breaks_in_a_name_become_spaces():
    assert shorten("two\n lines", 40) == "two lines"


def test_wilson_interval_agrees_with_a_published_example():
    # Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I,
    # method 3: 81 of 263.
    low, high = wilson_interval(81 / 263, 263)
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)


def test_wilson_interval_stays_within_0_and_1():
    assert wilson_interval(1.0, 5)[1] == 1.0
    assert wilson_interval(0.0, 5)[0] == 0.0
