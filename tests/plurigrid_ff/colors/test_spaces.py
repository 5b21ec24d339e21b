import numpy as np
import pytest
from coloraide import Color
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.colors.gamut import fit_chroma, hex_of, in_gamut, srgb_from_oklch, srgb_of
from plurigrid_ff.colors.spaces import (
    decode_srgb,
    distances,
    encode_srgb,
    oklab_from_oklch,
    oklab_from_srgb,
    oklch_from_oklab,
    srgb_from_oklab,
)

RGB = np.random.default_rng(0).uniform(size=(60, 3))
parts = st.floats(0, 1)


def test_oklab_and_oklch_are_those_of_coloraide():
    lab = oklab_from_srgb(RGB)
    lch = oklch_from_oklab(lab)

    for rgb, ours, polar in zip(RGB, lab, lch, strict=True):
        theirs = Color("srgb", list(rgb))
        np.testing.assert_allclose(ours, theirs.convert("oklab").coords(), atol=1e-9)
        np.testing.assert_allclose(polar, theirs.convert("oklch").coords(), atol=1e-6)


def test_the_srgb_transfer_is_that_of_coloraide_on_both_pieces():
    levels = np.array([0, 0.001, 0.0031308, 0.04045, 0.2, 1.0])
    theirs = [Color("srgb", [x, x, x]).convert("srgb-linear").coords()[0] for x in levels]

    np.testing.assert_allclose(decode_srgb(levels), theirs, atol=1e-12)


def test_grey_survives_the_way_through_oklch():
    lch = oklch_from_oklab(oklab_from_srgb(srgb_of("#808080")))

    assert hex_of(srgb_from_oklch(lch)) == "#808080"  # without the transfer: #373737


@given(rgb=st.tuples(parts, parts, parts))
def test_every_way_there_has_a_way_back(rgb):
    lab = oklab_from_srgb(rgb)

    np.testing.assert_allclose(srgb_from_oklab(lab), rgb, atol=1e-7)
    np.testing.assert_allclose(oklab_from_oklch(oklch_from_oklab(lab)), lab, atol=1e-12)
    np.testing.assert_allclose(encode_srgb(decode_srgb(rgb)), rgb, atol=1e-12)


@given(
    lightness=st.floats(-0.2, 1.2),
    chroma=st.floats(0, 0.5),
    hue=st.floats(0, 360),
)
def test_mapping_into_the_gamut_keeps_lightness_and_hue(lightness, chroma, hue):
    mapped = fit_chroma([lightness, chroma, hue])

    assert in_gamut(srgb_from_oklab(oklab_from_oklch(mapped)))
    assert mapped[0] == min(max(lightness, 0), 1)
    assert mapped[1] <= chroma
    assert mapped[2] == hue


def test_mapping_gives_up_no_more_chroma_than_coloraide():
    for lch in ([0.7, 0.4, 30], [0.5, 0.35, 140], [0.9, 0.3, 260], [0.3, 0.3, 90]):
        theirs = Color("oklch", lch).fit("srgb", method="oklch-chroma", jnd=0).convert("oklch")

        np.testing.assert_allclose(fit_chroma(lch)[1], theirs["chroma"], atol=2e-3)


def test_what_is_in_the_gamut_is_left_alone():
    lch = oklch_from_oklab(oklab_from_srgb(RGB))

    np.testing.assert_array_equal(fit_chroma(lch), lch)


def test_distances_are_euclidean_and_of_every_pair():
    ends = oklab_from_srgb(srgb_of(["#000000", "#FFFFFF"]))

    np.testing.assert_allclose(distances(ends, ends), [[0, 1], [1, 0]], atol=1e-6)


@pytest.mark.parametrize("text", ["#12345", "#12345G", "teal", ""])
def test_only_six_hexadecimal_digits_are_read(text):
    with pytest.raises(ValueError, match="expected a colour as #RRGGBB"):
        srgb_of(text)


@given(st.binary(min_size=3, max_size=3))
def test_hex_is_read_as_it_is_written(raw):
    text = f"#{raw.hex().upper()}"

    assert hex_of(srgb_of(text)) == text
