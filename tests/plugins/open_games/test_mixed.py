import warnings

import nashpy
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plurigrid_ff_open_games.games import bimatrix, pure_equilibria
from plurigrid_ff_open_games.mixed import mixed_equilibria


def rows_and_columns(found):
    return [np.concatenate([item.row, item.column]).round(6).tolist() for item in found]


def test_battle_of_the_sexes_has_three_equilibria():
    found = mixed_equilibria([[3, 0], [0, 2]], [[2, 0], [0, 3]])

    assert rows_and_columns(found) == [[1, 0, 1, 0], [0, 1, 0, 1], [0.6, 0.4, 0.4, 0.6]]


def test_matching_pennies_are_tossed_evenly():
    found = mixed_equilibria([[1, -1], [-1, 1]], [[-1, 1], [1, -1]])

    assert rows_and_columns(found) == [[0.5, 0.5, 0.5, 0.5]]


def test_the_prisoners_dilemma_has_one_equilibrium():
    found = mixed_equilibria([[-1, -3], [0, -2]], [[-1, 0], [-3, -2]])

    assert rows_and_columns(found) == [[0, 1, 0, 1]]


@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(2, 4), columns=st.integers(2, 4))
@settings(max_examples=15)
def test_random_games_match_nashpy_and_hold_the_pure_equilibria(seed, rows, columns):
    row, column = np.random.default_rng(seed).normal(size=(2, rows, columns))

    found = mixed_equilibria(row, column)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        # Not support_enumeration, which misses some by rounding (nashpy 0.0.43).
        known = [np.concatenate(pair) for pair in nashpy.Game(row, column).vertex_enumeration()]
    assert len(found) % 2 == 1  # nondegenerate: almost surely
    np.testing.assert_allclose(
        sorted(rows_and_columns(found)),
        sorted((pair.round(6) + 0.0).tolist() for pair in known),
        atol=1e-6,
    )
    pure = [(i.row.index(1.0), i.column.index(1.0)) for i in found if max(i.row) == 1.0]
    assert sorted(pure) == list(pure_equilibria(bimatrix(row.tolist(), column.tolist())))


@given(seed=st.integers(0, 2**32 - 1))
def test_nobody_gains_by_leaving_a_mixed_equilibrium(seed):
    row, column = np.random.default_rng(seed).normal(size=(2, 3, 4))

    for item in mixed_equilibria(row, column):
        x, y = np.array(item.row), np.array(item.column)
        assert (row @ y).max() == pytest.approx(x @ row @ y)
        assert (x @ column).max() == pytest.approx(x @ column @ y)


@pytest.mark.parametrize(
    ("row", "column", "message"),
    [
        ([[1, 2]], [[1], [2]], r"matrices of one shape .* got \(1, 2\) and \(2, 1\)"),
        ([], [], "matrices of one shape"),
        ([[float("nan")]], [[0]], "utilities must be finite"),
    ],
)
def test_what_is_no_game_is_refused(row, column, message):
    with pytest.raises(ValueError, match=message):
        mixed_equilibria(row, column)
