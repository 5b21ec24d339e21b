"""A simulation in a file: both worlds, both observers and the history; going on is exact."""

from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from plurigrid_ff.errors import CheckpointError, ConfigError
from plurigrid_ff.learning.checkpoint import check_shapes
from plurigrid_ff.learning.tensors import read_metadata, read_tensors, write_tensors
from plurigrid_ff.settings import Settings
from plurigrid_ff_jaxlife_open_ended.backend import jnp
from plurigrid_ff_jaxlife_open_ended.brain import Brains
from plurigrid_ff_jaxlife_open_ended.config import ACTIONS, NUM_FEATURES, WorldConfig
from plurigrid_ff_jaxlife_open_ended.life import Population
from plurigrid_ff_jaxlife_open_ended.openness import NUM_PROBES, Observer
from plurigrid_ff_jaxlife_open_ended.records import Record
from plurigrid_ff_jaxlife_open_ended.simulation import Simulation
from plurigrid_ff_jaxlife_open_ended.world import Tally, World, named_arrays

OBSERVER_SHAPES = {
    "weights": (NUM_FEATURES, len(ACTIONS)),
    "frequencies": (len(ACTIONS),),
}
FLOATS, BITS = ("weight", "bias", "weights", "frequencies"), ("alive", "food")
BOTH = ("brains", "innate")


class WorldCard(Settings):
    """What the file says of itself, beside the arrays."""

    format: Literal["world-1"] = "world-1"
    config: WorldConfig
    history: tuple[Record, ...]
    shadow: bool


def save_simulation(simulation: Simulation, path: Path) -> None:
    """Write all that the next step depends on; until it is whole, what was there stays."""
    card = WorldCard(
        config=simulation.config,
        history=tuple(simulation.history),
        shadow=simulation.shadow is not None,
    )
    # Copied, because JAX lends its memory and takes it back at the next step.
    tensors = {name: torch.from_numpy(np.array(a)) for name, a in _arrays(simulation).items()}
    write_tensors(path, tensors, card.model_dump(mode="json"))


def load_simulation(path: Path) -> Simulation:
    """Take up a simulation where its file left it.

    Raises:
        CheckpointError: The file is missing or damaged, or holds something else.
    """
    metadata, shapes = read_metadata(path)
    try:
        card = WorldCard.parse(metadata, where=str(path))
    except ConfigError as error:
        raise CheckpointError(f"{error}; expected a world") from error
    check_shapes(path, _expected(card, shapes), shapes)
    tensors, _ = read_tensors(path)
    arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
    check_types(path, arrays)
    simulation = Simulation(
        card.config,
        to_world(_part(arrays, "world.")),
        to_world(_part(arrays, "shadow.")) if card.shadow else None,
        list(card.history),
        (Observer.of(_part(arrays, "observer.")), Observer.of(_part(arrays, "shadow_observer."))),
    )
    if not 0 < simulation.steps == (card.history[-1].step if card.history else 0):
        raise CheckpointError(
            f"{path}: expected a world at the step of its last record, got step "
            f"{simulation.steps}; the file is damaged"
        )
    return simulation


def _arrays(simulation: Simulation) -> dict[str, Any]:
    """Return everything that changes, by name."""
    parts = {
        "world.": named_arrays(simulation.world),
        "observer.": simulation.observers[0].arrays(),
        "shadow_observer.": simulation.observers[1].arrays(),
    }
    if simulation.shadow is not None:
        parts["shadow."] = named_arrays(simulation.shadow)
    return {prefix + name: array for prefix, held in parts.items() for name, array in held.items()}


def _part(arrays: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    """Return the arrays of one part, by their names in it."""
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def to_world(arrays: dict[str, NDArray[Any]]) -> World:
    """Build a world of its arrays, each in memory of its own."""
    held = {name: jnp.array(array) for name, array in arrays.items()}
    people = Population(
        brains=Brains(held["brains.weight"], held["brains.bias"]),
        innate=Brains(held["innate.weight"], held["innate.bias"]),
        **{name: held[name] for name in ("energy", "age", "alive", "founder")},
    )
    tally = Tally(**{name: held[f"tally.{name}"] for name in Tally._fields})
    return World(people, held["place"], held["food"], held["step"], tally)


def world_shapes(config: WorldConfig) -> dict[str, tuple[int, ...]]:
    """Return the shape of every array of a world, by the names that its file gives them."""
    slots, width = (config.agents,), NUM_FEATURES + len(ACTIONS)
    brain = {"weight": (*slots, config.hidden, width), "bias": (*slots, config.hidden)}
    return {
        **{f"{which}.{name}": shape for which in BOTH for name, shape in brain.items()},
        **dict.fromkeys(("energy", "age", "alive", "founder"), slots),
        "place": (*slots, 2),
        "food": (config.size, config.size),
        "step": (),
        **{f"tally.{name}": () for name in Tally._fields},
    }


def _expected(card: WorldCard, shapes: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    """Return the shape of every array that the settings ask for; archives have any length."""
    world = world_shapes(card.config)
    expected = {f"world.{name}": shape for name, shape in world.items()}
    if card.shadow:
        expected |= {f"shadow.{name}": shape for name, shape in world.items()}
    for observer in ("observer.", "shadow_observer."):
        kept = shapes.get(f"{observer}archive", (0,))[:1]
        expected[f"{observer}archive"] = (*kept, NUM_PROBES)
        if f"{observer}weights" in shapes:
            expected |= {observer + name: shape for name, shape in OBSERVER_SHAPES.items()}
    return expected


def check_types(path: Path | str, arrays: dict[str, NDArray[Any]]) -> None:
    """Require bits, floats and whole numbers where they belong, and finite weights.

    Raises:
        CheckpointError: The first array that is none of these.
    """
    for name, array in arrays.items():
        last = name.rsplit(".", 1)[-1]
        kind = "f" if last in FLOATS else "b" if last in BITS else "i"
        if array.dtype.kind != kind:
            raise CheckpointError(f"{path}: {name!r} has type {array.dtype}; the file is damaged")
        if kind == "f" and not np.isfinite(array).all():
            raise CheckpointError(f"{path}: {name!r} is not finite; the file is damaged")
