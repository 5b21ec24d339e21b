from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from plurigrid_ff_open_games.budget import BudgetGame, find_equilibrium
from plurigrid_ff_open_games.games import (
    best_response_dynamics,
    deviate,
    is_nash,
    profiles,
    pure_equilibria,
    regret,
)

# Integers, so that sums are exact and "equal" means equal.
gains = st.lists(st.integers(-20, 60), min_size=1, max_size=7)
costs = st.integers(0, 20)


@st.composite
def games_with_profiles(draw):
    game = BudgetGame(tuple(map(float, draw(gains))), float(draw(costs)))
    size = len(game.gains)
    profile = tuple(draw(st.lists(st.integers(0, 1), min_size=size, max_size=size)))
    return game, profile


def test_three_layers_of_a_worked_example():
    game = BudgetGame(gains=(10.0, 6.0, 3.0), cost=4.0)

    found = find_equilibrium(game, (1, 1, 1))

    assert found == (1, 1, 0)  # the third would gain 3 and pay 2 * 4
    assert game.utility(0, found) == 6
    assert game.potential(found) == 12
    assert pure_equilibria(game.as_game()) == ((1, 1, 0),)


def test_no_layer_trains_where_every_gain_is_negative():
    assert find_equilibrium(BudgetGame((-1.0, -2.0), 0.0), (1, 1)) == (0, 0)


def test_no_layers_have_an_empty_equilibrium():
    assert find_equilibrium(BudgetGame((), 1.0), ()) == ()
    assert BudgetGame((), 1.0).regret(()) == 0


def test_which_layers_train_may_depend_on_the_start():
    game = BudgetGame(gains=(5.0, 6.0), cost=10.0)

    assert find_equilibrium(game, (1, 0)) == (1, 0)
    assert find_equilibrium(game, (0, 0)) == (0, 1)
    assert pure_equilibria(game.as_game()) == ((0, 1), (1, 0))


@given(games_with_profiles())
def test_potential_changes_by_what_the_deviating_layer_gains(drawn):
    game, profile = drawn

    for layer in range(len(profile)):
        other = deviate(profile, layer, 1 - profile[layer])
        gained = game.utility(layer, other) - game.utility(layer, profile)
        assert game.potential(other) - game.potential(profile) == gained
        assert game.improvements(profile)[layer] == gained


@given(games_with_profiles())
def test_equilibrium_is_stable_under_every_unilateral_deviation(drawn):
    game, start = drawn

    found = find_equilibrium(game, start)

    assert is_nash(game.as_game(), found)
    assert game.regret(found) == regret(game.as_game(), found) == 0
    assert game.potential(found) >= game.potential(start)


@given(games_with_profiles())
def test_potential_never_falls_along_best_response_dynamics(drawn):
    game, start = drawn

    play = best_response_dynamics(game.as_game(), start, potential=game.potential)

    heights = [game.potential(profile) for profile in play.path]
    assert play.converged
    assert all(after > before for before, after in pairwise(heights))


@given(games_with_profiles())
def test_a_best_profile_of_the_potential_is_an_equilibrium(drawn):
    game, _ = drawn

    best = max(profiles(game.as_game()), key=game.potential)

    assert game.regret(best) == 0


@given(drawn=games_with_profiles(), seed=st.integers(0, 2**32 - 1))
def test_permuting_layers_permutes_the_equilibrium_where_gains_are_distinct(drawn, seed):
    game, start = drawn
    distinct = tuple(gain + 0.001 * layer for layer, gain in enumerate(game.gains))
    order = np.random.default_rng(seed).permutation(len(start))

    found = find_equilibrium(BudgetGame(distinct, game.cost), start)
    permuted = find_equilibrium(
        BudgetGame(tuple(distinct[i] for i in order), game.cost), tuple(start[i] for i in order)
    )

    assert permuted == tuple(found[i] for i in order)


@given(seed=st.integers(0, 2**32 - 1), cost=st.floats(0, 3))
def test_a_thousand_layers_settle_within_two_moves_each(seed, cost):
    rng = np.random.default_rng(seed)
    game = BudgetGame(tuple(rng.normal(size=1000)), cost)
    start = tuple(rng.integers(0, 2, size=1000).tolist())
    moves = 0

    class Counted(BudgetGame):
        def improvements(self, profile):
            nonlocal moves
            moves += 1
            return super().improvements(profile)

    found = find_equilibrium(Counted(game.gains, game.cost), start)

    assert game.regret(found) == 0
    assert moves <= 2 * len(start) + 1
