import math

import pytest
import torch

from plurigrid_ff.learning.augmentation.warp import LATTICE, draw_warp, warp


def image(height, width, channels=2):
    return torch.rand(3, channels, height, width, generator=torch.Generator().manual_seed(0))


def degrees(*angles):
    return torch.tensor([math.radians(angle) for angle in angles])


@pytest.mark.parametrize("side", [5, 6])
def test_quarter_turns_are_those_of_rot90(side):
    x = image(side, side)

    found = warp(x, degrees(90, 180, -90), torch.ones(3))

    for result, sample, turns in zip(found, x, (1, 2, 3), strict=True):
        torch.testing.assert_close(result, torch.rot90(sample, turns, (1, 2)), atol=1e-5, rtol=0)


def test_half_a_turn_of_an_oblong_keeps_its_shape():
    x = image(4, 7)

    found = warp(x, degrees(180, 180, 180), torch.ones(3))

    torch.testing.assert_close(found, x.flip(2, 3), atol=1e-5, rtol=0)


def test_an_oblong_is_turned_without_being_sheared():
    x = torch.zeros(1, 1, 5, 9)
    x[0, 0, 2, 4:7] = 1.0  # from the centre two pixels to the right

    found = warp(x, degrees(90), torch.ones(1))

    assert found[0, 0, :, 4].tolist() == pytest.approx([1, 1, 1, 0, 0], abs=1e-5)
    assert found.sum().item() == pytest.approx(3, abs=1e-5)


def test_nothing_asked_is_nothing_done():
    x = image(6, 8)

    found = warp(x, torch.zeros(3), torch.ones(3), torch.zeros(3, 2, LATTICE, LATTICE))

    torch.testing.assert_close(found, x, atol=1e-5, rtol=0)


def test_a_doubled_image_is_its_own_middle():
    x = torch.zeros(1, 1, 8, 8)
    x[0, 0, 2:6, 2:6] = 1.0

    found = warp(x, torch.zeros(1), torch.full((1,), 2.0))

    assert found[0, 0, 1:7, 1:7].min() == 1.0
    assert found.mean() > 0.8


def test_control_points_that_move_together_shift_the_image():
    x = image(6, 6)
    bends = torch.zeros(3, 2, LATTICE, LATTICE)
    bends[:, 0] = 1.0  # each pixel comes from one to the right

    found = warp(x, torch.zeros(3), torch.ones(3), bends)

    torch.testing.assert_close(found[..., :-1], x[..., 1:], atol=1e-4, rtol=0)


def test_draws_stay_within_what_was_asked():
    drawn = torch.tensor([[-1.0, 1.0, *[0.5] * (2 * LATTICE**2)]])

    angles, scales, bends = draw_warp(drawn, rotate=30, scale=0.25, elastic=2.0)

    assert math.degrees(angles.item()) == pytest.approx(-30)
    assert scales.item() == 1.25
    assert bends.unique().item() == 1.0
    assert draw_warp(drawn, 30, 0.25, 0.0)[2] is None
