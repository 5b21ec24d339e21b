import gudhi
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plurigrid_ff_persistent_homology.clouds import distances_between
from plurigrid_ff_persistent_homology.connected import (
    cross_class_share,
    cross_class_shares,
    deaths,
    spanning_trees,
)
from scipy.stats import ortho_group

seeds = st.integers(0, 2**32 - 1)


def merges_by_union_find(distances):
    """Kruskal: the lengths at which components merge, ascending."""
    parent = list(range(len(distances)))

    def root(i):
        while parent[i] != i:
            i = parent[i]
        return i

    merged = []
    first, second = np.triu_indices(len(distances), 1)
    for e in np.argsort(distances[first, second], kind="stable"):
        a, b = root(first[e]), root(second[e])
        if a != b:
            parent[a] = b
            merged.append(distances[first[e], second[e]])
    return np.array(merged)


def gudhi_deaths(points):
    tree = gudhi.RipsComplex(points=points).create_simplex_tree(max_dimension=1)
    tree.compute_persistence(homology_coeff_field=2, min_persistence=-1, persistence_dim_max=True)
    ends = tree.persistence_intervals_in_dimension(0)[:, 1]
    return np.sort(ends[np.isfinite(ends)])


@given(seed=seeds, points=st.integers(1, 30), features=st.integers(1, 5))
def test_deaths_are_the_merges_of_union_find(seed, points, features):
    distances = distances_between(np.random.default_rng(seed).normal(size=(points, features)))

    np.testing.assert_array_equal(deaths(distances), merges_by_union_find(distances))


@given(seed=seeds, points=st.integers(2, 25))
def test_deaths_match_gudhi(seed, points):
    cloud = np.random.default_rng(seed).integers(0, 4, size=(points, 2)).astype(float)

    found = deaths(distances_between(cloud))

    np.testing.assert_allclose(found, gudhi_deaths(cloud), atol=1e-12)


def test_duplicates_die_at_once():
    cloud = np.array([[0.1, 0.7], [3.0, 0.7], [0.1, 0.7], [0.1, 0.7]])

    np.testing.assert_array_equal(deaths(distances_between(cloud)), [0.0, 0.0, 2.9])


def test_a_batch_is_its_clouds_one_by_one():
    rng = np.random.default_rng(3)
    batch = np.stack([distances_between(rng.normal(size=(9, 2))) for _ in range(4)])
    labels = rng.integers(0, 3, size=(4, 9))

    shares = cross_class_shares(batch, labels)

    for cloud, share, own in zip(batch, shares, labels, strict=True):
        assert share == cross_class_shares(cloud[None], own[None])[0]
    np.testing.assert_array_equal(
        spanning_trees(batch).lengths[1], spanning_trees(batch[1:2]).lengths[0]
    )


def test_share_counts_the_merges_between_classes():
    line = np.array([[0.0], [1.0], [2.5], [3.6], [5.5]])

    assert cross_class_share(line, np.array([0, 0, 1, 1, 1])) == 1 / 4
    assert cross_class_share(line, np.array([0, 1, 0, 1, 0])) == 1
    assert cross_class_share(line, np.array([7, 7, 7, 7, 7])) == 0


def test_ties_give_the_same_tree_every_time():
    square = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])

    ends = spanning_trees(distances_between(square)[None]).ends[0].tolist()

    assert ends == [[0, 1], [0, 2], [1, 3]]


@given(seed=seeds, scale=st.floats(1e-3, 1e3))
def test_share_ignores_rotation_scale_and_order(seed, scale):
    rng = np.random.default_rng(seed)
    cloud, labels = rng.normal(size=(40, 4)), rng.integers(0, 3, size=40)
    turn, order = ortho_group.rvs(4, random_state=rng), rng.permutation(40)

    share = cross_class_share(cloud, labels)
    moved = cross_class_share(scale * (cloud @ turn)[order], labels[order])

    assert 0 <= share <= 1
    assert moved == pytest.approx(share)


@given(seed=seeds)
def test_well_separated_classes_merge_once_per_further_class(seed):
    rng = np.random.default_rng(seed)
    labels = np.arange(30) % 3
    cloud = rng.uniform(-1, 1, size=(30, 2)) + 100 * labels[:, None]

    assert cross_class_share(cloud, labels) == pytest.approx(2 / 29)
