import torch
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.learning.goodness import mean_of_squares, projected, sum_of_squares


def test_goodness_of_a_known_row():
    h = torch.tensor([[3.0, 4.0, 0.0, 0.0]])

    assert sum_of_squares(h).item() == 25.0
    assert mean_of_squares(h).item() == 6.25
    assert projected(h, torch.tensor([[1.0, 0, 0, 0], [0, 0.5, 9, 9]])).tolist() == [[3.0, 2.0]]


@given(scale=st.floats(0.0, 64.0))
def test_sum_of_squares_grows_with_the_square_of_the_activity(scale):
    h = torch.linspace(0.0, 1.0, 12).reshape(3, 4)

    torch.testing.assert_close(sum_of_squares(scale * h), scale**2 * sum_of_squares(h))


@given(seed=st.integers(0, 2**16))
def test_goodness_is_non_negative_and_blind_to_the_order_of_units(seed):
    generator = torch.Generator().manual_seed(seed)
    h = torch.randn(5, 8, generator=generator)
    order = torch.randperm(8, generator=generator)

    assert (mean_of_squares(h) >= 0).all()
    torch.testing.assert_close(mean_of_squares(h[:, order]), mean_of_squares(h))
