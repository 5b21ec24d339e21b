"""A tiny run for a skill under test: small data, and stand-ins for the other two roles."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.config import NetworkConfig, RunConfig, Settings, SocietyConfig, TrainingConfig
from plurigrid_ff.data.dataset import Dataset, Split
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.host.derivations import Derivation
from plurigrid_ff.host.ports import (
    ACTIVITIES,
    DERIVATIONS,
    EDGE_MAPS,
    GAINS,
    INITIAL_ACTIVITIES,
    MARGINS,
    MIXED_PARAMETERS,
    PARAMETERS,
    SCHEDULE,
    STANDARD_PORTS,
    Inbox,
    LayerActivities,
    LayerGain,
    LayerSchedule,
    Outbox,
    Port,
)
from plurigrid_ff.host.rounds import Outcome, Rounds
from plurigrid_ff.host.skill import Role, RunContext, Skill, SkillCard
from plurigrid_ff.host.society import build_society
from plurigrid_ff.results import Verdict

ROUNDS = 3
LAYERS = (6, 6)
CLASSES, FEATURES = 3, 12


def tiny_data() -> Dataset:
    """Make three separable classes in 12 features: 96 / 60 / 60 samples."""
    rng = np.random.default_rng(7)
    centres = rng.normal(size=(CLASSES, FEATURES)) * 2

    def split(count: int) -> Split:
        y = np.arange(count, dtype=np.int64) % CLASSES
        x = centres[y] + rng.normal(size=(count, FEATURES))
        return Split(x.astype(np.float32), y)

    return Dataset("tiny", split(96), split(60), split(60), ("a", "b", "c"), "digest-of-tiny")


def tiny_context(
    settings: dict[str, dict[str, Any]] | None = None, *, agents: int = 1
) -> RunContext:
    """Make what skills build themselves from, on the CPU.

    Args:
        settings: Tables under ``[skills]``, by skill name.
        agents: How many there are, on a complete graph.
    """
    run = RunConfig(
        network=NetworkConfig(hidden=LAYERS, negatives="none", scaling="none"),
        training=TrainingConfig(epochs=ROUNDS, epochs_per_round=1, batch_size=32),
        society=SocietyConfig(agents=agents),
        device="cpu",
        skills=settings or {},
    )
    data = tiny_data()
    return RunContext(run, data, build_society(run, data))


def run_rounds(skills: dict[Role, Skill], context: RunContext, folder: Path) -> Outcome:
    """Run the rounds as the host does, from the last checkpoint in a folder if there is one."""
    folder.mkdir(exist_ok=True)
    return Rounds(skills, context, folder).run()


class StandIn:
    """Plays a role that is not under test, and writes what the skill under test reads.

    Args:
        values: Values of ports that are no standard ones.
    """

    def __init__(self, role: Role, values: Mapping[str, Any]) -> None:
        self.role = role
        self.values = values

    def generate(self, inbox: Inbox) -> Outbox:
        """Write the generator's standard ports: two layers that gain from round to round."""
        outbox = Outbox()
        agents = list(inbox.society.graph)
        gains = tuple(
            LayerGain(updates=3, margin_before=-1.0 / inbox.round, margin_after=after)
            for after in (-0.5 / inbox.round, -0.9 / inbox.round)
        )
        outbox.put(GAINS, dict.fromkeys(agents, gains))
        outbox.put(ACTIVITIES, {a: _activities(inbox, inbox.round) for a in agents})
        outbox.put(INITIAL_ACTIVITIES, {a: _activities(inbox, 0) for a in agents})
        outbox.put(MARGINS, {a: _margins(inbox, place) for place, a in enumerate(agents)})
        outbox.put(PARAMETERS, {a: _parameters(inbox, place) for place, a in enumerate(agents)})
        return self._with_values(outbox)

    def coordinate(self, inbox: Inbox) -> Outbox:
        """Let the first layer sit out every second round, and pull all weights towards 0."""
        outbox = Outbox()
        schedule = LayerSchedule(trains=(inbox.round % 2 == 0, True))
        outbox.put(SCHEDULE, dict.fromkeys(inbox.society.graph, schedule))
        key = derive_key(inbox.society.seed, "stand-in", inbox.round)
        derived = Derivation(seed=inbox.society.seed, path=("stand-in", inbox.round), key=key)
        outbox.put(DERIVATIONS, (derived,))
        outbox.put(EDGE_MAPS, {edge: _identities() for edge in inbox.society.graph.edges})
        trained = inbox.get(PARAMETERS)
        if trained is not None:
            shrunk = {
                agent: {name: np.float32(0.99) * weights for name, weights in own.items()}
                for agent, own in trained.items()
            }
            outbox.put(MIXED_PARAMETERS, shrunk)
        return self._with_values(outbox)

    def validate(self, inbox: Inbox) -> Verdict:
        """Pass every round."""
        return Verdict(passed=True, measure=0.0, limit=1.0, reason="a stand-in")

    def _with_values(self, outbox: Outbox) -> Outbox:
        """Add the ports that are no standard ones."""
        for name, value in self.values.items():
            outbox.put(Port(name, Any, "sample"), value)
        return outbox


def _activities(inbox: Inbox, round_: int) -> LayerActivities:
    """Make non-negative activities of two layers, which grow apart with the rounds."""
    inputs = np.array(inbox.society.probes, dtype=np.float32)
    weights = np.random.default_rng(3).normal(size=(2, FEATURES, LAYERS[0]))
    layers = tuple(
        np.maximum(inputs @ weight, round_).astype(np.float32) / (1 + round_) for weight in weights
    )
    return LayerActivities(inputs, layers)


def _margins(inbox: Inbox, place: int) -> NDArray[np.float32]:
    """Make margins of both signs, others for each agent."""
    rng = np.random.default_rng([5, inbox.round, place])
    return rng.normal(size=len(inbox.society.probes)).astype(np.float32)


def _parameters(inbox: Inbox, place: int) -> dict[str, NDArray[np.float32]]:
    """Make weights and biases of two layers, others for each agent and round."""
    rng = np.random.default_rng([9, inbox.round, place])
    widths = (FEATURES, *LAYERS)
    shapes: dict[str, tuple[int, ...]] = {}
    for layer, (fan_in, fan_out) in enumerate(pairwise(widths)):
        shapes[f"layers.{layer}.transform.weight"] = (fan_out, fan_in)
        shapes[f"layers.{layer}.transform.bias"] = (fan_out,)
    return {name: rng.normal(size=shape).astype(np.float32) for name, shape in shapes.items()}


def _identities() -> tuple[NDArray[np.int64], ...]:
    """Make an edge's maps that leave every unit where it is."""
    return tuple(np.arange(width, dtype=np.int64) for width in LAYERS)


STAND_IN_PORTS: dict[Role, tuple[str, ...]] = {
    Role.GENERATOR: (
        GAINS.name,
        ACTIVITIES.name,
        INITIAL_ACTIVITIES.name,
        MARGINS.name,
        PARAMETERS.name,
    ),
    Role.COORDINATOR: (
        SCHEDULE.name,
        EDGE_MAPS.name,
        MIXED_PARAMETERS.name,
        DERIVATIONS.name,
    ),
    Role.VALIDATOR: (),
}


def triad_around(skill: Skill, values: Mapping[str, Any]) -> dict[Role, Skill]:
    """Put a skill between stand-ins for the other roles.

    Args:
        skill: The skill under test.
        values: Values of ports it reads that are no standard ones. They come from the
            generator; where that is the skill itself, from the coordinator.
    """
    writer = Role.COORDINATOR if skill.card.role is Role.GENERATOR else Role.GENERATOR
    has_weights = skill.card.role is not Role.GENERATOR or PARAMETERS.name in skill.card.produces
    triad = {}
    for role in Role:
        extra = dict(values) if role is writer else {}
        triad[role] = (
            skill if role is skill.card.role else _stand_in(role, extra, has_weights=has_weights)
        )
    return triad


def _stand_in(role: Role, values: dict[str, Any], *, has_weights: bool) -> Skill:
    """Make the skill of a stand-in; a coordinator mixes weights where there are any."""
    written = STAND_IN_PORTS[role]
    consumes: tuple[str, ...] = ()
    if role is Role.COORDINATOR:
        consumes = (PARAMETERS.name,) if has_weights else ()
        written = tuple(n for n in written if has_weights or n != MIXED_PARAMETERS.name)
    card = SkillCard(
        name=f"stand-in-{role.slot}",
        version="0",
        role=role,
        consumes=consumes,
        produces=(*written, *values),
        summary="Plays a role that is not under test.",
    )
    ports: tuple[Port[Any], ...] = tuple(
        Port(name, Any, "sample") for name in values if name not in STANDARD_PORTS
    )
    return Skill(card, Settings, lambda config, context: StandIn(role, values), ports)
