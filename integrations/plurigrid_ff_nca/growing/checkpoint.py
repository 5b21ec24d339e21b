"""A training in a file: weights, pool, optimizer, draws; going on from it is exact."""

from pathlib import Path
from typing import Literal

import torch
from pydantic import NonNegativeFloat, NonNegativeInt
from torch import Tensor

from plurigrid_ff.errors import CheckpointError, ConfigError
from plurigrid_ff.learning.checkpoint import check_shapes
from plurigrid_ff.learning.tensors import read_metadata, read_tensors, write_tensors
from plurigrid_ff.settings import Settings
from plurigrid_ff_nca.growing.config import GrowConfig
from plurigrid_ff_nca.growing.training import Grower

GENERATOR = "generator"


class GrowCard(Settings):
    """What the file says of itself, beside the tensors."""

    format: Literal["nca-3"] = "nca-3"
    config: GrowConfig
    rollouts: NonNegativeInt
    cpu_seconds: NonNegativeFloat


def save_grower(grower: Grower, path: Path) -> None:
    """Write all that the next rollout depends on; until it is whole, what was there stays."""
    card = GrowCard(config=grower.config, rollouts=grower.rollouts, cpu_seconds=grower.cpu_seconds)
    write_tensors(path, _tensors(grower), card.model_dump(mode="json"))


def load_grower(path: Path, *, rollouts: int | None = None) -> Grower:
    """Rebuild a training from its file.

    Args:
        path: Where :func:`save_grower` wrote it.
        rollouts: Train for so many in all instead of as many as were planned. The step size
            then falls over the new number: only the planned number resumes exactly.

    Raises:
        CheckpointError: The file is missing or damaged, or holds something else.
    """
    metadata, shapes = read_metadata(path)
    try:
        card = GrowCard.parse(metadata, where=str(path))
    except ConfigError as error:
        raise CheckpointError(f"{error}; expected a growing automaton") from error
    config = card.config
    image_shape = (4, config.size, config.size)
    check_shapes(path, {"image": image_shape}, {"image": shapes.get("image", ())})
    tensors, _ = read_tensors(path)
    if rollouts is not None:
        config = config.model_copy(update={"rollouts": rollouts})
    grower = Grower(tensors["image"], config)
    grower.rollouts, grower.cpu_seconds = card.rollouts, card.cpu_seconds
    _prime(grower)
    expected = {name: tuple(value.shape) for name, value in _tensors(grower).items()}
    check_shapes(path, expected, shapes)
    with torch.no_grad():
        for name, value in _tensors(grower).items():
            if name != GENERATOR:
                value.copy_(tensors[name])
    grower.generator.set_state(tensors[GENERATOR])
    return grower


def _tensors(grower: Grower) -> dict[str, Tensor]:
    """Return everything that changes, by name; views, but for the state of the draws."""
    held = {
        "image": grower.automaton.image,
        "pool": grower.pool,
        GENERATOR: grower.generator.get_state(),
    }
    for name, parameter in grower.automaton.update.named_parameters():
        held[f"update.{name}"] = parameter
    for name, parameter in grower.learner.update.named_parameters():
        held[f"learner.{name}"] = parameter
        for key, value in grower.optimizer.state.get(parameter, {}).items():
            held[f"optimizer.{name}/{key}"] = value
    return held


def _prime(grower: Grower) -> None:
    """Give the optimizer the state that it has after its first step, if it had taken one."""
    if not grower.rollouts:
        return
    for parameter in grower.learner.update.parameters():
        parameter.grad = torch.zeros_like(parameter)
    grower.optimizer.step()
    grower.optimizer.zero_grad()
