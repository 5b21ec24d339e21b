import pytest
import torch

from plurigrid_ff.config import TrainingConfig
from plurigrid_ff.learning.learners import learner
from plurigrid_ff.learning.optimizers import plan_steps
from plurigrid_ff.learning.transforms import Conv1d, Conv2d, Linear, Local2d

SHAPE = {"kernel": 3, "stride": 1, "padding": "same", "key": 0}
TRANSFORMS = {
    "linear": lambda: Linear(12, 6, key=0),
    "conv1d": lambda: Conv1d((4, 9), 6, **SHAPE),
    "conv2d": lambda: Conv2d((4, 6, 5), 6, **SHAPE),
    "local2d": lambda: Local2d((4, 6, 5), 6, **SHAPE),
}


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "sgd"])
@pytest.mark.parametrize("kind", TRANSFORMS)
def test_a_step_is_the_one_of_an_optimizer_that_looks_at_every_number(kind, optimizer):
    """A gradient may lie in memory in another order than its weight; fused steps do not see it."""
    ours, theirs = TRANSFORMS[kind](), TRANSFORMS[kind]()
    config = TrainingConfig(optimizer=optimizer, learning_rate=0.1, momentum=0.5, decay="none")
    learning = learner("layer", ours, plan_steps(config, 1)[0])
    plain = {
        "adam": torch.optim.Adam,
        "adamw": lambda p, lr: torch.optim.AdamW(p, lr, weight_decay=0.0),
        "sgd": lambda p, lr: torch.optim.SGD(p, lr, momentum=0.5),
    }[optimizer](theirs.parameters(), 0.1)
    generator = torch.Generator().manual_seed(0)

    for _ in range(3):
        x = torch.randn(5, *ours.in_shape, generator=generator)
        da = torch.randn(5, *ours.out_shape, generator=generator)
        ours.with_pullback(x)[1](da)
        learning.set_rate(0)
        learning.step()
        a = theirs(x)
        plain.zero_grad()
        for parameter, gradient in zip(
            theirs.parameters(), torch.autograd.grad(a, list(theirs.parameters()), da), strict=True
        ):
            parameter.grad = gradient.contiguous()
        plain.step()

    for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-5)
