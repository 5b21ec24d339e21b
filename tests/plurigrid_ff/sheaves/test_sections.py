import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plurigrid_ff.errors import SheafError
from plurigrid_ff.sheaves.obstruction import consistency_radius, discord, obstruction
from plurigrid_ff.sheaves.sections import distance_to_sections, harmonic_extension, project
from plurigrid_ff.sheaves.sheaf import CellularSheaf


def test_harmonic_extension_on_a_path_is_linear():
    sheaf = CellularSheaf.constant(nx.path_graph(6))

    found = harmonic_extension(sheaf, {0: np.array([1.0]), 5: np.array([11.0])})

    np.testing.assert_allclose(np.ravel(list(found.values.values())), [1, 3, 5, 7, 9, 11])
    assert found.energy == pytest.approx(5 * 2**2)


def test_what_extends_to_a_section_leaves_no_energy():
    turn = np.array([2, 0, 1])
    sheaf = CellularSheaf.bundle("abc", 3, {("a", "b"): turn, ("b", "c"): turn})
    columns = np.arange(6.0).reshape(3, 2)

    found = harmonic_extension(sheaf, {"a": columns})

    np.testing.assert_allclose(found.values["c"], columns[turn][turn], atol=1e-8)
    assert found.energy == pytest.approx(0, abs=1e-12)
    np.testing.assert_array_equal(found.values["a"], columns)


def test_nobody_absent_and_nobody_within_reach():
    sheaf = CellularSheaf.constant(nx.disjoint_union(nx.path_graph(2), nx.path_graph(2)))
    here = {node: np.array([float(node)]) for node in range(4)}

    assert harmonic_extension(sheaf, here).energy == pytest.approx(2)
    with pytest.raises(SheafError, match="absent, and no path joins it"):
        harmonic_extension(sheaf, {0: here[0]})


@settings(max_examples=12)
@given(seed=st.integers(0, 2**16))
def test_projection_is_the_nearest_section_however_it_is_found(seed):
    rng = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(5, 0.7, seed=seed)
    maps = {edge: rng.permutation(3) for edge in graph.edges}
    by_orbits = CellularSheaf.bundle(graph, 3, maps)
    by_fit = CellularSheaf.bundle(graph, 3, {e: np.eye(3)[m] for e, m in maps.items()})
    x = rng.normal(size=(15, 2))
    dense = by_fit.d0.toarray()
    oracle = x - np.linalg.pinv(dense) @ dense @ x

    np.testing.assert_allclose(project(by_orbits, x), oracle, atol=1e-8)
    np.testing.assert_allclose(project(by_fit, x), oracle, atol=1e-6)


def test_distance_is_relative_and_zero_for_sections():
    sheaf = CellularSheaf.constant(nx.complete_graph(2))

    assert distance_to_sections(sheaf, np.array([1.0, -1.0])) == pytest.approx(1)
    assert distance_to_sections(sheaf, np.array([3.0, 3.0])) == 0
    assert distance_to_sections(sheaf, np.zeros(2)) == 0


def test_coboundaries_of_any_node_data_have_no_class():
    rng = np.random.default_rng(1)
    sheaf = CellularSheaf.constant(nx.complete_graph(5), 2)

    rest = obstruction(sheaf, sheaf.d0 @ rng.normal(size=10))

    np.testing.assert_allclose(rest, 0, atol=1e-8)


def test_the_obstruction_on_a_cycle_spreads_evenly():
    sheaf = CellularSheaf.constant(nx.cycle_graph(5))
    b = np.zeros(5)
    b[2] = 1.0

    np.testing.assert_allclose(np.abs(obstruction(sheaf, b)), 0.2, atol=1e-9)


def test_least_squares_leave_six_tenths_at_a_bad_edge_of_five_who_all_talk():
    sheaf = CellularSheaf.constant(nx.complete_graph(5))
    b = np.zeros(10)
    b[3] = 1.0

    assert obstruction(sheaf, b)[3] == pytest.approx(0.6)


def test_edge_data_of_another_length_are_refused():
    with pytest.raises(SheafError, match=r"must have shape \(5,\)"):
        obstruction(CellularSheaf.constant(nx.cycle_graph(5)), np.zeros(4))


def test_discords_sum_to_the_energy():
    rng = np.random.default_rng(2)
    sheaf = CellularSheaf.constant(nx.cycle_graph(5), 3)
    x = rng.normal(size=15)

    squares = sum(value**2 for value in discord(sheaf, x).values())

    assert squares == pytest.approx(x @ sheaf.laplacian @ x)
    assert consistency_radius(sheaf, x) == max(discord(sheaf, x).values())


def test_cochains_come_apart_as_they_were_put_together():
    sheaf = CellularSheaf({"a": 1, "b": 2}, {})
    values = {"b": np.array([2.0, 3.0]), "a": np.array([1.0])}

    stacked = sheaf.cochain(values)

    assert stacked.tolist() == [1, 2, 3]
    assert sheaf.by_node(stacked)["b"].tolist() == [2, 3]
    with pytest.raises(SheafError, match="node 'b': expected a value of dimension 2, got none"):
        sheaf.cochain({"a": values["a"]})
