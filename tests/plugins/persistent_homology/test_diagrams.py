import gudhi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plurigrid_ff_persistent_homology.clouds import distances_between
from plurigrid_ff_persistent_homology.diagrams import betti_curve, diagrams_of, distances_of
from plurigrid_ff_persistent_homology.rips import persistence_1
from ripser import ripser

from plurigrid_ff.errors import DataError

seeds = st.integers(0, 2**32 - 1)


def moved_by(points, eps, rng):
    steps = rng.normal(size=points.shape)
    return points + eps * steps / np.linalg.norm(steps, axis=1, keepdims=True)


@given(seed=seeds, points=st.integers(4, 20))
@settings(max_examples=20)
def test_diagrams_match_ripser(seed, points):
    cloud = np.random.default_rng(seed).normal(size=(points, 2))

    found = diagrams_of(cloud, landmarks=points)

    h0, h1 = ripser(cloud, maxdim=1)["dgms"]  # in float32
    finite = np.sort(h0[np.isfinite(h0[:, 1]), 1])
    np.testing.assert_allclose(found.h0[:, 1], finite, atol=1e-5)
    np.testing.assert_allclose(np.sort(found.h1, axis=0), np.sort(h1, axis=0), atol=1e-5)
    assert found.radius == 0


@given(seed=seeds, eps=st.floats(0, 0.5))
@settings(max_examples=15)
def test_moving_points_moves_the_components_by_at_most_twice_as_much(seed, eps):
    rng = np.random.default_rng(seed)
    cloud = rng.normal(size=(20, 3))

    apart = distances_of(diagrams_of(cloud).h0, diagrams_of(moved_by(cloud, eps, rng)).h0)

    assert apart.bottleneck <= 2 * eps + 1e-9
    assert apart.bottleneck <= apart.wasserstein + 1e-9


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.integers(0, 12), st.integers(0, 12))
def test_wasserstein_distances_are_those_of_an_independent_solver(seed, few, many):
    from gudhi.wasserstein import wasserstein_distance

    rng = np.random.default_rng(seed)
    first, second = (np.sort(rng.random((count, 2)), axis=1) for count in (few, many))

    found = distances_of(first, second).wasserstein

    expected = wasserstein_distance(first, second, order=1.0, internal_p=np.inf)
    assert found == pytest.approx(expected, abs=1e-12)


def test_distances_of_hand_computed_diagrams():
    first = np.array([[0.0, 1.0], [2.0, 6.0]])
    second = np.array([[2.0, 5.0]])

    # 6 moves to 5; [0, 1] goes to the diagonal, half of its lifetime away.
    found = distances_of(first, second)

    assert found.bottleneck == pytest.approx(1.0)
    assert found.wasserstein == pytest.approx(1.5)
    empty = np.empty((0, 2))
    assert distances_of(empty, empty).bottleneck == 0
    assert distances_of(first, first).bottleneck == pytest.approx(0, abs=1e-300)
    assert distances_of(first, empty).wasserstein == pytest.approx(2.5)


def test_betti_curves_of_a_square_count_components_and_its_loop():
    square = diagrams_of(np.array([[0.0, 0], [0, 1], [1, 1], [1, 0]]))
    scales = [0.0, 0.5, 1.0, 1.2, 1.5]

    assert (betti_curve(square.h0, scales) + 1).tolist() == [4, 4, 1, 1, 1]
    assert betti_curve(square.h1, scales).tolist() == [0, 0, 1, 1, 0]


@given(seed=seeds)
@settings(max_examples=15)
def test_betti_numbers_of_an_alpha_complex_alternate_to_its_euler_characteristic(seed):
    tree = gudhi.AlphaComplex(
        points=np.random.default_rng(seed).normal(size=(15, 2))
    ).create_simplex_tree()
    tree.compute_persistence(min_persistence=-1)
    scales = np.linspace(0.0, 2.0, 9)

    betti = [betti_curve(tree.persistence_intervals_in_dimension(k), scales) for k in (0, 1)]

    simplices = [(len(simplex) - 1, value) for simplex, value in tree.get_simplices()]
    euler = [sum((-1) ** k for k, value in simplices if value <= scale) for scale in scales]
    assert (betti[0] - betti[1]).tolist() == euler


@given(seed=seeds)
@settings(max_examples=15)
def test_the_persistence_of_a_cloud_in_the_plane_agrees_with_its_landmarks_bound(seed):
    cloud = np.random.default_rng(seed).uniform(size=(60, 2))

    found = diagrams_of(cloud, landmarks=20)

    whole = persistence_1(distances_between(cloud))
    assert found.radius > 0
    assert distances_of(found.h1, whole).bottleneck <= 2 * found.radius + 1e-9


@pytest.mark.parametrize(
    ("points", "message"),
    [
        ([[0.0, 1.0], [2.0]], "expected points of one dimension"),
        ([["a", "b"]] * 5, "are no numbers"),
        (np.zeros((3, 2)), r"at least 4 points, got shape \(3, 2\)"),
        (np.zeros(9), r"got shape \(9,\)"),
        (np.zeros((9, 0)), r"got shape \(9, 0\)"),
        (np.array([[0, np.nan]] * 4), "cloud: 4 of 8 numbers are not finite"),
    ],
)
def test_what_is_no_cloud_is_refused(points, message):
    with pytest.raises(DataError, match=message):
        diagrams_of(points, where="cloud")
