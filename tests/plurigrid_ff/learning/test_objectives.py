"""What all objectives share; each passes every check in testing/test_objective.py."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.errors import ConfigError, UnknownNameError
from plurigrid_ff.learning.objectives import (
    find_objective,
    known_objectives,
    parse_options,
)
from plurigrid_ff.testing.objective import compare_with_autograd
from plurigrid_ff.testing.objective_samples import build, sample

NAMES = sorted(known_objectives())


def test_the_objectives_are_found_by_looking_into_the_package():
    assert {"projection", "threshold", "symba", "distance", "hierarchical"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@given(
    batch=st.integers(1, 9),
    group=st.integers(1, 4),
    num_classes=st.integers(2, 6),
    seed=st.integers(0, 2**16),
)
def test_the_closed_form_is_autograds_gradient(name, batch, group, num_classes, seed):
    objective = build(
        find_objective(name), {}, features=group * num_classes, num_classes=num_classes
    )

    compare_with_autograd(objective, *sample(objective, batch, seed))


def test_features_that_classes_cannot_share_equally_are_refused_with_the_nearest_that_can():
    with pytest.raises(
        ConfigError, match="128 is not a multiple of the 10 classes; use 120 or 130"
    ):
        build(find_objective("class-goodness"), {}, features=128, num_classes=10)


def test_an_unknown_objective_gets_the_nearest_name():
    with pytest.raises(UnknownNameError, match="unknown objective 'projektion'.*'projection'"):
        find_objective("projektion")


def test_an_unknown_option_of_an_objective_is_named():
    with pytest.raises(ConfigError, match="treshold: unknown key; did you mean .threshold"):
        parse_options("threshold", {"treshold": 1.0})


def test_an_option_out_of_range_is_named():
    with pytest.raises(ConfigError, match="sharpness.*greater than 0, got -1"):
        parse_options("threshold", {"sharpness": -1})
