"""Objectives to check, and activities to check them on."""

import torch
from torch import Tensor

from plurigrid_ff.config import OptionValue
from plurigrid_ff.learning.objectives import Objective

FEATURES, CLASSES, BATCH = 12, 3, 5


def build(
    kind: type[Objective],
    options: dict[str, OptionValue],
    *,
    features: int = FEATURES,
    num_classes: int = CLASSES,
    key: int = 1,
    prepared: bool = True,
) -> Objective:
    """Build an objective in float64, prepared as the first layer of two."""
    parsed = kind.Options.parse(options, where=f"options of {kind.name!r}")
    objective = kind(features, num_classes, parsed, key=key).double()
    if prepared:
        generator = torch.Generator().manual_seed(0)
        means = torch.randn(num_classes, features, generator=generator, dtype=torch.float64)
        objective.prepare(lambda: means.clone(), index=0, depth=2)
    return objective


def sample(objective: Objective, batch: int, seed: int) -> tuple[Tensor, Tensor]:
    """Draw activities, ``(rails * batch, features)``, as a layer has them, and labels."""
    generator = torch.Generator().manual_seed(seed)
    rows = objective.rails * batch
    h = torch.randn(rows, objective.features, generator=generator, dtype=torch.float64).relu()
    return h, torch.randint(objective.num_classes, (batch,), generator=generator)
