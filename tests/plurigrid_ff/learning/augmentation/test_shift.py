import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.learning.augmentation.shift import draw_shifts, flip, shift


def rolled(image, down, right):
    """Roll with numpy, then clear what came round."""
    height, width = image.shape[-2:]
    moved = np.roll(image, (down, right), axis=(-2, -1))
    rows, columns = np.arange(height) - down, np.arange(width) - right
    inside = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))
    return np.where(inside, moved, 0.0)


@given(
    down=st.lists(st.integers(-3, 3), min_size=1, max_size=4),
    channels=st.integers(1, 3),
    seed=st.integers(0, 2**16),
)
def test_a_shift_is_a_roll_with_zeros(down, channels, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(len(down), channels, 4, 6)).astype(np.float32)
    right = rng.integers(-5, 6, len(down))

    found = shift(torch.from_numpy(x), torch.tensor(down), torch.from_numpy(right), reach=(3, 5))

    for image, a, b, result in zip(x, down, right, found, strict=True):
        np.testing.assert_array_equal(result.numpy(), rolled(image, a, b))


def test_shifts_are_all_equally_likely():
    drawn = draw_shifts(5, torch.arange(7000), 3)

    assert drawn.shape == (7000, 2)
    counts = torch.bincount((drawn + 3).flatten(), minlength=7)
    assert counts.tolist() == pytest.approx([2000] * 7, rel=0.1)


def test_only_the_chosen_are_mirrored():
    x = torch.arange(12.0).reshape(2, 1, 2, 3)

    found = flip(x, torch.tensor([True, False]))

    assert found[0, 0].tolist() == [[2, 1, 0], [5, 4, 3]]
    assert torch.equal(found[1], x[1])
