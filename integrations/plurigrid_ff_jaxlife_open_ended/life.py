"""Energy, death and birth: what selects, and what replaces it in a neutral shadow."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from plurigrid_ff.derivation import derive_key
from plurigrid_ff_jaxlife_open_ended.backend import jax, jnp
from plurigrid_ff_jaxlife_open_ended.brain import Brains, Slopes
from plurigrid_ff_jaxlife_open_ended.config import LifeConfig

if TYPE_CHECKING:
    from jax import Array


class Population(NamedTuple):
    """Agents in a fixed number of slots, of which some are empty.

    Attributes:
        brains: Weights as they are now.
        innate: Weights as each agent was born with.
        energy: Whole numbers, shape ``(agents,)``; 0 in empty slots.
        age: Steps lived, shape ``(agents,)``.
        alive: Which slots are taken, shape ``(agents,)``.
        founder: The first slot that each descends from, shape ``(agents,)``.
    """

    brains: Brains
    innate: Brains
    energy: "Array"
    age: "Array"
    alive: "Array"
    founder: "Array"


class Rules(NamedTuple):
    """The numbers of a :class:`LifeConfig` as arrays, so that one trace serves all of them."""

    key: "Array"
    slopes: Slopes
    learning_rate: "Array"
    exploration: "Array"
    mutation: "Array"
    food_energy: "Array"
    birth_energy: "Array"
    newborn_energy: "Array"
    max_age: "Array"
    lamarckian: "Array"
    neutral: "Array"


class Fate(NamedTuple):
    """How many die and are born in a step, which a neutral shadow copies."""

    deaths: "Array"
    births: "Array"


class Turnover(NamedTuple):
    """What a step's deaths and births did.

    Attributes:
        population: Afterwards.
        slot: Slots of the newborn; the number of slots where there is none, so that a scatter
            drops it. Shape ``(max_births,)``.
        parent: Slots of their parents, shape ``(max_births,)``.
        fate: How many died and were born.
        buried: Energy that the dead had left.
    """

    population: Population
    slot: "Array"
    parent: "Array"
    fate: Fate
    buried: "Array"


def make_rules(config: LifeConfig, seed: int, *, neutral: bool = False) -> Rules:
    """Write settings as arrays.

    Args:
        config: The settings.
        seed: Every draw derives from it.
        neutral: Of a shadow: nobody learns, and who dies and who breeds is drawn.
    """
    learns = config.learning and not neutral
    return Rules(
        # A shadow draws apart from its world.
        key=jax.random.key(derive_key(seed, "shadow" if neutral else "world") & 0xFFFFFFFF),
        slopes=Slopes(jnp.float32(config.threshold), jnp.float32(config.sharpness)),
        learning_rate=jnp.float32(config.learning_rate if learns else 0.0),
        exploration=jnp.float32(config.exploration),
        mutation=jnp.float32(config.mutation),
        food_energy=jnp.int32(config.food_energy),
        birth_energy=jnp.int32(config.birth_energy),
        newborn_energy=jnp.int32(config.newborn_energy),
        max_age=jnp.int32(config.max_age),
        lamarckian=jnp.bool_(config.inheritance == "learned"),
        neutral=jnp.bool_(neutral),
    )


def settle(brains: Brains, config: LifeConfig, rng: np.random.Generator) -> Population:
    """Fill every slot with a founder.

    Their ages are drawn, or all of them that live long would die in one step.
    """
    agents = brains.bias.shape[0]
    return Population(
        brains=brains,
        # A copy of its own: a donated state may name no buffer twice.
        innate=Brains(jnp.array(brains.weight), jnp.array(brains.bias)),
        energy=jnp.asarray(np.full(agents, config.newborn_energy, np.int32)),
        age=jnp.asarray(rng.integers(0, config.max_age, agents, dtype=np.int32)),
        alive=jnp.asarray(np.ones(agents, bool)),
        founder=jnp.asarray(np.arange(agents, dtype=np.int32)),
    )


def choose(key: "Array", goodness: "Array", exploration: "Array") -> "Array":
    """Return each agent's action: that of highest goodness, or now and then any."""
    agents, actions = goodness.shape
    explores, any_action = jax.random.split(key)
    drawn = jax.random.randint(any_action, (agents,), 0, actions)
    explore = jax.random.uniform(explores, (agents,)) < exploration
    return jnp.where(explore, drawn, goodness.argmax(axis=1))


def turn_over(
    key: "Array", people: Population, fed: "Array", rules: Rules, fate: Fate, max_births: int
) -> Turnover:
    """Feed agents, let a step pass, bury the dead and bear children.

    Selected: an agent dies without energy or of age, and those with most energy breed. Neutral: as
    many die and breed as ``fate`` says, drawn at random.

    Args:
        key: Of this step.
        people: Before.
        fed: Who has eaten, shape ``(agents,)``, bool.
        rules: The numbers.
        fate: Of the world that a shadow follows; unread by a world that selects.
        max_births: At most so many children.
    """
    slots = people.alive.shape[0]
    dying, breeding, mutating = jax.random.split(key, 3)
    alive = people.alive
    energy = people.energy + jnp.where(fed, rules.food_energy, 0) - alive
    age = people.age + alive
    rank = _ranks(jnp.where(alive, jax.random.uniform(dying, (slots,)), jnp.inf))
    doomed = jnp.where(rules.neutral, rank < fate.deaths, (energy <= 0) | (age >= rules.max_age))
    dead = alive & doomed
    buried = jnp.where(dead, energy, 0).sum()
    alive = alive & ~dead
    energy = jnp.where(alive, energy, 0)

    drawn = jax.random.randint(breeding, (slots,), 1, 1 << 30)
    wish = jnp.where(rules.neutral, drawn, energy)
    pull, parent = jax.lax.top_k(jnp.where(alive, wish, 0), max_births)
    _, empty = jax.lax.top_k((~alive).astype(jnp.int32), max_births)
    place = jnp.arange(max_births)
    born = jnp.where(
        rules.neutral,
        place < fate.births,
        (pull >= rules.birth_energy) & (place < slots - alive.sum()),
    )
    slot, source = jnp.where(born, empty, slots), jnp.where(born, parent, slots)
    gift = rules.newborn_energy
    population = Population(
        brains=people.brains,
        innate=people.innate,
        energy=energy.at[source].add(-gift, mode="drop").at[slot].set(gift, mode="drop"),
        age=age.at[slot].set(0, mode="drop"),
        alive=alive.at[slot].set(True, mode="drop"),
        founder=people.founder.at[slot].set(people.founder[parent], mode="drop"),
    )
    population = _bear(mutating, population, slot, parent, rules)
    return Turnover(population, slot, parent, Fate(dead.sum(), born.sum()), buried)


def _bear(
    key: "Array", people: Population, slot: "Array", parent: "Array", rules: Rules
) -> Population:
    """Write the newborn's brains: their parents', as learned or as born, with noise."""
    learned, innate = people.brains, people.innate
    weight = jnp.where(rules.lamarckian, learned.weight[parent], innate.weight[parent])
    bias = jnp.where(rules.lamarckian, learned.bias[parent], innate.bias[parent])
    deviation = rules.mutation * (2 / weight.shape[2]) ** 0.5  # over that of initial weights
    of_weight, of_bias = jax.random.split(key)
    weight = weight + deviation * jax.random.normal(of_weight, weight.shape)
    bias = bias + deviation * jax.random.normal(of_bias, bias.shape)

    def write(brains: Brains) -> Brains:
        return Brains(
            brains.weight.at[slot].set(weight, mode="drop"),
            brains.bias.at[slot].set(bias, mode="drop"),
        )

    return people._replace(brains=write(learned), innate=write(innate))


def _ranks(score: "Array") -> "Array":
    """Return each entry's place in ascending order, ``(n,) -> (n,)``."""
    order = jnp.argsort(score)
    return jnp.zeros_like(order).at[order].set(jnp.arange(order.shape[0]))
