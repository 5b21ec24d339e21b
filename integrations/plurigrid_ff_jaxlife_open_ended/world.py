"""A world: its state, and one step of it as a pure, compiled function of arrays."""

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from plurigrid_ff.derivation import derive_key
from plurigrid_ff_jaxlife_open_ended.backend import jax, jnp
from plurigrid_ff_jaxlife_open_ended.brain import (
    Brain,
    Brains,
    draw_brains,
    goodness,
    learn,
    probability,
)
from plurigrid_ff_jaxlife_open_ended.config import ACTIONS, NUM_FEATURES, WorldConfig
from plurigrid_ff_jaxlife_open_ended.life import (
    Fate,
    Population,
    Rules,
    choose,
    make_rules,
    settle,
    turn_over,
)
from plurigrid_ff_jaxlife_open_ended.torus import grow, move_and_eat, observe

if TYPE_CHECKING:
    from jax import Array


class Tally(NamedTuple):
    """Counts since the last record, whole numbers; they balance.

    ``energy after = energy before + food_energy * eaten - agent_steps - buried``, and
    ``food after = food before + grown - eaten``.
    """

    agent_steps: "Array"
    eaten: "Array"
    grown: "Array"
    deaths: "Array"
    births: "Array"
    buried: "Array"


class World(NamedTuple):
    """All that the next step depends on, beside the rules.

    Attributes:
        people: The agents.
        place: Row and column of each, shape ``(agents, 2)``.
        food: Where food is, shape ``(size, size)``, bool.
        step: Steps since the beginning.
        tally: Counts since the last record.
    """

    people: Population
    place: "Array"
    food: "Array"
    step: "Array"
    tally: Tally


class WorldRules(NamedTuple):
    """Numbers of a :class:`WorldConfig` as arrays."""

    life: Rules
    discount: "Array"
    regrowth: "Array"


def world_rules(config: WorldConfig, *, neutral: bool = False) -> WorldRules:
    """Write settings as arrays; ``neutral`` for those of a shadow."""
    return WorldRules(
        make_rules(config, config.seed, neutral=neutral),
        jnp.float32(config.discount),
        jnp.float32(config.regrowth),
    )


def begin(config: WorldConfig, ancestor: Brain | None = None) -> World:
    """Draw a world at its first step: agents everywhere, with random brains.

    Args:
        config: The settings.
        ancestor: A brain of which all agents begin with a copy instead; births then vary it.
    """
    rng = np.random.default_rng(derive_key(config.seed, "founders"))
    agents, size = config.agents, config.size
    brains = draw_brains(rng, agents, config.hidden, NUM_FEATURES, len(ACTIONS))
    if ancestor is not None:
        brains = Brains(
            jnp.asarray(np.repeat(ancestor.weight[None], agents, axis=0)),
            jnp.asarray(np.repeat(ancestor.bias[None], agents, axis=0)),
        )
    people = settle(brains, config, rng)
    place = rng.integers(0, size, (agents, 2), dtype=np.int32)
    food = rng.random((size, size)) < config.start_food
    return World(
        people=people,
        place=jnp.asarray(place),
        food=jnp.asarray(food),
        step=jnp.int32(0),
        tally=empty_tally(),
    )


def empty_tally() -> Tally:
    """Return counts of 0, each an array of its own."""
    return Tally(*(jnp.int32(0) for _ in Tally._fields))


def no_fate() -> Fate:
    """Return what a world that selects is given for a fate."""
    return Fate(jnp.int32(0), jnp.int32(0))


@partial(jax.jit, static_argnames="max_births", donate_argnums=0)
def advance(world: World, rules: WorldRules, fate: Fate, *, max_births: int) -> tuple[World, Fate]:
    """Let one step pass: act, eat, learn, die, breed, see.

    What an action brought is a positive to the degree ``y``: 1 where the agent has eaten, else
    the discounted probability that it gives to the best action that it has next; 0 if it died.

    Args:
        world: Before; its buffers are taken over and cannot be used again.
        rules: The numbers.
        fate: What happened in the world that a shadow follows; see :func:`no_fate`.
        max_births: At most so many children.

    Returns:
        The world after the step, and how many died and were born.
    """
    life = rules.life
    acting, eating, growing, living = jax.random.split(jax.random.fold_in(life.key, world.step), 4)
    before = world.people
    seen = observe(world.food, world.place, before.alive, before.energy, life.birth_energy)
    action = choose(acting, goodness(before.brains, seen), life.exploration)
    meal = move_and_eat(eating, world.food, world.place, before.alive, action)
    food = grow(growing, meal.food, rules.regrowth)

    next_seen = observe(food, meal.place, before.alive, before.energy, life.birth_energy)
    prospect = probability(goodness(before.brains, next_seen).max(axis=1), life.slopes)
    starves = before.energy + jnp.where(meal.fed, life.food_energy, 0) <= 1
    target = jnp.where(meal.fed, 1.0, jnp.where(starves, 0.0, rules.discount * prospect))
    rate = jnp.where(before.alive, life.learning_rate, 0.0)
    brains = learn(before.brains, seen, action, target, rate, life.slopes)

    turned = turn_over(living, before._replace(brains=brains), meal.fed, life, fate, max_births)
    people = turned.population
    place = meal.place.at[turned.slot].set(meal.place[turned.parent], mode="drop")
    counts = Tally(
        agent_steps=before.alive.sum(),
        eaten=meal.fed.sum(),
        grown=food.sum() - meal.food.sum(),
        deaths=turned.fate.deaths,
        births=turned.fate.births,
        buried=turned.buried,
    )
    after = World(
        people=people,
        place=place,
        food=food,
        step=world.step + 1,
        tally=Tally(*(old + new for old, new in zip(world.tally, counts, strict=True))),
    )
    return after, turned.fate


def named_arrays(world: World) -> dict[str, Any]:
    """Return all arrays of a world by the names that its file gives them."""
    people = world.people
    return {
        "brains.weight": people.brains.weight,
        "brains.bias": people.brains.bias,
        "innate.weight": people.innate.weight,
        "innate.bias": people.innate.bias,
        **{name: getattr(people, name) for name in ("energy", "age", "alive", "founder")},
        "place": world.place,
        "food": world.food,
        "step": world.step,
        **{f"tally.{name}": value for name, value in world.tally._asdict().items()},
    }
