import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plurigrid_ff.config import DataConfig
from plurigrid_ff.data.source import Samples, Source
from plurigrid_ff.data.splits import hold_out, split_source
from plurigrid_ff.errors import DataError

quickly = settings(deadline=None, max_examples=60)
SIZES = st.lists(st.integers(3, 30), min_size=2, max_size=5)
SHARES = st.floats(0.01, 0.99)
SEEDS = st.integers(0, 2**63 - 1)


def source_of(sizes, *, test=None):
    """A source whose only feature is the number of the sample."""
    y = np.repeat(np.arange(len(sizes)), sizes)
    y = y[np.random.default_rng(0).permutation(len(y))]
    x = np.arange(len(y), dtype=np.float32)[:, None]
    return Source("source", Samples(x, y), test, tuple(f"class {i}" for i in range(len(sizes))))


def numbers(split):
    return split.x[:, 0].astype(int).tolist()


@quickly
@given(sizes=SIZES, test=SHARES, validation=SHARES, seed=SEEDS)
def test_splits_are_disjoint_and_cover_every_sample(sizes, test, validation, seed):
    config = DataConfig(test_fraction=test, validation_fraction=validation)

    parts = split_source(source_of(sizes), config, seed=seed)

    assert sorted(itertools.chain.from_iterable(map(numbers, parts))) == list(range(sum(sizes)))


@quickly
@given(sizes=SIZES, test=SHARES, validation=SHARES, seed=SEEDS)
def test_every_sample_keeps_its_class(sizes, test, validation, seed):
    source = source_of(sizes)
    config = DataConfig(test_fraction=test, validation_fraction=validation)

    parts = split_source(source, config, seed=seed)

    for part in parts:
        assert part.y.tolist() == source.train.y[numbers(part)].tolist()


@quickly
@given(sizes=SIZES, test=SHARES, validation=SHARES, seed=SEEDS)
def test_every_class_gives_its_share_and_at_least_one_sample(sizes, test, validation, seed):
    config = DataConfig(test_fraction=test, validation_fraction=validation)

    train, held, tested = split_source(source_of(sizes), config, seed=seed)

    for label, size in enumerate(sizes):
        of_train, of_held, of_test = (
            int((part.y == label).sum()) for part in (train, held, tested)
        )
        assert min(of_train, of_held, of_test) >= 1
        assert of_test in {1, size - 2} or abs(of_test - size * test) <= 0.5
        rest = size - of_test
        assert of_held in {1, rest - 1} or abs(of_held - rest * validation) <= 0.5


@quickly
@given(sizes=SIZES, seeds=st.tuples(SEEDS, SEEDS))
def test_the_test_split_does_not_depend_on_the_seed(sizes, seeds):
    source = source_of(sizes)

    first, second = (split_source(source, DataConfig(), seed=seed)[2] for seed in seeds)

    assert numbers(first) == numbers(second)


def test_the_validation_split_depends_on_the_seed():
    source = source_of([50, 50])

    first, second = (split_source(source, DataConfig(), seed=seed)[1] for seed in (0, 1))

    assert numbers(first) != numbers(second)


def test_the_same_seed_gives_the_same_splits():
    source = source_of([50, 50])

    first, second = (split_source(source, DataConfig(), seed=7) for _ in range(2))

    assert [*map(numbers, first)] == [*map(numbers, second)]


def test_samples_stay_in_the_order_of_the_source():
    for part in split_source(source_of([20, 30]), DataConfig(), seed=0):
        assert numbers(part) == sorted(numbers(part))


def test_a_larger_share_holds_out_the_same_samples_and_more():
    y = np.repeat([0, 1], 50)

    small, large = (hold_out(y, share, key=3) for share in (0.1, 0.3))

    assert (small.sum(), large.sum()) == (10, 30)
    assert (small <= large).all()


def test_held_out_samples_are_spread_over_the_class():
    held = hold_out(np.repeat([0, 1], 1000), 0.5, key=11)

    assert 200 < held[:500].sum() < 300


def test_a_test_split_of_the_source_is_left_whole():
    test = Samples(np.array([[100.0], [101.0]], np.float32), np.array([1, 0]))

    train, validation, tested = split_source(source_of([10, 10], test=test), DataConfig(), seed=0)

    assert numbers(tested) == [100, 101]
    assert len(train) + len(validation) == 20


def test_a_class_too_small_for_three_splits_is_named_with_its_size():
    with pytest.raises(DataError, match="class 'class 1' needs at least 3 samples.*, got 2"):
        split_source(source_of([5, 2]), DataConfig(), seed=0)


def test_a_class_too_small_for_two_splits_is_named_with_its_size():
    test = Samples(np.zeros((2, 1), np.float32), np.array([1, 0]))

    with pytest.raises(DataError, match="class 'class 0' needs at least 2 samples.*, got 1"):
        split_source(source_of([1, 5], test=test), DataConfig(), seed=0)


def test_a_class_that_the_test_split_lacks_is_named():
    test = Samples(np.zeros((2, 1), np.float32), np.array([0, 0]))

    with pytest.raises(DataError, match="class 'class 1' needs at least 1 .*test split.*, got 0"):
        split_source(source_of([5, 5], test=test), DataConfig(), seed=0)
