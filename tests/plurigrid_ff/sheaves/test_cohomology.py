from fractions import Fraction
from itertools import combinations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plurigrid_ff.errors import SheafError, UndecidableError
from plurigrid_ff.sheaves.cohomology import cohomology
from plurigrid_ff.sheaves.exact import exact_rank, orbits
from plurigrid_ff.sheaves.holonomy import holonomies
from plurigrid_ff.sheaves.sheaf import CellularSheaf

# Each is the list of triangles of a closed surface.
SPHERE = list(combinations(range(4), 3))
TORUS = [((i, (i + a) % 7, (i + 3) % 7)) for i in range(7) for a in (1, 2)]
PROJECTIVE_PLANE = [
    tuple(map(int, face))
    for face in ("012", "023", "034", "045", "051", "124", "235", "341", "452", "513")
]


def surface(triangles):
    graph = nx.Graph()
    graph.add_nodes_from(sorted({node for triangle in triangles for node in triangle}))
    for triangle in triangles:
        graph.add_edges_from(combinations(triangle, 2))
    return CellularSheaf.constant(graph, triangles=triangles)


def betti(sheaf):
    found = cohomology(sheaf)
    return found.h0, found.h1, found.h2


def as_floats(sheaf):
    """Write the same sheaf with maps of floats, so that singular values decide."""
    edges = {e: tuple(np.eye(len(m))[m] for m in maps) for e, maps in sheaf.edges.items()}
    faces = {t: tuple(np.eye(len(m))[m] for m in maps) for t, maps in sheaf.triangles.items()}
    return CellularSheaf(sheaf.node_dims, edges, faces)


@pytest.mark.parametrize(
    ("sheaf", "expected"),
    [
        (CellularSheaf.constant(nx.cycle_graph(5)), (1, 1, 0)),
        (CellularSheaf.constant(nx.balanced_tree(2, 3)), (1, 0, 0)),
        (CellularSheaf.constant(nx.disjoint_union(nx.path_graph(3), nx.cycle_graph(4))), (2, 1, 0)),
        (surface(SPHERE), (1, 0, 1)),
        (surface(TORUS), (1, 2, 1)),
        (surface(PROJECTIVE_PLANE), (1, 0, 0)),
    ],
)
def test_betti_numbers_of_known_spaces(sheaf, expected):
    assert betti(sheaf) == expected
    assert betti(as_floats(sheaf)) == expected
    assert cohomology(as_floats(sheaf)).method == "singular values"


def test_the_moebius_line_bundle_has_no_cohomology():
    edges = [(i, (i + 1) % 5) for i in range(5)]
    sign = {edge: np.array([[-1 if edge == (4, 0) else 1]]) for edge in edges}
    sheaf = CellularSheaf.bundle(range(5), 1, sign)

    assert betti(sheaf) == (0, 0, 0)
    assert cohomology(sheaf).method == "elimination"


def test_an_orthogonal_bundle_has_the_sections_that_its_holonomy_fixes():
    """O(4) bundle over a cycle: the maps compose to a rotation of one plane."""
    rng = np.random.default_rng(0)
    turns = [np.linalg.qr(rng.normal(size=(4, 4)))[0] for _ in range(6)]
    plane = np.eye(4)
    plane[:2, :2] = [[np.cos(1.0), -np.sin(1.0)], [np.sin(1.0), np.cos(1.0)]]
    frames = [*turns, plane @ turns[0]]
    maps = {(i, (i + 1) % 6): frames[i + 1] @ frames[i].T for i in range(6)}
    sheaf = CellularSheaf.bundle(range(6), 4, maps)

    (holonomy,) = holonomies(sheaf)

    assert betti(sheaf) == (2, 2, 0)
    assert np.linalg.matrix_rank(holonomy.map - np.eye(4), tol=1e-9) == 2
    assert holonomy.defect == pytest.approx(1 - (2 + 2 * np.cos(1.0)) / 4)


@settings(max_examples=12)
@given(data=st.data(), seed=st.integers(0, 2**16))
def test_orbits_count_what_elimination_and_singular_values_count(data, seed):
    graph = nx.gnp_random_graph(5, 0.6, seed=seed)
    dim = data.draw(st.integers(1, 4))
    permutations = st.permutations(range(dim)).map(np.array)
    maps = {edge: data.draw(permutations) for edge in graph.edges}
    sheaf = CellularSheaf.bundle(graph, dim, maps)
    matrices = {edge: np.eye(dim, dtype=int)[map] for edge, map in maps.items()}

    found = cohomology(sheaf)

    assert found.method == "orbits"
    for other in (matrices, {e: m.astype(float) for e, m in matrices.items()}):
        same = cohomology(CellularSheaf.bundle(graph, dim, other))
        assert (same.h0, same.h1) == (found.h0, found.h1)
    assert found.euler == dim * (len(graph) - graph.size())


def test_orbits_are_what_moves_together():
    sheaf = CellularSheaf.bundle("ab", 3, {("a", "b"): np.array([1, 2, 0])})

    place = orbits(sheaf)

    assert [place[1], place[2], place[0]] == place[3:].tolist()


def test_exact_rank_of_fractions_where_floats_would_see_another():
    third = Fraction(1, 3)
    matrix = np.array([[third, 1], [1, 3]], dtype=object)

    assert exact_rank(matrix) == 1
    assert exact_rank(np.array([[10**17, 1], [10**17 + 1, 1]], dtype=object)) == 2


@settings(max_examples=12)
@given(seed=st.integers(0, 2**16), rank=st.integers(0, 4))
def test_exact_rank_of_a_product_of_random_integers(seed, rank):
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-9, 10, (5, rank)) @ rng.integers(-9, 10, (rank, 6))

    assert exact_rank(matrix.astype(object)) == np.linalg.matrix_rank(matrix)


def test_a_rank_without_gap_is_refused():
    maps = {(0, 1): np.diag(10.0 ** -np.arange(12)), (1, 2): np.eye(12), (0, 2): np.eye(12)}
    spread = {(0, 1): (np.diag(10.0 ** -np.arange(16)), np.zeros((16, 16)))}

    with pytest.raises(UndecidableError, match=r"singular gap of at least 1000, got"):
        cohomology(CellularSheaf({0: 16, 1: 16}, spread))
    assert cohomology(CellularSheaf.bundle(range(3), 12, maps)).gap > 1e3


def test_too_large_a_question_says_what_to_ask_instead():
    sheaf = as_floats(CellularSheaf.constant(nx.path_graph(3100)))

    with pytest.raises(SheafError, match="at most 3000 numbers per cochain, got 3100; write"):
        cohomology(sheaf)
    assert cohomology(CellularSheaf.constant(nx.path_graph(3100))).h0 == 1


def test_maps_that_disagree_round_a_triangle_are_refused():
    graph = nx.complete_graph(3)
    sheaf = CellularSheaf.constant(graph, triangles=[(0, 1, 2)])
    wrong = {**sheaf.edges, (0, 2): (np.array([[2.0]]), np.array([[1.0]]))}

    with pytest.raises(SheafError, match=r"triangle \(0, 1, 2\): d1 d0 must be 0, got"):
        CellularSheaf(sheaf.node_dims, wrong, sheaf.triangles)


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ({(0, 0): (np.array([0]), np.array([0]))}, "must join two different nodes"),
        ({(0, 1): (np.eye(2), np.eye(1))}, r"must have shape \(2, 1\).*got \(2, 2\)"),
        (
            {(0, 1): (np.array([0]),) * 2, (1, 0): (np.array([0]),) * 2},
            "stands there in both directions",
        ),
    ],
)
def test_maps_that_fit_nothing_are_refused(edges, message):
    with pytest.raises(SheafError, match=message):
        CellularSheaf({0: 1, 1: 1}, edges)


@pytest.mark.parametrize(
    ("map", "message"),
    [
        (np.array([0, 0]), r"must be a permutation of 0 \.\. 1"),
        (np.array([0.0, 1.0]), "must be a permutation"),
        (np.zeros((1, 2, 2)), r"got shape \(1, 2, 2\)"),
        (np.array([[np.nan, 0], [0, 1]]), "not finite"),
    ],
)
def test_what_is_no_map_is_refused(map, message):
    with pytest.raises(SheafError, match=message):
        CellularSheaf.bundle("ab", 2, {("a", "b"): map})
