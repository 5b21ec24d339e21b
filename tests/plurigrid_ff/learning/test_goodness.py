import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.learning.entmax import entmax
from plurigrid_ff.learning.goodness import (
    GOODNESS,
    find_goodness,
    mean_of_squares,
    projected,
    sum_of_squares,
)


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


@pytest.mark.parametrize("name", sorted(GOODNESS))
@given(seed=st.integers(0, 2**16), features=st.integers(1, 12))
def test_every_pullback_is_autograds_of_the_score(name, seed, features):
    generator = torch.Generator().manual_seed(seed)
    h = torch.randn(4, features, generator=generator, dtype=torch.float64).relu().requires_grad_()
    dg = torch.randn(4, generator=generator, dtype=torch.float64)
    goodness = find_goodness(name, share=0.3)

    (expected,) = torch.autograd.grad(goodness.score(h), h, dg)

    torch.testing.assert_close(goodness.pull(dg, h.detach()), expected, rtol=1e-10, atol=1e-10)


def test_top_k_averages_the_largest_squares():
    h = torch.tensor([[1.0, 3.0, 0.0, 2.0]])
    top = find_goodness("top-k", share=0.5)

    assert top.score(h).item() == (9 + 4) / 2
    assert top.pull(torch.ones(1), h).tolist() == [[0, 3, 0, 2]]


@given(seed=st.integers(0, 2**16), scale=st.floats(0.01, 50))
def test_entmax_weights_are_the_solution_of_their_equation(seed, scale):
    generator = torch.Generator().manual_seed(seed)
    z = scale * torch.randn(3, 9, generator=generator, dtype=torch.float64)

    p = entmax(z)

    torch.testing.assert_close(p.sum(dim=1), torch.ones(3, dtype=torch.float64))
    for row, weights in zip(z, p, strict=True):
        inside = weights > 0
        tau = row[inside] / 2 - weights[inside].sqrt()  # p = (z / 2 - tau)^2 on the support
        assert tau.max() - tau.min() < 1e-6 * scale
        assert (row[~inside] / 2 <= tau.max() + 1e-6 * scale).all()


def test_entmax_of_equals_is_uniform_and_of_a_clear_winner_is_one():
    torch.testing.assert_close(entmax(torch.zeros(1, 4)), torch.full((1, 4), 0.25))
    assert entmax(torch.tensor([[9.0, 0.0, 1.0]])).tolist() == [[1, 0, 0]]
