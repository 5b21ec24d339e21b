import math

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
    assert {"projection", "threshold"} <= set(NAMES)


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


def test_threshold_loss_at_the_threshold_is_two_log_two():
    objective = build("threshold", 4, 3, threshold=1.0)
    h = torch.ones(10, 4, dtype=torch.float64)

    loss = objective.loss(h, torch.zeros(5, dtype=torch.int64))

    assert loss.item() == pytest.approx(2 * math.log(2))


def test_threshold_pushes_positives_up_and_negatives_down():
    objective = build("threshold", 4, 3)
    h = torch.ones(2, 4, dtype=torch.float64)

    _, dh = objective.evaluate(h, torch.zeros(1, dtype=torch.int64))

    assert (dh[0] < 0).all()
    assert (dh[1] > 0).all()


def test_threshold_loss_does_not_overflow():
    objective = build("threshold", 4, 3, sharpness=1e4)
    h = torch.full((2, 4), 1e4, dtype=torch.float64)

    loss, dh = objective.evaluate(h, torch.zeros(1, dtype=torch.int64))

    assert torch.isfinite(loss)
    assert torch.isfinite(dh).all()


def test_projection_loss_of_equal_goodness_is_log_of_the_number_of_classes():
    objective = build("projection", 4, 7)
    objective.directions.data.zero_()

    loss, _ = objective.evaluate(torch.ones(3, 4, dtype=torch.float64), torch.tensor([0, 1, 2]))

    assert loss.item() == pytest.approx(math.log(7))


def test_the_closed_form_of_plain_class_goodness_is_autograds_gradient():
    objective = build("class-goodness", 12, 3, activity="plain", scale=2.5)
    h, y = sample(objective, 7, 0)

    loss, dh = objective.evaluate(h, y)
    expected_loss, expected_dh = Objective.evaluate(objective, h, y)

    torch.testing.assert_close(loss, expected_loss, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(dh, expected_dh, rtol=1e-10, atol=1e-10)


def test_class_goodness_is_the_mean_square_of_the_class_s_own_units():
    objective = build("class-goodness", 4, 2, scale=3.0)
    h = torch.tensor([[1.0, 2.0, 0.0, 4.0]], dtype=torch.float64)

    goodness = objective.goodness(h)

    torch.testing.assert_close(goodness, torch.tensor([[7.5, 24.0]], dtype=torch.float64))


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
