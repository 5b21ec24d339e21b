import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from plurigrid_ff_persistent_homology.probes import choose_probes, count_blocks, too_few

labelled = st.lists(st.integers(0, 4), min_size=1, max_size=80).map(
    lambda labels: np.array(labels, dtype=np.int64)
)


@given(labels=labelled, count=st.integers(1, 90), key=st.integers(0, 2**64 - 1))
def test_choice_is_as_even_as_the_classes_allow(labels, count, key):
    chosen = choose_probes(labels, count=count, key=key)

    assert len(chosen) == min(count, len(labels))
    assert (np.diff(chosen) > 0).all()
    offered, taken = np.bincount(labels, minlength=5), np.bincount(labels[chosen], minlength=5)
    short = taken < offered  # classes that could have given more
    if short.any():
        assert taken[short].min() >= taken.max() - 1


def test_another_key_chooses_other_probes():
    labels = np.arange(100) % 2

    first, second = (choose_probes(labels, count=20, key=key) for key in (1, 2))

    assert set(first) != set(second)


def test_blocks_are_as_many_as_keep_their_classes_filled():
    assert count_blocks(np.arange(500) % 10) == 10
    assert count_blocks(np.arange(360) % 10) == 7
    assert count_blocks(np.arange(144) % 10) == 5


def test_enough_probes_are_no_reason_to_abstain():
    assert too_few(np.arange(100) % 10, least=50) is None


def test_one_class_cannot_be_mixed():
    assert "at least 2" in too_few(np.zeros(100, np.int64), least=50)


def test_many_classes_take_more_probes_than_the_minimum():
    assert too_few(np.arange(99) % 10, least=50).endswith("takes at least 100")
    assert too_few(np.arange(49) % 2, least=50).endswith("takes at least 50")
