from itertools import permutations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plurigrid_ff.errors import AlignmentError
from plurigrid_ff.sheaves.holonomy import holonomy_defect
from plurigrid_ff.sheaves.matching import by_cells, correlations, match
from plurigrid_ff.sheaves.sheaf import CellularSheaf
from plurigrid_ff.sheaves.synchronisation import map_between, synchronise
from plurigrid_ff.sheaves.units import Segment, UnitSymmetry, gathered, spread


def society(graph, units, noise, seed, groups=1):
    """Agents that say the same in orders of their own, each with noise of its own."""
    rng = np.random.default_rng(seed)
    said = np.maximum(rng.normal(size=(60, units)), 0)
    runs = np.arange(units).reshape(groups, -1)
    order = {agent: rng.permuted(runs, axis=1).ravel() for agent in graph}
    heard = {}
    for agent in graph:
        heard[agent] = np.empty_like(said)
        heard[agent][:, order[agent]] = said + noise * rng.normal(size=said.shape)
    return heard, order


def scores_of(graph, heard):
    return {(u, v): correlations(heard[u], heard[v]) for u, v in graph.edges}


def test_correlations_are_those_of_numpy_and_a_silent_unit_has_none():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 30, 4)).astype(np.float32)
    one[:, 2] = 0.7

    found = correlations(one, other)

    with np.errstate(invalid="ignore"):
        oracle = np.corrcoef(one.T.astype(float), other.T.astype(float))[:4, 4:]
    np.testing.assert_allclose(found[[0, 1, 3]], oracle[[0, 1, 3]], atol=1e-6)
    assert (found[2] == 0).all()


@given(seed=st.integers(0, 2**16))
@settings(max_examples=12)
def test_a_match_is_the_best_of_all_permutations(seed):
    scores = np.random.default_rng(seed).normal(size=(5, 5))

    best = max(permutations(range(5)), key=lambda p: scores[range(5), p].sum())

    assert match(scores).tolist() == list(best)


def test_matches_stay_within_their_group():
    scores = np.ones((4, 4))
    scores[:2, :2] = np.eye(2)[::-1] - 5
    scores[2:, 2:] = np.eye(2) - 5

    assert match(scores, groups=2).tolist() == [1, 0, 2, 3]


@pytest.mark.parametrize("groups", [1, 3])
def test_synchronisation_recovers_hidden_orders_through_noise(groups):
    graph = nx.circulant_graph(8, [1, 2])
    heard, order = society(graph, 12, noise=0.8, seed=3, groups=groups)

    found = synchronise(list(graph), scores_of(graph, heard), groups)

    for u, v in graph.edges:
        assert map_between(found, u, v).tolist() == map_between(order, u, v).tolist()


@given(seed=st.integers(0, 2**16), noise=st.sampled_from([0.5, 3.0, 30.0]))
@settings(max_examples=12)
def test_synchronised_maps_close_round_every_cycle_and_fit_better_than_a_tree(seed, noise):
    graph = nx.gnp_random_graph(6, 0.6, seed=seed)
    heard, _ = society(graph, 6, noise, seed)
    scores = scores_of(graph, heard)

    order = synchronise(list(graph), scores)
    maps = {(u, v): np.argsort(map_between(order, u, v)) for u, v in graph.edges}

    assert holonomy_defect(CellularSheaf.bundle(graph, 6, maps)) == 0
    tree = nx.bfs_tree(graph, 0)
    along = {0: np.arange(6)}
    for u, v in nx.bfs_edges(tree, 0):
        fit = scores[u, v] if (u, v) in scores else scores[v, u].T
        along[v] = match(fit)[along[u]]
    if len(along) == 6 and noise < 1:
        assert fit_of(scores, order) >= fit_of(scores, along) - 1e-9


def fit_of(scores, order):
    return sum(fit[np.arange(6), map_between(order, u, v)].sum() for (u, v), fit in scores.items())


def test_agents_without_neighbours_keep_their_order():
    graph = nx.empty_graph(2)

    assert [p.tolist() for p in synchronise([0, 1], {}).values()] == [[], []]
    graph.add_edge(0, 1)
    heard, _ = society(graph, 4, 0.0, 0)
    assert synchronise([0, 1, 2], scores_of(graph, heard))[2].tolist() == [0, 1, 2, 3]


def test_a_permutation_of_units_moves_all_of_their_cells():
    p = np.array([2, 0, 1])

    assert spread(p, 2).tolist() == [4, 5, 0, 1, 2, 3]
    assert gathered(spread(p, 2), 2).tolist() == [2, 0, 1]
    with pytest.raises(AlignmentError, match="must move units of 2 cells as a whole"):
        gathered(np.array([1, 0, 2, 3]), 2)


def test_cells_become_probes():
    activities = np.arange(12).reshape(2, 6)

    assert by_cells(activities, 3).tolist() == [[0, 3], [1, 4], [2, 5], [6, 9], [7, 10], [8, 11]]


def test_numbers_move_as_their_tensors_do():
    rows, columns = (Segment(3, 0),), (Segment(2),)
    symmetry = UnitSymmetry((3,), (1,), (1,), {"w": (rows, columns), "b": (rows,)})
    tensors = {"w": np.arange(6.0).reshape(3, 2), "b": np.array([7.0, 8.0, 9.0])}
    p = np.array([1, 2, 0])
    flat = np.concatenate([tensors["w"].ravel(), tensors["b"]])

    moved = symmetry.carried(tensors, [p])

    assert moved["w"].tolist() == [[2, 3], [4, 5], [0, 1]]
    np.testing.assert_array_equal(
        flat[symmetry.number_order(("w", "b"), [p])],
        np.concatenate([moved["w"].ravel(), moved["b"]]),
    )
