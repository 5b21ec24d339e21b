import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plurigrid_ff_open_games.deviations import epsilon_nash
from plurigrid_ff_open_games.games import bimatrix, profiles, regret


def quadratic(player, profile):
    """Each player wants to be where the other is, plus one."""
    return -((profile[player] - profile[1 - player] - 1.0) ** 2)


def test_epsilon_is_the_most_that_one_deviation_gains():
    found = epsilon_nash(quadratic, (0.0, 1.0), [(1.0, 2.0), (0.5,)])

    assert found.regrets == (4.0, 0.0)
    assert found.epsilon == 4.0
    assert str(found) == "4-Nash with respect to 3 declared deviations"


def test_the_claim_is_about_the_declared_deviations_alone():
    few = epsilon_nash(quadratic, (0.0, 1.0), [(-1.0,), ()])
    more = epsilon_nash(quadratic, (0.0, 1.0), [(-1.0, 2.0), ()])

    assert few.epsilon == 0
    assert more.epsilon == 4
    assert few.deviations == (1, 0)


@given(seed=st.integers(0, 2**32 - 1))
def test_all_deviations_of_a_finite_game_give_its_regret(seed):
    row, column = np.random.default_rng(seed).normal(size=(2, 3, 2)).tolist()
    game = bimatrix(row, column)

    for profile in profiles(game):
        found = epsilon_nash(game.utility, profile, [range(count) for count in game.actions])
        assert found.epsilon == regret(game, profile)


def test_a_set_of_deviations_is_needed_for_every_player():
    with pytest.raises(ValueError, match="each of the 2 players, got 1"):
        epsilon_nash(quadratic, (0.0, 1.0), [(1.0,)])


def test_a_utility_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="utility of player 0 must be a finite number, got nan"):
        epsilon_nash(lambda player, profile: float("nan"), (0,), [()])
