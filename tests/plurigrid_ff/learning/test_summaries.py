import pytest
import torch

from plurigrid_ff.learning.summaries import Summary


def drawn(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("shape", [(5,), (2, 6), (2, 7), (3, 4, 6), (3, 7, 5), (2, 1, 3)])
@pytest.mark.parametrize("grid", [0, 1, 2, 3, 8])
def test_the_pullback_is_autograds(shape, grid):
    summary = Summary(shape, grid)
    h = drawn(4, *shape).requires_grad_()
    read = summary(h)
    gradient = drawn(*read.shape, seed=1)

    (expected,) = torch.autograd.grad(read, h, gradient)

    assert read.shape == (4, summary.features)
    torch.testing.assert_close(summary.pull(gradient, h.detach()), expected)


def test_one_cell_is_the_mean_over_the_map():
    h = drawn(2, 3, 4, 5)

    torch.testing.assert_close(Summary((3, 4, 5), 1)(h), h.mean(dim=(2, 3)))


def test_cells_average_their_own_part_of_the_map():
    h = torch.arange(16.0).reshape(1, 1, 4, 4)

    assert Summary((1, 4, 4), 2)(h).tolist() == [[2.5, 4.5, 10.5, 12.5]]


def test_without_a_grid_every_channel_is_a_run_of_numbers():
    h = drawn(2, 3, 2, 2)

    torch.testing.assert_close(Summary((3, 2, 2))(h)[:, 4:8], h[:, 1].flatten(1))
