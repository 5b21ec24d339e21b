"""Brains in torch: a brain is a Forward-Forward network of one layer, and the other way round.

What :func:`~.brain.goodness` rates highest is what ``FFNetwork.predict`` answers, with actions for
classes. So a brain is saved, evaluated and trained on like any other network of the library.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import CheckpointError, ConfigError
from plurigrid_ff.learning.checkpoint import load_network, save_network
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.objectives.threshold import Threshold
from plurigrid_ff.learning.transforms import Linear
from plurigrid_ff_jaxlife_open_ended.brain import Brain
from plurigrid_ff_jaxlife_open_ended.config import ACTIONS, NUM_FEATURES, LifeConfig
from plurigrid_ff_jaxlife_open_ended.life import Population


class Found(NamedTuple):
    """An agent's brain, and whose it is."""

    brain: Brain
    slot: int
    age: int
    energy: int


def brain_of(people: Population, slot: int | None = None) -> Found:
    """Return the brain of a living agent.

    Args:
        people: The agents.
        slot: Whose; None: of the one with most energy, the first among equals.

    Raises:
        ConfigError: Nobody lives there.
    """
    alive, energy = np.asarray(people.alive), np.asarray(people.energy)
    chosen = int(np.where(alive, energy, -1).argmax()) if slot is None else slot
    if not (chosen < len(alive) and alive[chosen]):
        raise ConfigError(
            f"expected a living agent, got slot {chosen}; {int(alive.sum())} of {len(alive)} live"
        )
    brain = Brain(np.array(people.brains.weight[chosen]), np.array(people.brains.bias[chosen]))
    return Found(brain, chosen, int(people.age[chosen]), int(energy[chosen]))


def to_network(
    brain: Brain, config: LifeConfig, feature_shape: tuple[int, ...] = (NUM_FEATURES,)
) -> FFNetwork:
    """Return a brain as a network; it reads what an agent sees, not yet scaled.

    Args:
        brain: The weights.
        config: Its threshold and sharpness.
        feature_shape: Shape of what it reads; the other inputs are actions.
    """
    hidden, width = brain.weight.shape
    settings = NetworkConfig(
        hidden=(hidden,),
        objective="threshold",
        scaling="none",
        options={"threshold": config.threshold, "sharpness": config.sharpness},
    )
    actions = width - int(np.prod(feature_shape))
    network = FFNetwork(settings, feature_shape, actions, seed=0)
    layer = network.stack[0].transform
    assert isinstance(layer, Linear)  # noqa: S101 - the settings say so
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(np.array(brain.weight)))
        layer.bias.copy_(torch.from_numpy(np.array(brain.bias)))
    return network


def save_brain(brain: Brain, config: LifeConfig, path: Path, *, updates: int) -> None:
    """Write a world's brain as a network file, with actions for classes."""
    network = to_network(brain, config)
    save_network(network, path, class_names=ACTIONS, data="world", updates=(updates,))


def load_brain(path: Path, hidden: int) -> Brain:
    """Read the brain of a network file, such as :func:`save_brain` or training wrote.

    Args:
        path: The file.
        hidden: Units that brains of the world have.

    Raises:
        CheckpointError: It is missing or damaged, or no network that a brain could be.
    """
    network, card = load_network(path)
    layer = network.stack[0]
    fits = (
        len(network.stack) == 1
        and isinstance(layer.transform, Linear)
        and isinstance(layer.objective, Threshold)
        and network.labelled
        and network.probe is None
        and layer.peers is None
        and card.network.scaling == "none"
        and card.network.options.get("goodness", "squares") == "squares"
    )
    shape = (card.feature_shape, len(card.class_names), layer.out_features)
    if not fits or shape != ((NUM_FEATURES,), len(ACTIONS), hidden):
        raise CheckpointError(
            f"{path}: expected one linear layer of {hidden} units under 'threshold' with labels "
            f"in the input, that reads {NUM_FEATURES} features and tells {len(ACTIONS)} actions "
            f"apart, got {len(network.stack)} under {card.network.objective!r} with "
            f"{layer.out_features} units, features {card.feature_shape} and "
            f"{len(card.class_names)} classes"
        )
    assert isinstance(layer.transform, Linear)  # noqa: S101 - or it does not fit
    weight, bias = layer.transform.weight.detach(), layer.transform.bias.detach()
    return Brain(weight.numpy().copy(), bias.numpy().copy())
