import warnings
from itertools import product

import nashpy
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plurigrid_ff_open_games.games import (
    Game,
    best_response_dynamics,
    best_responses,
    bimatrix,
    deviate,
    is_nash,
    profiles,
    pure_equilibria,
    regret,
)

PRISONERS = bimatrix([[-1, -3], [0, -2]], [[-1, 0], [-3, -2]])  # 0 stays silent, 1 betrays
SEXES = bimatrix([[3, 0], [0, 2]], [[2, 0], [0, 3]])
PENNIES = bimatrix([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])


def equilibria_by_brute_force(row, column):
    """Cells that are the largest of their column for row, and of their row for column."""
    return tuple(
        (a, b)
        for a, b in product(range(row.shape[0]), range(row.shape[1]))
        if row[a, b] == row[:, b].max() and column[a, b] == column[a].max()
    )


def test_prisoners_betray_each_other_though_silence_is_better_for_both():
    found = pure_equilibria(PRISONERS)

    assert found == ((1, 1),)
    assert PRISONERS.utility(0, (0, 0)) > PRISONERS.utility(0, (1, 1))


def test_battle_of_the_sexes_has_two_pure_equilibria():
    assert pure_equilibria(SEXES) == ((0, 0), (1, 1))


def test_matching_pennies_has_no_pure_equilibrium():
    assert pure_equilibria(PENNIES) == ()


def test_dynamics_of_matching_pennies_go_in_a_circle_and_say_so():
    play = best_response_dynamics(PENNIES, (0, 0))

    assert not play.converged
    assert play.end in play.path[:-1]


def test_best_responses_of_an_indifferent_player_are_a_set():
    indifferent = bimatrix([[1, 0], [1, 0], [0, 5]], [[0, 0], [0, 0], [0, 0]])

    assert best_responses(indifferent, 0, (2, 0)) == {0, 1}
    assert best_responses(indifferent, 1, (0, 0)) == {0, 1}


def test_tolerance_makes_a_tie_of_nearly_equal_utilities():
    def utility(player, profile):
        return 1e-14 * profile[player]

    exact = Game(actions=(2,), utility=utility)
    blunt = Game(actions=(2,), utility=utility, tolerance=1e-12)

    assert best_responses(exact, 0, (0,)) == {1}
    assert best_responses(blunt, 0, (0,)) == {0, 1}


def test_regret_is_what_the_most_regretful_player_gives_up():
    assert regret(PRISONERS, (0, 0)) == 1
    assert regret(PRISONERS, (1, 1)) == 0
    assert regret(Game(actions=(), utility=lambda player, profile: 0.0), ()) == 0


def test_deviate_changes_one_players_action():
    assert deviate((0, 1, 2), 1, 7) == (0, 7, 2)


def test_profiles_number_the_product_of_the_actions():
    assert len(set(profiles(Game((2, 3, 4), lambda player, profile: 0.0)))) == 24


def test_a_wrong_potential_is_found_out():
    with pytest.raises(ValueError, match="potential must rise from"):
        best_response_dynamics(PRISONERS, (0, 0), potential=lambda profile: 0.0)


@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 4), columns=st.integers(1, 4))
def test_pure_equilibria_of_integer_games_match_brute_force(seed, rows, columns):
    rng = np.random.default_rng(seed)
    row, column = rng.integers(-2, 3, size=(2, rows, columns))  # few values: many ties
    game = bimatrix(row.tolist(), column.tolist())

    found = pure_equilibria(game)

    assert found == equilibria_by_brute_force(row, column)
    assert all(is_nash(game, profile) == (regret(game, profile) == 0) for profile in profiles(game))


@given(seed=st.integers(0, 2**32 - 1), actions=st.integers(2, 4))
def test_pure_equilibria_match_support_enumeration(seed, actions):
    row, column = np.random.default_rng(seed).normal(size=(2, actions, actions))

    found = pure_equilibria(bimatrix(row.tolist(), column.tolist()))

    with warnings.catch_warnings():
        # nashpy warns of an even number of equilibria; pure ones are found all the same.
        warnings.simplefilter("ignore", RuntimeWarning)
        enumerated = list(nashpy.Game(row, column).support_enumeration())
    pure = {(int(a.argmax()), int(b.argmax())) for a, b in enumerated if a.max() == b.max() == 1.0}
    assert set(found) == pure


@given(seed=st.integers(0, 2**32 - 1))
def test_dynamics_of_a_common_interest_game_end_at_an_equilibrium(seed):
    shared = np.random.default_rng(seed).normal(size=(3, 4))
    game = bimatrix(shared.tolist(), shared.tolist())

    play = best_response_dynamics(game, (0, 0), potential=lambda profile: shared[profile])

    assert play.converged
    assert is_nash(game, play.end)
