import pytest
import torch
from torch import nn

from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.learners import learner
from plurigrid_ff.learning.optimizers import plan_rival, plan_steps


def module():
    made = nn.Linear(3, 2).double()
    with torch.no_grad():
        made.weight.copy_(torch.arange(6.0).reshape(2, 3))
        made.bias.fill_(1.0)
    return made


def two_steps(**settings):
    """Weights after two steps along a gradient of ones, then of twos."""
    training = TrainingConfig(epochs=4, learning_rate=0.1, decay="none", **settings)
    made = module()
    learning = learner("x", made, plan_steps(training, 1)[0])
    for size in (1.0, 2.0):
        learning.set_rate(0.0)
        for parameter in made.parameters():
            parameter.grad = torch.full_like(parameter, size)
        learning.step()
    return made.weight.detach()


def test_sgd_with_momentum_and_decay_is_the_written_out_sum():
    w = module().weight.detach()
    velocity = torch.zeros_like(w)
    for gradient in (1.0, 2.0):
        velocity = 0.5 * velocity + gradient + 0.01 * w
        w = w - 0.1 * velocity

    found = two_steps(optimizer="sgd", momentum=0.5, weight_decay=0.01)

    torch.testing.assert_close(found, w)


def test_adamw_shrinks_weights_apart_from_the_step_and_adam_does_not():
    plain = two_steps(optimizer="adam")
    decoupled = two_steps(optimizer="adamw", weight_decay=0.5)
    start = module().weight.detach()

    # Each step of AdamW first multiplies by 1 - 0.1 * 0.5, then does what Adam does.
    first = plain - start  # two steps of Adam, which depend on gradients alone
    step = two_steps(optimizer="adamw") - start
    torch.testing.assert_close(step, first)
    ratio = (decoupled - 0.95**2 * start)[0, 0] / first[0, 0]
    assert 0.95 < ratio < 1.0
    assert not torch.allclose(two_steps(optimizer="adam", weight_decay=0.5), decoupled)


@pytest.mark.parametrize("clip", [0.5, 2.0])
def test_a_long_gradient_is_shortened_to_the_clip_over_all_parameters(clip):
    training = TrainingConfig(
        optimizer="sgd", momentum=0, clip=clip, learning_rate=1.0, decay="none"
    )
    made = module()
    before = torch.cat([p.detach().flatten() for p in made.parameters()])
    learning = learner("x", made, plan_steps(training, 1)[0])
    learning.set_rate(0.0)
    for parameter in made.parameters():
        parameter.grad = torch.full_like(parameter, 0.5)

    learning.step()

    moved = before - torch.cat([p.detach().flatten() for p in made.parameters()])
    assert moved.norm().item() == pytest.approx(min(clip, 0.5 * 8**0.5), rel=1e-4)


def test_every_layer_may_have_an_optimizer_and_a_step_size_of_its_own():
    training = TrainingConfig(optimizer=["sgd", "adamw"], learning_rate=[0.1, 0.2])

    plans = plan_steps(training, 2)

    built = [plan.build(module().parameters()) for plan in plans]
    assert [type(optimizer).__name__ for optimizer in built] == ["SGD", "AdamW"]
    assert [plan.rate.peak for plan in plans] == [0.1, 0.2]


def test_a_list_of_optimizers_of_another_length_is_refused():
    with pytest.raises(ConfigError, match="optimizer: expected a name, or one for each of 3 .* 2"):
        plan_steps(TrainingConfig(optimizer=["sgd", "adam"]), 3)


def test_a_rival_steps_as_the_first_layer_does_in_all_epochs():
    training = TrainingConfig(
        epochs=10, schedule="greedy", optimizer=["sgd", "adam"], learning_rate=[0.1, 0.2]
    )

    plan = plan_rival(training)

    assert plan.optimizer == "sgd"
    assert plan.rate.peak == 0.1
    assert plan.rate.window.epochs == 10
