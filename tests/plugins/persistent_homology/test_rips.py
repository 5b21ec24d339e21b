import gudhi
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plurigrid_ff_persistent_homology.clouds import distances_between
from plurigrid_ff_persistent_homology.rips import choose_landmarks, find_loops, persistence_1

seeds = st.integers(0, 2**32 - 1)


def polygon(corners):
    angles = 2 * np.pi * np.arange(corners) / corners
    return np.column_stack([np.cos(angles), np.sin(angles)])


def diagram_of(cloud):
    return persistence_1(distances_between(cloud))


@pytest.mark.parametrize("corners", [4, 5, 6, 7, 10, 12, 25, 60])
def test_a_regular_polygon_has_one_loop_of_known_birth_and_death(corners):
    birth = 2 * np.sin(np.pi / corners)
    death = 2 * np.sin(np.pi * np.ceil(corners / 3) / corners)

    np.testing.assert_allclose(diagram_of(polygon(corners)), [[birth, death]], atol=1e-12)


@pytest.mark.parametrize("corners", [1, 2, 3])
def test_fewer_than_four_points_have_no_loop(corners):
    assert diagram_of(polygon(corners)).shape == (0, 2)


def test_points_on_a_line_have_no_loop():
    assert len(diagram_of(np.arange(20.0)[:, None])) == 0


@given(seed=seeds)
def test_the_threshold_loses_nothing(seed):
    cloud = np.random.default_rng(seed).normal(size=(20, 2))
    tree = gudhi.RipsComplex(points=cloud).create_simplex_tree(max_dimension=2)
    tree.compute_persistence()

    whole = tree.persistence_intervals_in_dimension(1).reshape(-1, 2)

    found = diagram_of(cloud)
    np.testing.assert_allclose(np.sort(found, axis=0), np.sort(whole, axis=0), atol=1e-6)


def test_classes_are_listed_longest_lived_first():
    found = diagram_of(np.random.default_rng(0).normal(size=(60, 2)))

    assert len(found) > 2
    assert (np.diff(found[:, 1] - found[:, 0]) <= 0).all()


@given(seed=seeds, eps=st.floats(0, 0.5))
def test_moving_points_moves_the_diagram_by_at_most_twice_as_much(seed, eps):
    rng = np.random.default_rng(seed)
    cloud, angles = rng.normal(size=(25, 2)), rng.uniform(0, 2 * np.pi, size=25)
    moved = cloud + eps * np.column_stack([np.cos(angles), np.sin(angles)])

    distance = gudhi.bottleneck_distance(diagram_of(cloud), diagram_of(moved))

    assert distance <= 2 * eps + 1e-6


@given(seed=seeds, count=st.integers(4, 40))
@settings(max_examples=20)
def test_landmarks_are_within_twice_the_covering_radius(seed, count):
    distances = distances_between(np.random.default_rng(seed).normal(size=(40, 2)))

    loops = find_loops(distances, count=count)

    radius = loops.landmarks.radius
    covered = distances[:, loops.landmarks.indices].min(axis=1)
    distance = gudhi.bottleneck_distance(persistence_1(distances), loops.diagram)
    assert radius == covered.max()
    assert distance <= 2 * radius + 1e-6


def test_landmarks_are_distinct_and_stop_when_all_points_are_covered():
    distances = distances_between(np.repeat(polygon(5), 3, axis=0))

    landmarks = choose_landmarks(distances, 10)

    assert len(landmarks.indices) == len(set(landmarks.indices.tolist())) == 5
    assert landmarks.radius == 0


def test_betti_numbers_are_read_where_the_landmarks_connect():
    loops = find_loops(distances_between(polygon(30)), count=200)

    assert loops.connected_at == pytest.approx(2 * np.sin(np.pi / 30))
    assert loops.betti_1 == 1
