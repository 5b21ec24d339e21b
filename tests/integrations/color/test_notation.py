import pytest
from coloraide import Color
from hypothesis import given
from hypothesis import strategies as st
from plurigrid_ff_color.notation import ColorError, css_names, parse_color


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#E67F86", "#E67F86"),
        ("e67f86", "#E67F86"),
        ("#e78", "#EE7788"),
        (" Teal ", "#008080"),
        ("rgb(230, 127, 134)", "#E67F86"),
        ("rgb(100% 0% 20%)", "#FF0033"),
    ],
)
def test_a_notation_is_read(text, found):
    assert parse_color(text) == found


@given(st.floats(0.5, 0.8), st.floats(0, 0.05), st.floats(0, 359))
def test_oklch_is_read_as_coloraide_reads_it(lightness, chroma, hue):
    text = f"oklch({lightness:.4f} {chroma:.4f} {hue:.2f})"
    theirs = bytes.fromhex(Color(text).convert("srgb").to_string(hex=True, fit=True)[1:])
    ours = bytes.fromhex(parse_color(text)[1:])

    assert max(abs(a - b) for a, b in zip(ours, theirs, strict=True)) <= 1
    assert parse_color(f"oklch({100 * lightness:.2f}% {chroma:.4f} {hue:.2f}deg)")


def test_the_names_are_those_of_css():
    assert len(css_names()) >= 148
    assert css_names()["rebeccapurple"] == "#663399"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tael", r"unknown colour 'tael'; did you mean 'teal' \(#008080\)\?"),
        ("#12345", "unknown colour '#12345'; as in #E67F86"),
        ("hsv(1 2 3)", "unknown colour"),
        ("rgb(1 2)", r"rgb\(\) takes 3 numbers, got 2"),
        ("rgb(a 2 3)", "'a' is no number here"),
        ("oklch(0.5 0.1 20%)", "'20%' is no number here"),
        ("rgb(300 0 0)", "outside of sRGB; the nearest colour is #FF0000"),
        ("oklch(0.7 0.4 30)", "outside of sRGB; the nearest colour of its lightness and hue is #F"),
    ],
)
def test_what_cannot_be_read_is_told_with_what_could(text, message):
    with pytest.raises(ColorError, match=message):
        parse_color(text)
