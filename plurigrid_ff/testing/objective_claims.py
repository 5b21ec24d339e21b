"""What an objective may say of itself, so that less is computed."""

import torch

from plurigrid_ff.config import OptionValue
from plurigrid_ff.learning.objectives import Objective
from plurigrid_ff.testing.objective_samples import BATCH, build, sample
from plurigrid_ff.testing.requirement import require

TOLERANCE = 1e-10


def check_separable(kind: type[Objective], options: dict[str, OptionValue]) -> None:
    """Require of a loss that is said to be a mean over samples that its parts average to it."""
    objective = build(kind, options)
    if not objective.separable:
        return
    h, y = sample(objective, BATCH, 0)
    by_rail = h.reshape(objective.rails, len(y), -1)
    each = [objective.loss(by_rail[:, one], y[one : one + 1]) for one in range(len(y))]
    whole, mean = objective.loss(h, y), torch.stack(each).mean()
    require(
        torch.allclose(whole, mean, rtol=TOLERANCE, atol=TOLERANCE),
        f"objective {kind.name!r}: separable",
        expected=f"the loss of a batch to be the mean over its samples, {mean.item():.6g}",
        actual=f"{whole.item():.6g}",
        remedy="say separable = False: the loss compares samples of a batch",
    )


def check_vanishing(kind: type[Objective], options: dict[str, OptionValue]) -> None:
    """Require of a gradient that is said to be 0 where the activity is that it is."""
    objective = build(kind, options)
    if not objective.vanishes:
        return
    h, y = sample(objective, BATCH, 0)
    _, dh = objective.evaluate(h.clone(), y)
    most = dh[h == 0].abs().max().item()
    require(
        most == 0,
        f"objective {kind.name!r}: vanishes",
        expected="a gradient of 0 wherever the activity is 0",
        actual=f"up to {most:.3g}",
        remedy="leave vanishes as it is, False: the layer carries the gradient through its ReLU",
    )
