import pytest
import torch

from plurigrid_ff.learning.augmentation.erase import draw_rectangles, draw_runs, within
from plurigrid_ff.learning.draws import draw_rows


def test_runs_are_where_they_start_and_as_long_as_they_are():
    marked = within(torch.tensor([1, 0, 3]), torch.tensor([2, 0, 1]), 4)

    assert marked.int().tolist() == [[0, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 1]]


def test_rectangles_are_rectangles_of_at_most_the_share():
    drawn = draw_rows(3, torch.arange(500), 4)

    marked = draw_rectangles(drawn, 0.25, 12, 20)

    rows, columns = marked.any(dim=2), marked.any(dim=1)
    assert torch.equal(marked, rows.unsqueeze(2) & columns.unsqueeze(1))
    assert marked.flatten(1).double().mean(dim=1).max() <= 0.25
    assert marked.double().mean() > 0.06  # half of the share, less what rounding takes
    touched = marked.any(dim=0)
    assert touched.all()


def test_runs_of_every_length_up_to_the_most_are_equally_likely():
    drawn = draw_rows(3, torch.arange(8000), 2)

    marked = draw_runs(drawn, 3, 10)

    lengths = marked.sum(dim=1)
    assert torch.bincount(lengths).tolist() == pytest.approx([2000] * 4, rel=0.1)
    assert marked.any(dim=0).all()


def test_a_run_may_take_it_all():
    assert draw_runs(torch.tensor([[0.999, 0.999]]), 4, 4).all()
