from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plurigrid_ff_open_games.games import bimatrix, pure_equilibria
from plurigrid_ff_open_games.open_games import (
    Context,
    decision,
    equilibria,
    identity,
    leader_and_follower,
    lens,
    parallel,
    payoffs,
    sequential,
)

seeds = st.integers(0, 2**32 - 1)

# The entrant comes in or stays out; the incumbent fights or shares.
ENTRY = payoffs(
    {
        ("in", "fight"): (-1, -1),
        ("in", "share"): (1, 1),
        ("out", "fight"): (0, 2),
        ("out", "share"): (0, 2),
    }
)


def moves(found):
    """Pick what the leader does and how the follower answers every lead."""
    return {(lead, answers) for ((lead,), _), (_, answers) in found}


def table_of(row, column):
    return payoffs(
        {(a, b): (row[a][b], column[a][b]) for a, b in np.ndindex(np.asarray(row).shape)}
    )


def simultaneous(rows, columns):
    return parallel(decision((None,), range(rows)), decision((None,), range(columns)))


@pytest.mark.parametrize(
    ("row", "column", "expected"),
    [
        ([[-1, -3], [0, -2]], [[-1, 0], [-3, -2]], [(1, 1)]),
        ([[3, 0], [0, 2]], [[2, 0], [0, 3]], [(0, 0), (1, 1)]),
        ([[1, -1], [-1, 1]], [[-1, 1], [1, -1]], []),
    ],
    ids=["prisoner's dilemma", "battle of the sexes", "matching pennies"],
)
def test_two_decisions_in_parallel_are_a_bimatrix_game(row, column, expected):
    context = Context((None, None), table_of(row, column))

    found = equilibria(simultaneous(2, 2), context)

    assert [(a, b) for (a,), (b,) in found] == expected


@given(seed=seeds, rows=st.integers(1, 3), columns=st.integers(1, 3))
def test_parallel_composition_has_the_equilibria_of_the_strategic_form(seed, rows, columns):
    row, column = np.random.default_rng(seed).integers(-1, 2, size=(2, rows, columns)).tolist()
    context = Context((None, None), table_of(row, column))

    found = equilibria(simultaneous(rows, columns), context)

    expected = pure_equilibria(bimatrix(row, column))
    assert tuple((a, b) for (a,), (b,) in found) == expected


def test_an_empty_threat_is_a_nash_equilibrium_and_not_subgame_perfect():
    context = Context(None, ENTRY)
    leads, follows = ("in", "out"), ("fight", "share")
    threat = ("out", ("fight", "share"))

    nash = moves(equilibria(leader_and_follower(leads, follows, refinement="nash"), context))
    perfect = moves(
        equilibria(leader_and_follower(leads, follows, refinement="subgame-perfect"), context)
    )

    assert threat in nash
    assert threat not in perfect
    assert perfect == {("in", ("share", "fight")), ("in", ("share", "share"))}


@given(seed=seeds, leads=st.integers(1, 3), follows=st.integers(1, 3))
@settings(max_examples=25)
def test_sequential_composition_matches_backward_induction_and_brute_force(seed, leads, follows):
    worth = np.random.default_rng(seed).integers(-1, 2, size=(leads, follows, 2))  # many ties
    context = Context(None, lambda y: tuple(worth[y].tolist()))
    plans = list(product(range(follows), repeat=leads))

    def is_nash(lead, plan):
        return worth[lead, plan[lead], 1] == worth[lead, :, 1].max() and worth[
            lead, plan[lead], 0
        ] == max(worth[other, plan[other], 0] for other in range(leads))

    def is_perfect(lead, plan):
        answers_best = all(worth[a, plan[a], 1] == worth[a, :, 1].max() for a in range(leads))
        return answers_best and is_nash(lead, plan)

    for refinement, holds in (("nash", is_nash), ("subgame-perfect", is_perfect)):
        game = leader_and_follower(range(leads), range(follows), refinement=refinement)
        expected = {(lead, plan) for lead in range(leads) for plan in plans if holds(lead, plan)}
        assert moves(equilibria(game, context)) == expected


def test_an_indifferent_player_has_several_best_responses():
    game = decision(("left", "right"), "abc")
    worth = Context("left", {"a": 1.0, "b": 1.0, "c": 0.0}.get)

    found = game.best_responses(worth, ("c", "c"))

    assert found == {(here, there) for here in "ab" for there in "abc"}


def test_tolerance_makes_ties_of_nearly_equal_worths():
    game = decision((None,), (0, 1), tolerance=1e-9)

    assert len(equilibria(game, Context(None, lambda action: 1e-12 * action))) == 2


@given(seed=seeds)
def test_sequential_composition_is_associative_and_has_a_unit(seed):
    rng = np.random.default_rng(seed)
    onward, back, worth = rng.integers(0, 3, size=3), rng.normal(size=(3, 3)), rng.normal(size=3)
    first = decision((0,), range(3))
    middle = lens(lambda y: int(onward[y]), lambda y, r: back[y, 0] + r)
    last = lens(lambda y: (y + 1) % 3, lambda y, r: back[y, 1] * r)
    context = Context(0, lambda y: float(worth[y]))

    left = sequential(sequential(first, middle), last)
    right = sequential(first, sequential(middle, last))
    unit = sequential(identity(), sequential(first, identity()))

    assert [s for ((s, _), _) in equilibria(left, context)] == [
        s for (s, _) in equilibria(right, context)
    ]
    assert [s for (_, (s, _)) in equilibria(unit, context)] == list(equilibria(first, context))
    for choice in first.strategies:
        assert left.coplay(((choice, ()), ()), 0, 1.0) == right.coplay((choice, ((), ())), 0, 1.0)
        assert left.play(((choice, ()), ()), 0) == right.play((choice, ((), ())), 0)


def test_coplay_hands_worths_back_through_both_games():
    game = sequential(
        lens(lambda x: x + 1, lambda x, r: ("first", x, r)),
        lens(lambda x: 10 * x, lambda x, r: ("second", x, r)),
    )

    assert game.play(((), ()), 1) == 20
    assert game.coplay(((), ()), 1, "worth") == ("first", 1, ("second", 2, "worth"))


def test_equilibria_depend_on_the_context():
    game = decision((None,), ("stay", "go"))

    praised = equilibria(game, Context(None, {"stay": 0.0, "go": 1.0}.get))
    scolded = equilibria(game, Context(None, {"stay": 0.0, "go": -1.0}.get))

    assert (praised, scolded) == ((("go",),), (("stay",),))
