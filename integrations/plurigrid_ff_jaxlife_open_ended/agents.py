"""The hook for agents: parse plain data, run the world, answer with plain data."""

import base64
import binascii
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from plurigrid_ff.errors import CheckpointError
from plurigrid_ff_jaxlife_open_ended.checkpoint import check_types, to_world, world_shapes
from plurigrid_ff_jaxlife_open_ended.config import ACTIONS, WorldConfig
from plurigrid_ff_jaxlife_open_ended.messages import (
    AgentView,
    WorldState,
    WorldStepAnswer,
    WorldStepRequest,
)
from plurigrid_ff_jaxlife_open_ended.openness import choose_watched, draw_situations
from plurigrid_ff_jaxlife_open_ended.simulation import look
from plurigrid_ff_jaxlife_open_ended.world import (
    World,
    WorldRules,
    advance,
    begin,
    empty_tally,
    named_arrays,
    no_fate,
    world_rules,
)


def answer_step(request: dict[str, Any]) -> dict[str, Any]:
    """Run a world for some steps.

    Raises:
        ConfigError: The request is not a :class:`WorldStepRequest`.
        CheckpointError: Its state is none that an answer gave.
    """
    asked = WorldStepRequest.parse(request, where="world_step")
    config = asked.config or WorldConfig()
    if asked.state is None:
        world = begin(config)
    else:
        config = asked.state.config
        world = _read_state(asked.state)
    rules = world_rules(config)
    for _ in range(asked.steps):
        world, _ = advance(world, rules, no_fate(), max_births=config.max_births)
    counts = {name: int(value) for name, value in world.tally._asdict().items()}
    answer = WorldStepAnswer(
        state=_write_state(world._replace(tally=empty_tally()), config),
        step=int(world.step),
        counts=counts,
        food=np.asarray(world.food).astype(int).tolist(),
        agents=_view(world, config, rules),
    )
    return answer.model_dump(mode="json")


def _view(world: World, config: WorldConfig, rules: WorldRules) -> list[AgentView]:
    """Describe who lives."""
    alive = np.asarray(world.people.alive)
    if not alive.any():
        return []
    sight = look(world, rules, draw_situations(config.seed), choose_watched(alive, config.seed, 0))
    actions, places = np.asarray(sight.action), np.asarray(world.place)
    energy, age, founder = (
        np.asarray(getattr(world.people, name)) for name in ("energy", "age", "founder")
    )
    return [
        AgentView(
            slot=int(slot),
            place=(int(places[slot, 0]), int(places[slot, 1])),
            energy=int(energy[slot]),
            age=int(age[slot]),
            founder=int(founder[slot]),
            would=ACTIONS[int(actions[slot])],
        )
        for slot in np.flatnonzero(alive)
    ]


def _write_state(world: World, config: WorldConfig) -> WorldState:
    """Write a world as text."""
    raw = save({name: np.array(array) for name, array in named_arrays(world).items()})
    return WorldState(config=config, arrays=base64.b64encode(raw).decode())


def _read_state(state: WorldState) -> World:
    """Read a world from text.

    Raises:
        CheckpointError: It is damaged.
    """
    try:
        arrays = load(base64.b64decode(state.arrays, validate=True))
    except (SafetensorError, binascii.Error, ValueError) as error:
        raise CheckpointError(
            f"world_step: state.arrays: expected what an answer gave, got something else: {error}"
        ) from error
    found = {name: array.shape for name, array in arrays.items()}
    if found != world_shapes(state.config):
        raise CheckpointError(
            "world_step: state.arrays: expected the arrays of a world of state.config, got others; "
            "send a state back as it was given"
        )
    check_types("world_step: state.arrays", arrays)
    return to_world(arrays)
