import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.learning.negatives import wrong_labels


@given(
    num_classes=st.integers(2, 20),
    key=st.integers(0, 2**64 - 1),
    labels=st.lists(st.integers(0, 19), min_size=1, max_size=100),
)
def test_a_negative_never_carries_the_true_label(num_classes, key, labels):
    y = torch.tensor(labels) % num_classes

    wrong = wrong_labels(y, num_classes, key=key, sample_ids=torch.arange(len(y)))

    assert (wrong != y).all()
    assert wrong.min() >= 0
    assert wrong.max() < num_classes


def test_every_wrong_label_is_equally_likely():
    y = torch.full((90_000,), 4)

    wrong = wrong_labels(y, 10, key=11, sample_ids=torch.arange(len(y)))

    counts = torch.bincount(wrong, minlength=10).double()
    assert counts[4] == 0
    others = counts[counts > 0]
    assert ((others - 10_000).square() / 10_000).sum() < 26.1  # 8 degrees of freedom, p = .001


def test_a_draw_belongs_to_the_sample_and_not_to_its_place_in_the_batch():
    y, ids = torch.tensor([0, 1, 2, 3]), torch.tensor([10, 20, 30, 40])
    order = torch.tensor([2, 0, 3, 1])

    plain = wrong_labels(y, 5, key=1, sample_ids=ids)
    reordered = wrong_labels(y[order], 5, key=1, sample_ids=ids[order])

    assert torch.equal(plain[order], reordered)


def test_one_class_has_no_wrong_label():
    with pytest.raises(ValueError, match="at least 2 classes, got 1"):
        wrong_labels(torch.zeros(3, dtype=torch.int64), 1, key=0, sample_ids=torch.arange(3))
