"""The habitat: a torus of cells in which food grows, and what agents see, do and get there."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from plurigrid_ff_jaxlife_open_ended.backend import jax, jnp
from plurigrid_ff_jaxlife_open_ended.brain import unit_rms
from plurigrid_ff_jaxlife_open_ended.config import ACTIONS, RADIUS, VIEW

if TYPE_CHECKING:
    from jax import Array

EAT = ACTIONS.index("eat")
MOVES = np.array([[0, 0], [-1, 0], [0, 1], [1, 0], [0, -1], [0, 0]], np.int32)
"""Rows and columns that each action moves an agent by; row 0 is in the north."""

_reach = np.arange(-RADIUS, RADIUS + 1)
OFFSETS = np.stack(np.meshgrid(_reach, _reach, indexing="ij"), axis=-1).reshape(VIEW, 2)
"""Rows and columns of the view, from the north-west, relative to its middle."""


class Meal(NamedTuple):
    """What a step brought.

    Attributes:
        place: Where agents are now, shape ``(agents, 2)``: row, column.
        food: What is left, shape ``(size, size)``, bool.
        fed: Who has eaten, shape ``(agents,)``, bool.
    """

    place: "Array"
    food: "Array"
    fed: "Array"


def features(
    food: "Array", place: "Array", alive: "Array", energy: "Array", birth_energy: "Array"
) -> "Array":
    """Return what agents see, before it is scaled, ``(agents, NUM_FEATURES)``.

    Food in view, others in view, both 0 or 1 from the north-west to the south-east, own energy
    over what breeding takes, within [0, 1], and a one.
    """
    size = food.shape[0]
    rows = (place[:, None, 0] + OFFSETS[:, 0]) % size
    columns = (place[:, None, 1] + OFFSETS[:, 1]) % size
    cell = rows * size + columns  # (agents, VIEW)
    here = place[:, 0] * size + place[:, 1]
    crowd = jnp.zeros(size * size, jnp.int32).at[here].add(alive.astype(jnp.int32))
    others = crowd[cell].at[:, VIEW // 2].add(-alive.astype(jnp.int32)) > 0
    own = jnp.clip(energy / birth_energy, 0, 1)
    return jnp.concatenate(
        [food.reshape(-1)[cell], others, own[:, None], jnp.ones_like(own)[:, None]], axis=1
    ).astype(jnp.float32)


def observe(
    food: "Array", place: "Array", alive: "Array", energy: "Array", birth_energy: "Array"
) -> "Array":
    """Return :func:`features` as brains read them, at unit root mean square."""
    return unit_rms(features(food, place, alive, energy, birth_energy))


def move_and_eat(
    key: "Array", food: "Array", place: "Array", alive: "Array", action: "Array"
) -> Meal:
    """Do what agents chose. Of several that eat from one cell, one gets it, drawn at random."""
    size, agents = food.shape[0], alive.shape[0]
    place = (place + jnp.asarray(MOVES)[action]) % size
    cell = place[:, 0] * size + place[:, 1]
    bites = alive & (action == EAT)
    luck = jax.random.randint(key, (agents,), 1, 1 << 30)
    there = food.reshape(-1)
    fed = luckiest(luck, bites, cell, size * size) & there[cell]
    left = there.at[jnp.where(fed, cell, size * size)].set(False, mode="drop")
    return Meal(place, left.reshape(size, size), fed)


def luckiest(luck: "Array", bites: "Array", cell: "Array", cells: int) -> "Array":
    """Mark one of those that bite in each cell: the luckiest; of equals the highest slot.

    Args:
        luck: Positive whole numbers, shape ``(agents,)``.
        bites: Who takes part, shape ``(agents,)``, bool.
        cell: Where each is, shape ``(agents,)``.
        cells: How many cells there are.
    """
    luck = jnp.where(bites, luck, 0)
    leads = bites & (luck == jnp.zeros(cells, luck.dtype).at[cell].max(luck)[cell])
    slot = jnp.where(leads, jnp.arange(luck.shape[0]), -1)
    return leads & (slot == jnp.full(cells, -1).at[cell].max(slot)[cell])


def grow(key: "Array", food: "Array", regrowth: "Array") -> "Array":
    """Let food grow in empty cells."""
    return food | (jax.random.uniform(key, food.shape) < regrowth)
