import jax
import jax.numpy as jnp
import numpy as np
from plurigrid_ff_jaxlife_open_ended.config import ACTIONS, VIEW
from plurigrid_ff_jaxlife_open_ended.torus import EAT, features, luckiest, move_and_eat

SIZE = 12
EATS = jax.jit(move_and_eat)


def test_what_an_agent_sees_is_the_torus_turned_to_it():
    rng = np.random.default_rng(0)
    food, alive = rng.random((SIZE, SIZE)) < 0.4, rng.random(24) < 0.7
    place, energy = rng.integers(0, SIZE, (24, 2), dtype=np.int32), rng.integers(0, 99, 24)

    seen = np.asarray(jax.jit(features)(food, place, alive, energy.astype(np.int32), 80))

    crowd = np.zeros((SIZE, SIZE), int)
    np.add.at(crowd, tuple(place[alive].T), 1)
    for agent in range(24):
        turn = tuple(2 - place[agent])
        others = np.roll(crowd, turn, (0, 1))[:5, :5].copy()
        others[2, 2] -= alive[agent]
        wanted = np.roll(food, turn, (0, 1))[:5, :5].ravel()
        np.testing.assert_array_equal(seen[agent, :VIEW], wanted)
        np.testing.assert_array_equal(seen[agent, VIEW : 2 * VIEW], others.ravel() > 0)
        np.testing.assert_allclose(seen[agent, 2 * VIEW :], [min(energy[agent] / 80, 1), 1])


def test_of_several_that_eat_from_a_cell_one_is_fed_and_each_has_its_chance():
    food = np.zeros((SIZE, SIZE), bool)
    food[3, 4] = food[0, 0] = True
    place = np.full((24, 2), 7, np.int32)
    place[:4] = (3, 4)
    alive = np.ones(24, bool)
    alive[3] = False
    action = np.full(24, EAT, np.int32)
    fed = set()

    for seed in range(40):
        meal = EATS(jax.random.key(seed), food, place, alive, action)
        (one,) = np.flatnonzero(meal.fed)
        fed.add(int(one))
        assert np.argwhere(meal.food).tolist() == [[0, 0]]

    assert fed == {0, 1, 2}


def test_of_equally_lucky_ones_one_is_fed():
    luck, cell = np.array([5, 7, 7, 9, 7]), np.array([1, 1, 1, 0, 1])
    bites = np.array([True, True, True, True, False])

    assert luckiest(luck, bites, cell, 3).tolist() == [False, False, True, True, False]


def test_moves_go_round_the_torus_and_pass_food_by():
    food, place = np.ones((SIZE, SIZE), bool), np.zeros((24, 2), np.int32)
    action = np.arange(24, dtype=np.int32) % len(ACTIONS)
    action[action == EAT] = 0

    meal = EATS(jax.random.key(0), food, place, np.ones(24, bool), action)

    moved = dict(zip(ACTIONS, np.asarray(meal.place)[:5].tolist(), strict=False))
    assert moved == {
        "rest": [0, 0],
        "north": [11, 0],
        "east": [0, 1],
        "south": [1, 0],
        "west": [0, 11],
    }
    assert bool(jnp.all(meal.food))
    assert not bool(jnp.any(meal.fed))
