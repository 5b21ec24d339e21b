import numpy as np
import pytest
from coloraide import Color

from plurigrid_ff.colors.gamut import srgb_of
from plurigrid_ff.colors.spaces import oklab_from_srgb
from plurigrid_ff.colors.vision import DEFICIENCIES, least_distance, simulate, views


@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_a_deficiency_is_simulated_as_coloraide_does(deficiency):
    for rgb in np.random.default_rng(1).uniform(size=(30, 3)):
        theirs = Color("srgb", list(rgb)).filter(deficiency, method="machado").clip()

        np.testing.assert_allclose(
            simulate(rgb, deficiency), theirs.convert("srgb").coords(), atol=1e-9
        )


def test_red_and_green_part_for_most_eyes_and_hardly_for_deutan_ones():
    pair = srgb_of(["#AA4400", "#557700"])

    assert least_distance(pair) > 0.15
    assert least_distance(pair, for_all=True) < 0.06


def test_views_begin_with_full_colour_vision():
    rgb = srgb_of(["#336699", "#CC0000"])

    np.testing.assert_allclose(views(rgb)[0], oklab_from_srgb(rgb))
    assert views(rgb).shape == (4, 2, 3)


def test_one_colour_is_infinitely_far_from_the_others():
    assert least_distance(srgb_of(["#336699"])) == np.inf
