import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plurigrid_ff_persistent_homology.alarm import DriftSettings, compare_window
from plurigrid_ff_persistent_homology.clouds import distances_between
from plurigrid_ff_persistent_homology.drift import joining_scales, judge, relabelings

from plurigrid_ff.observation import Observation

NAMES = ("a", "b", "c")
CENTRES = 3 * np.eye(3, 6)


def seen(count, rng, *, classes=(0, 1, 2), noise=0.3):
    """Make a layer in which three classes lie apart, each predicted right."""
    y = rng.choice(classes, size=count)
    layer = (CENTRES[y] + noise * rng.normal(size=(count, 6))).astype(np.float32)
    goodness = np.eye(3)[y] + 0.01 * rng.random((count, 1))
    return Observation(inputs=layer, layers=(layer, np.abs(layer)), goodness=goodness)


def alarms(make_window, *, trials=20, **settings):
    found = []
    for trial in range(trials):
        rng = np.random.default_rng(trial)
        chosen = DriftSettings(relabelings=39, seed=trial, **settings)
        statistics = compare_window(seen(90, rng), make_window(rng), chosen, NAMES)
        found.append([statistic.alarm for statistic in statistics])
    return np.mean(found, axis=0)


def test_clean_windows_raise_the_alarm_no_more_often_than_stated():
    topology, goodness, labels = alarms(lambda rng: seen(40, rng), trials=60, rate=0.1)

    # Binomial(60, 0.1) is above 13 once in a thousand times.
    assert max(topology, goodness, labels) <= 13 / 60


@pytest.mark.parametrize(
    "make_window",
    [
        lambda rng: seen(40, rng, noise=0.8),
        lambda rng: seen(40, rng, classes=(0, 2)),
    ],
    ids=["noise", "a class missing"],
)
def test_the_alarm_notices_noise_and_a_missing_class(make_window):
    topology, goodness, _ = alarms(make_window)

    assert topology >= 0.9
    assert goodness <= 0.5


def test_the_alarm_says_which_class_is_missing():
    rng = np.random.default_rng(0)

    topology, *_ = compare_window(
        seen(90, rng), seen(40, rng, classes=(0, 2)), DriftSettings(relabelings=39), NAMES
    )

    assert topology.where.endswith("the reference's class 'b' is not filled")


def test_joining_scales_of_points_on_a_line():
    points = np.array([[0.0], [1.0], [5.0], [0.5], [1.25]])
    inside = np.array([[False, False, False, True, True]])

    scales = joining_scales(distances_between(points), np.array([0, 0, 1, 0, 0]), inside, 3)

    # Class 0 joins at 0.5 and 0.25, class 1 at 3.75; the window joins at 0.5 and 0.25.
    np.testing.assert_allclose(scales, [[0.375, 3.75, np.nan, 0.375]])


@given(
    reference=st.integers(1, 20),
    window=st.integers(1, 20),
    count=st.integers(0, 10),
    key=st.integers(0, 2**64 - 1),
)
def test_every_relabeling_has_a_window_of_the_same_size(reference, window, count, key):
    inside = relabelings(reference, window, count=count, key=key)

    assert (inside.sum(axis=1) == window).all()
    assert inside[0].nonzero()[0].tolist() == list(range(reference, reference + window))
    np.testing.assert_array_equal(inside, relabelings(reference, window, count=count, key=key))


@given(seed=st.integers(0, 2**32 - 1), rate=st.floats(0.01, 0.4))
def test_the_p_value_is_the_rank_among_all_labelings(seed, rate):
    numbers = np.random.default_rng(seed).normal(size=(40, 1))

    ruling = judge(numbers, rate=rate)

    assert ruling.p_value == (numbers >= numbers[0]).mean()
    assert ruling.alarm == (ruling.p_value <= rate)


def test_numbers_that_never_change_or_are_missing_raise_no_alarm():
    numbers = np.column_stack([np.ones(40), np.full(40, np.nan)])

    assert judge(numbers, rate=0.05).p_value == 1
