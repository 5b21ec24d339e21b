import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plurigrid_ff.errors import SheafError
from plurigrid_ff.sheaves.localisation import agent_suspects, edge_suspects, localise
from plurigrid_ff.sheaves.sheaf import CellularSheaf


def with_bad_edge(graph, place, noise=0.0, seed=0):
    rng = np.random.default_rng(seed)
    sheaf = CellularSheaf.constant(graph)
    b = sheaf.d0 @ rng.normal(size=len(graph)) + noise * rng.normal(size=graph.size())
    b[place] += 1.0
    return sheaf, b, list(sheaf.edges)[place]


def test_an_l1_fit_finds_the_bad_edge_of_five_who_all_talk():
    sheaf, b, bad = with_bad_edge(nx.complete_graph(5), 3)

    found = localise(sheaf.d0, b, edge_suspects(sheaf))

    assert found.culprit == bad
    assert found.shares[bad] == pytest.approx(1)
    assert found.invisible == ()
    assert found.reason == f"only {bad} explains the residual"


def test_on_one_cycle_nobody_can_be_blamed():
    sheaf, b, _ = with_bad_edge(nx.cycle_graph(5), 2)

    found = localise(sheaf.d0, b, edge_suspects(sheaf))

    assert found.culprit is None
    assert set(found.rivals) == set(sheaf.edges)
    assert found.reason.startswith("not identifiable: ")


def test_bridges_are_never_visible():
    graph = nx.complete_graph(4)
    graph.add_edge(3, 4)
    sheaf, b, bad = with_bad_edge(graph, list(graph.edges).index((3, 4)))

    found = localise(sheaf.d0, b, edge_suspects(sheaf))

    assert bad == (3, 4)
    assert found.invisible == tuple(sheaf.edges)
    assert found.reason == "the data are consistent"
    sheaf, b, other = with_bad_edge(graph, 0)
    assert localise(sheaf.d0, b, edge_suspects(sheaf)).invisible == ((3, 4),)
    assert localise(sheaf.d0, b, edge_suspects(sheaf)).culprit == other


def test_edges_in_series_cannot_be_told_apart():
    graph = nx.complete_graph(4)
    nx.add_path(graph, [0, 4, 1])
    sheaf, b, bad = with_bad_edge(graph, list(graph.edges).index((0, 4)))

    found = localise(sheaf.d0, b, edge_suspects(sheaf))

    assert bad in found.rivals
    assert set(found.rivals) == {(0, 4), (1, 4)}


def test_an_agent_is_blamed_for_all_of_its_edges():
    rng = np.random.default_rng(5)
    sheaf = CellularSheaf.constant(nx.circulant_graph(8, [1, 2]))
    b = sheaf.d0 @ rng.normal(size=8) + 0.01 * rng.normal(size=16)
    suspects = agent_suspects(sheaf)
    b[suspects[6]] += rng.normal(size=4)

    assert localise(sheaf.d0, b, suspects).culprit == 6


@settings(max_examples=12)
@given(seed=st.integers(0, 2**20), noise=st.sampled_from([0.01, 0.1, 0.5]))
def test_a_blamed_edge_is_the_bad_one(seed, noise):
    graph = nx.circulant_graph(8, [1, 2])
    sheaf, b, bad = with_bad_edge(graph, seed % 16, noise, seed)

    found = localise(sheaf.d0, b, edge_suspects(sheaf))

    assert found.culprit in (bad, None)
    if noise == 0.01:
        assert found.culprit == bad


def test_noise_alone_blames_nobody():
    blamed = 0
    for seed in range(12):
        rng = np.random.default_rng(seed)
        sheaf = CellularSheaf.constant(nx.circulant_graph(8, [1, 2]))
        found = localise(sheaf.d0, rng.normal(size=16), edge_suspects(sheaf))
        blamed += found.culprit is not None

    assert blamed == 0


def test_too_many_rows_are_refused_with_what_to_ask_instead():
    with pytest.raises(SheafError, match="at most 2000 edge numbers, got 2001; ask for the disc"):
        localise(np.ones((2001, 1)), np.zeros(2001), {})
