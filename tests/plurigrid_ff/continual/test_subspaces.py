import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from plurigrid_ff.continual.learner import Batch
from plurigrid_ff.continual.subspaces import SubspaceLearner, unit_length
from plurigrid_ff.errors import ConfigError


def learner(**changes):
    return SubspaceLearner(
        12, 4, **({"units": 3, "rate": 0.02, "seed": 0, "contrast": 2.0} | changes)
    )


def batch(seed, labels, fresh):
    x = torch.rand(len(labels), 3, 4, generator=torch.Generator().manual_seed(seed))
    return Batch(x, torch.tensor(labels), fresh=fresh)


def written_out(weight, x, y, *, contrast, temperature):
    """The loss of the docstring, one sample and one class at a time."""
    loss = torch.zeros((), dtype=weight.dtype)
    present = sorted(set(y.tolist()))
    for sample, label in zip(x.flatten(1), y.tolist(), strict=True):
        u = sample / sample.norm()
        goodness = {k: sum((row @ u) ** 2 for row in weight[k]) for k in present}
        scores = torch.stack([temperature * goodness[k] for k in present])
        loss = loss - goodness[label]
        loss = loss - contrast / temperature * F.log_softmax(scores, 0)[present.index(label)]
    return loss


def test_a_step_follows_the_gradient_of_the_loss_that_is_written_down():
    one = learner()
    one.weight = one.weight.double()
    before = one.weight.clone().requires_grad_()
    data = batch(0, [0, 2, 2, 0], 4)
    x = data.x.double()
    (gradient,) = torch.autograd.grad(
        written_out(before, x, data.y, contrast=2.0, temperature=20.0), before
    )
    one.learn(Batch(x, data.y, 4))

    moved = before.detach() - 0.02 * gradient
    for label in (0, 2):  # the same span: projections onto it are equal
        q, _ = torch.linalg.qr(moved[label].T)
        span = one.weight[label].T @ one.weight[label]
        torch.testing.assert_close(span, q @ q.T)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 999),
    st.lists(st.integers(0, 3), min_size=1, max_size=6),
    st.integers(1, 6),
)
def test_units_stay_orthonormal_and_classes_without_new_samples_stay_bit_for_bit(
    seed, labels, fresh
):
    one = learner()
    before = one.weight.clone()
    fresh = min(fresh, len(labels))
    one.learn(batch(seed, labels, fresh))

    eye = torch.eye(3).expand(4, 3, 3)
    torch.testing.assert_close(one.weight @ one.weight.mT, eye, atol=1e-5, rtol=0)
    for label in range(4):
        assert torch.equal(one.weight[label], before[label]) == (label not in labels[:fresh])


def test_without_contrast_a_class_finds_its_principal_axes():
    generator = torch.Generator().manual_seed(0)
    axes, _ = torch.linalg.qr(torch.randn(12, 12, generator=generator))
    strengths = torch.tensor([3.0, 2.0, 1.5] + [0.2] * 9)
    one = learner(contrast=0.0, rate=0.01)
    data = torch.randn(400, 12, generator=generator) * strengths @ axes.T
    for _ in range(3):
        for part in data.split(8):
            one.learn(Batch(part, torch.ones(len(part), dtype=torch.int64), len(part)))

    u = unit_length(data)
    _, _, principal = torch.linalg.svd(u, full_matrices=False)
    angles = torch.linalg.svdvals(one.weight[1] @ principal[:3].T)
    assert angles.min() > 0.98
    explained = one.scores(data)[:, 1].mean()
    assert explained > 0.98 * (u @ principal[:3].T).square().sum(dim=1).mean()


def test_a_step_that_is_too_long_does_not_turn_a_subspace_towards_what_it_is_told_from():
    one = learner(rate=1.0, contrast=50.0, temperature=1.0)
    x = torch.eye(12)[[0] + [1] * 20]
    assert one.scores(x)[1, 0] > 0.2
    one.learn(Batch(x, torch.tensor([0] + [1] * 20), fresh=1))
    assert one.scores(x)[1, 0] < 1e-6
    assert one.scores(x)[0, 0] > 0.9


def test_goodness_is_a_share_whatever_the_length_of_a_sample():
    one = learner()
    x = torch.rand(5, 3, 4)
    scores = one.scores(x)
    assert ((scores >= 0) & (scores <= 1)).all()
    torch.testing.assert_close(one.scores(7 * x), scores)
    assert one.scores(torch.zeros(1, 3, 4)).abs().max() == 0


def test_more_units_than_tell_classes_apart_are_refused():
    with pytest.raises(ConfigError, match="from 1 to 6 units per class, half of the 12 features"):
        learner(units=7)
