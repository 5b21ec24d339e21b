import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plurigrid_ff.errors import SheafError
from plurigrid_ff.sheaves.cohomology import cohomology
from plurigrid_ff.sheaves.holonomy import holonomies, holonomy_defect, transport
from plurigrid_ff.sheaves.sheaf import CellularSheaf


def test_a_swap_on_one_edge_moves_two_of_five_units_round_the_cycle():
    maps = {(0, 1): np.array([1, 0, 2, 3, 4]), (1, 2): np.arange(5), (0, 2): np.arange(5)}

    (found,) = holonomies(CellularSheaf.bundle(range(3), 5, maps))

    assert set(found.cycle) == {0, 1, 2}
    assert found.defect == pytest.approx(0.4)


def test_transport_applies_the_map_one_way_and_its_inverse_the_other():
    turn = np.array([1, 2, 0])
    sheaf = CellularSheaf.bundle("ab", 3, {("a", "b"): turn})
    x = np.array([10, 20, 30])

    assert x[transport(sheaf, "a", "b")].tolist() == [20, 30, 10]
    assert x[turn][transport(sheaf, "b", "a")].tolist() == x.tolist()


@settings(max_examples=12)
@given(seed=st.integers(0, 2**16))
def test_maps_between_frames_have_no_holonomy(seed):
    rng = np.random.default_rng(seed)
    graph = nx.gnp_random_graph(6, 0.6, seed=seed)
    frame = {node: rng.permutation(4) for node in graph}
    maps = {(u, v): np.argsort(frame[u])[frame[v]] for u, v in graph.edges}
    sheaf = CellularSheaf.bundle(graph, 4, maps)

    assert holonomy_defect(sheaf) == 0
    assert len(holonomies(sheaf)) == graph.size() - 6 + nx.number_connected_components(graph)
    assert cohomology(sheaf).h0 == 4 * nx.number_connected_components(graph)


@settings(max_examples=12)
@given(seed=st.integers(0, 2**16))
def test_sections_are_what_every_cycle_fixes(seed):
    """h0 of a connected graph is the number of orbits of the holonomy group at its root."""
    rng = np.random.default_rng(seed)
    graph = nx.complete_graph(4)
    sheaf = CellularSheaf.bundle(graph, 4, {e: rng.permutation(4) for e in graph.edges})
    rooted = nx.Graph()
    rooted.add_nodes_from(range(4))
    for found in holonomies(sheaf):
        start = found.cycle[0]
        out = np.arange(4) if start == 0 else transport(sheaf, 0, start)
        back = np.arange(4) if start == 0 else transport(sheaf, start, 0)
        rooted.add_edges_from(zip(range(4), out[found.map][back], strict=True))

    assert cohomology(sheaf).h0 == nx.number_connected_components(rooted)


def test_a_tree_has_no_cycle_and_no_defect():
    sheaf = CellularSheaf.bundle(range(3), 2, {(0, 1): np.array([1, 0]), (1, 2): np.eye(2)})

    assert holonomies(sheaf) == []
    assert holonomy_defect(sheaf) == 0


def test_a_map_without_inverse_cannot_carry_anything_round():
    flat = np.diag([1.0, 0.0])
    sheaf = CellularSheaf(
        dict.fromkeys(range(3), 2),
        dict.fromkeys([(0, 1), (1, 2), (0, 2)], (flat, flat)),
    )

    with pytest.raises(SheafError, match="has no inverse.*ask for the cohomology"):
        holonomies(sheaf)
