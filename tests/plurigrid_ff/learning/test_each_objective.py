"""What is particular to one objective; what all share is in test_objectives.py."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.learning.goodness import GOODNESS
from plurigrid_ff.learning.objectives import Objective, find_objective
from plurigrid_ff.learning.objectives.hierarchical import superclass_loss, supervised_contrast
from plurigrid_ff.testing import objective as testing
from plurigrid_ff.testing.objective_samples import build as built
from plurigrid_ff.testing.objective_samples import sample


def build(name: str, features: int, num_classes: int, **options) -> Objective:
    kind = find_objective(name)
    return built(kind, options, features=features, num_classes=num_classes)


VARIANTS = [
    ("class-goodness", {"activity": "plain", "scale": 2.5}),
    ("distance", {"form": "margin"}),
    ("distance", {"form": "margin", "margin": 1.5, "penalty": 0.3}),
    ("distance", {"scale": 3.0}),
    *[("threshold", {"goodness": kind, "share": 0.4}) for kind in sorted(GOODNESS)],
    *[("symba", {"goodness": kind, "share": 0.4}) for kind in sorted(GOODNESS)],
]


@pytest.mark.parametrize(("name", "options"), VARIANTS)
@given(batch=st.integers(1, 9), group=st.integers(1, 5), seed=st.integers(0, 2**16))
def test_the_closed_form_of_every_option_is_autograds_gradient(name, options, batch, group, seed):
    objective = build(name, 3 * group, 3, **options)

    testing.compare_with_autograd(objective, *sample(objective, batch, seed))


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_every_option_passes_the_check_for_authors(name, options):
    testing.check_objective(name, options)


@pytest.mark.parametrize(
    ("name", "options", "vanishes"),
    [
        ("projection", {}, False),
        ("distance", {}, False),
        ("class-goodness", {}, True),
        ("class-goodness", {"activity": "plain"}, False),
        ("hierarchical", {}, False),  # its own gradient, not that of class-goodness
        ("self-contrastive", {}, True),
        *[("threshold", {"goodness": kind}, kind != "plain") for kind in sorted(GOODNESS)],
    ],
)
def test_an_objective_knows_whether_a_silent_unit_has_a_gradient(name, options, vanishes):
    objective = build(name, 12, 3, **options)
    h, y = sample(objective, 9, 0)

    _, dh = objective.evaluate(h.clone(), y)

    assert objective.vanishes == vanishes == bool((dh[h == 0] == 0).all())


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


def test_class_goodness_is_the_mean_square_of_the_class_s_own_units():
    objective = build("class-goodness", 4, 2, scale=3.0)
    h = torch.tensor([[1.0, 2.0, 0.0, 4.0]], dtype=torch.float64)

    goodness = objective.goodness(h)

    torch.testing.assert_close(goodness, torch.tensor([[7.5, 24.0]], dtype=torch.float64))


def test_symba_loss_of_equal_goodness_is_log_two():
    objective = build("symba", 4, 3)

    loss = objective.loss(torch.ones(10, 4, dtype=torch.float64), torch.zeros(5, dtype=torch.int64))

    assert loss.item() == pytest.approx(math.log(2))


def test_symba_does_not_care_where_goodness_lies():
    objective = build("symba", 1, 3)
    low = torch.tensor([[1.0], [2.0]], dtype=torch.float64)
    high = (low.square() + 9).sqrt()
    y = torch.zeros(1, dtype=torch.int64)

    assert objective.loss(low, y).item() == pytest.approx(objective.loss(high, y).item())


def test_closeness_is_the_cosine_and_ignores_length():
    objective = build("distance", 2, 2)
    objective.anchors.data.copy_(torch.tensor([[3.0, 0.0], [1.0, 1.0]]))
    h = torch.tensor([[2.0, 0.0], [0.0, 50.0]], dtype=torch.float64)

    closeness = objective.closeness(h)

    expected = torch.tensor([[1.0, 0.5**0.5], [0.0, 0.5**0.5]], dtype=torch.float64)
    torch.testing.assert_close(closeness, expected, rtol=0, atol=1e-8)


@pytest.mark.parametrize("form", ["cosine", "margin"])
def test_anchors_that_coincide_are_driven_apart(form):
    objective = build("distance", 4, 3, form=form)
    generator = torch.Generator().manual_seed(0)
    objective.anchors.data.copy_(torch.ones(3, 4) + 0.01 * torch.rand(3, 4, generator=generator))
    h = torch.eye(4, dtype=torch.float64)[:3]
    y = torch.arange(3)

    for _ in range(500):
        objective.evaluate(h, y)
        objective.anchors.data -= 0.5 * objective.anchors.grad

    unit = torch.nn.functional.normalize(objective.anchors.detach())
    assert (unit @ unit.T - torch.eye(3)).max() < 0.62  # they began above 0.999


def test_a_margin_that_is_kept_costs_nothing():
    objective = build("distance", 3, 3, form="margin", margin=0.9, penalty=0.0)
    objective.anchors.data.copy_(torch.eye(3))
    h = torch.eye(3, dtype=torch.float64)

    loss, dh = objective.evaluate(h, torch.arange(3))

    assert loss.item() == 0
    assert (dh == 0).all()


def test_a_silent_row_has_no_angle_and_does_no_harm():
    objective = build("distance", 4, 3)

    loss, dh = objective.evaluate(torch.zeros(2, 4, dtype=torch.float64), torch.tensor([0, 1]))

    assert loss.item() == pytest.approx(math.log(3))
    assert torch.isfinite(dh).all()


def test_supervised_contrast_is_that_of_the_written_out_sum():
    feature = torch.nn.functional.normalize(
        torch.randn(6, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    )
    y = torch.tensor([0, 0, 1, 1, 1, 2])  # the last is alone

    terms = []
    for i in range(5):
        others = [j for j in range(6) if j != i]
        total = sum(math.exp(feature[i] @ feature[j] / 0.5) for j in others)
        same = [j for j in others if y[j] == y[i]]
        logs = [math.log(math.exp(feature[i] @ feature[j] / 0.5) / total) for j in same]
        terms.append(-sum(logs) / len(logs))

    loss = supervised_contrast(feature, y, 0.5)

    assert loss.item() == pytest.approx(sum(terms) / 5)


SUPERCLASS = torch.tensor([0, 1, 0, 2, 1, 0])


def test_the_coarse_loss_is_that_of_the_mean_goodness_of_super_classes_written_out():
    generator = torch.Generator().manual_seed(0)
    goodness = 3 * torch.randn(5, 6, generator=generator, dtype=torch.float64)
    y = torch.tensor([0, 3, 4, 5, 1])

    groups = [[0, 2, 5], [1, 4], [3]]
    coarse = torch.stack([goodness[:, group].mean(dim=1) for group in groups], dim=1)
    expected = torch.nn.functional.cross_entropy(coarse, SUPERCLASS[y])

    torch.testing.assert_close(superclass_loss(goodness, y, SUPERCLASS), expected)


def test_single_classes_are_a_level_like_any_other():
    generator = torch.Generator().manual_seed(0)
    goodness, y = torch.randn(5, 6, generator=generator), torch.tensor([0, 3, 4, 5, 1])

    loss = superclass_loss(goodness, y, torch.arange(6))

    torch.testing.assert_close(loss, torch.nn.functional.cross_entropy(goodness, y))


@pytest.mark.parametrize("tree", [0.5, 1.0])
def test_the_tree_takes_its_share_of_the_cross_entropy(tree):
    objective = build("hierarchical", 12, 6, tree=tree, weight=0.0)
    objective.superclass.copy_(SUPERCLASS)
    h, y = sample(objective, 7, 0)
    goodness = find_objective("class-goodness").goodness(objective, h)
    fine = torch.nn.functional.cross_entropy(goodness, y)

    expected = (1 - tree) * fine + tree * superclass_loss(goodness, y, SUPERCLASS)

    torch.testing.assert_close(objective.loss(h, y), expected)


@pytest.mark.parametrize("tree", [0.3, 1.0])
def test_with_a_tree_too_it_passes_the_check_for_authors(tree):
    testing.check_objective("hierarchical", {"tree": tree})


def test_a_layer_that_learns_super_classes_alone_scores_their_classes_alike():
    objective = build("hierarchical", 12, 6, tree=1.0)
    objective.superclass.copy_(SUPERCLASS)
    h, _ = sample(objective, 7, 0)

    goodness = objective.goodness(h)

    torch.testing.assert_close(goodness[:, [0, 1]], goodness[:, [2, 4]])
    torch.testing.assert_close(goodness[:, 0], goodness[:, 5])
    assert not torch.allclose(goodness[:, 0], goodness[:, 1])


def test_a_batch_in_which_everybody_is_alone_has_no_contrast():
    assert supervised_contrast(torch.eye(2), torch.tensor([0, 1]), 0.2).item() == 0
    assert supervised_contrast(torch.ones(1, 3), torch.tensor([0]), 0.2).item() == 0


def test_goodness_cannot_be_read_from_the_decoupled_feature():
    objective = build("hierarchical", 12, 3)
    h = torch.rand(5, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    louder = h.clone()
    louder[:, :4] *= 3.0  # class 0 gains goodness

    torch.testing.assert_close(
        objective.feature(h), objective.feature(louder), rtol=1e-3, atol=1e-3
    )


@pytest.mark.parametrize("name", ["threshold", "symba"])
def test_an_unknown_goodness_gets_the_nearest_name(name):
    from plurigrid_ff.errors import UnknownNameError

    with pytest.raises(UnknownNameError, match="unknown goodness 'topk'; did you mean 'top-k'"):
        build(name, 4, 3, goodness="topk")
