import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.errors import ConfigError, UnknownNameError
from plurigrid_ff.learning.objectives import (
    Objective,
    find_objective,
    known_objectives,
    parse_options,
)

NAMES = sorted(known_objectives())


def build(name: str, features: int, num_classes: int, **options) -> Objective:
    objective = find_objective(name)
    return objective(features, num_classes, parse_options(name, options), key=1).double()


def sample(objective: Objective, batch: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    rows = objective.rails * batch
    h = torch.randn(rows, objective.features, generator=generator, dtype=torch.float64).relu()
    y = torch.randint(objective.num_classes, (batch,), generator=generator)
    return h, y


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
    objective = build(name, group * num_classes, num_classes)
    h, y = sample(objective, batch, seed)

    loss, dh = objective.evaluate(h, y)
    own = [parameter.grad for parameter in objective.parameters()]
    expected_loss, expected_dh = Objective.evaluate(objective, h, y)  # asks autograd
    expected_own = [parameter.grad for parameter in objective.parameters()]

    torch.testing.assert_close(loss, expected_loss, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(dh, expected_dh, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(own, expected_own, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", NAMES)
def test_autograds_gradient_is_that_of_finite_differences(name):
    objective = build(name, 6, 3)
    h, y = sample(objective, 4, 0)

    h = (h + 0.1).requires_grad_()

    assert torch.autograd.gradcheck(lambda activity: objective.loss(activity, y), (h,))


@pytest.mark.parametrize("name", NAMES)
def test_evaluating_leaves_no_graph_behind(name):
    objective = build(name, 6, 3)
    h, y = sample(objective, 4, 0)

    loss, dh = objective.evaluate(h, y)

    assert not loss.requires_grad
    assert not dh.requires_grad
    assert not h.requires_grad
    assert all(not p.grad.requires_grad for p in objective.parameters())


def test_features_that_classes_cannot_share_equally_are_refused_with_the_nearest_that_can():
    with pytest.raises(
        ConfigError, match="128 is not a multiple of the 10 classes; use 120 or 130"
    ):
        build("class-goodness", 128, 10)


def test_an_unknown_objective_gets_the_nearest_name():
    with pytest.raises(UnknownNameError, match="unknown objective 'projektion'.*'projection'"):
        find_objective("projektion")


def test_an_unknown_option_of_an_objective_is_named():
    with pytest.raises(ConfigError, match="treshold: unknown key; did you mean .threshold"):
        parse_options("threshold", {"treshold": 1.0})


def test_an_option_out_of_range_is_named():
    with pytest.raises(ConfigError, match="sharpness.*greater than 0, got -1"):
        parse_options("threshold", {"sharpness": -1})
