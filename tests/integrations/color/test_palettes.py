import itertools
import struct
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from coloraide import Color
from plurigrid_ff_color.contrast import contrast
from plurigrid_ff_color.exports import export_palette
from plurigrid_ff_color.notation import ColorError
from plurigrid_ff_color.palettes import HARMONIES, make_palette
from plurigrid_ff_color.preference import PreferenceModel
from plurigrid_ff_color.spread import spread_out
from plurigrid_ff_color.swatches import draw_svg, readable_on, terminal_swatches

from plurigrid_ff.colors.gamut import srgb_of
from plurigrid_ff.colors.messages import PaletteRequest
from plurigrid_ff.colors.vision import least_distance

KINDS = ("distinct", *HARMONIES)
PALETTE = make_palette(PaletteRequest(count=3, seed=1))


def test_contrast_is_that_of_coloraide():
    rng = np.random.default_rng(0)
    for one, two in rng.uniform(size=(20, 2, 3)):
        theirs = Color("srgb", list(one)).contrast(Color("srgb", list(two)), method="wcag21")
        assert contrast(one, two) == pytest.approx(theirs, rel=1e-3)
    assert contrast([0, 0, 0], [1, 1, 1]) == pytest.approx(21)


@pytest.mark.parametrize("seed", range(10))
def test_colours_spread_out_nearly_as_well_as_the_best_choice(seed):
    points = np.random.default_rng(seed).uniform(size=(1, 8, 3))
    chosen = spread_out([points] * 3)

    def least(indices):
        return min(
            np.linalg.norm(points[0, a] - points[0, b])
            for a, b in itertools.combinations(indices, 2)
        )

    best = max(map(least, itertools.combinations(range(8), 3)))
    assert best / 2 <= least(chosen) <= best  # farthest point first is never worse than half


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_palette_says_of_itself_is_true(kind):
    request = PaletteRequest(kind=kind, count=4, seed=2, background="#FFFFFF", contrast=4.5)
    palette = make_palette(request)
    rgb = srgb_of(palette.colors)

    assert len(set(palette.colors)) == 4
    assert min(palette.contrasts) >= 4.5
    assert palette.least_distance == pytest.approx(least_distance(rgb), abs=1e-4)
    assert make_palette(request) == palette


@pytest.mark.parametrize(
    ("kind", "turns"), [("complementary", {0, 180}), ("tetradic", {0, 90, 180, 270})]
)
def test_a_harmony_has_its_hues_and_begins_with_its_base(kind, turns):
    palette = make_palette(PaletteRequest(kind=kind, count=4, base="#B05A3C", background="#FFFFFF"))
    hues = [Color(color).convert("oklch")["hue"] for color in palette.colors]
    found = {round((hue - hues[0]) / 30) * 30 % 360 for hue in hues}

    assert palette.colors[0] == "#B05A3C"
    assert found == turns


def test_a_palette_for_all_eyes_parts_better_for_them():
    plain, safe = (
        make_palette(PaletteRequest(count=6, color_blind_safe=safe)) for safe in (False, True)
    )

    assert safe.least_distance_for_all > 1.3 * plain.least_distance_for_all


def test_a_liked_palette_is_made_of_what_is_rated_best():
    model = PreferenceModel()
    for blue, red in (("navy", "red"), ("steelblue", "orange"), ("teal", "hotpink")):
        model.like(blue)
        model.dislike(red)
    request = PaletteRequest(count=4, keep=0.2)

    liked = model.rate(make_palette(request, model).colors)
    others = model.rate(make_palette(request).colors)

    assert min(r.score for r in liked) > np.mean([r.score for r in others])


def test_a_contrast_that_no_colour_has_is_refused_with_the_highest():
    with pytest.raises(ColorError, match=r"contrast of 7 with #777777: the highest is 4\.69"):
        make_palette(PaletteRequest(background="#777777", contrast=7))


def test_css_names_every_colour(tmp_path):
    export_palette(PALETTE, tmp_path / "My Brand.css")
    lines = (tmp_path / "My Brand.css").read_text().splitlines()

    assert lines == [
        ":root {",
        *(f"  --my-brand-{place}: {color};" for place, color in enumerate(PALETTE.colors, 1)),
        "}",
    ]


def test_gpl_is_what_pillow_reads(tmp_path):
    from PIL import GimpPaletteFile

    export_palette(PALETTE, tmp_path / "p.gpl")
    with (tmp_path / "p.gpl").open("rb") as file:
        raw, _ = GimpPaletteFile.GimpPaletteFile(file).getpalette()

    assert raw[:9] == bytes.fromhex("".join(color[1:] for color in PALETTE.colors))


def test_ase_is_read_back(tmp_path):
    export_palette(PALETTE, tmp_path / "p.ase")
    data = (tmp_path / "p.ase").read_bytes()
    assert struct.unpack_from(">4sHHI", data) == (b"ASEF", 1, 0, 3)

    place, found = 12, []
    for _ in range(3):
        kind, length, letters = struct.unpack_from(">HIH", data, place)
        start = place + 8 + 2 * letters
        name = data[place + 8 : start].decode("utf-16-be")
        model, *rgb, last = struct.unpack_from(">4s3fH", data, start)
        assert (kind, model, last, name[-1]) == (1, b"RGB ", 2, "\0")
        place += 6 + length
        found.append((name[:-1], "#" + "".join(f"{round(255 * part):02X}" for part in rgb)))

    assert place == len(data)
    assert found == [(color, color) for color in PALETTE.colors]


def test_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(ColorError, match=r"known: \.css, \.gpl, \.ase, \.svg"):
        export_palette(PALETTE, tmp_path / "p.xyz")


def test_svg_shows_every_colour_and_escapes_its_title():
    root = ET.fromstring(draw_svg(PALETTE, "<&>"))
    fills = [rect.get("fill") for rect in root.iter("{http://www.w3.org/2000/svg}rect")]

    assert fills[1:] == list(PALETTE.colors)
    assert root[0].text.startswith("<&>: #")


def test_a_terminal_without_colours_still_shows_the_hex():
    assert terminal_swatches(["#008080"]).plain.strip() == "#008080"


@pytest.mark.parametrize(("color", "ink"), [("#FFFF00", "#000000"), ("#000080", "#FFFFFF")])
def test_labels_are_readable(color, ink):
    assert readable_on(color) == ink
