import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plurigrid_ff_persistent_homology.clouds import distances_between, is_collapsed, scale_rows


def test_rows_have_unit_length_and_dead_rows_stay_zero():
    scaled = scale_rows(np.array([[3.0, 4.0], [0.0, 0.0]], dtype=np.float32))

    np.testing.assert_allclose(scaled, [[0.6, 0.8], [0.0, 0.0]])


def test_channels_are_flattened():
    assert scale_rows(np.ones((2, 3, 4, 4), dtype=np.float32)).shape == (2, 48)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
def test_extreme_activities_neither_overflow_nor_vanish(scale):
    rows = np.array([[3.0, 4.0]], dtype=np.float32) * np.float32(scale)

    np.testing.assert_allclose(scale_rows(rows), [[0.6, 0.8]], rtol=1e-6)


@given(seed=st.integers(0, 2**32 - 1))
def test_distances_are_symmetric_and_duplicates_are_at_exactly_zero(seed):
    cloud = np.random.default_rng(seed).normal(size=(6, 50)).astype(np.float32)

    distances = distances_between(np.vstack([cloud, cloud]))

    np.testing.assert_array_equal(distances, distances.T)
    np.testing.assert_array_equal(distances.diagonal(6), 0)
    np.testing.assert_allclose(distances[0, 1], np.linalg.norm(cloud[0] - cloud[1]), rtol=1e-6)


def test_a_cloud_in_one_point_up_to_float32_has_collapsed():
    rows = np.ones((8, 100), dtype=np.float32)
    rows[3, 5] += np.float32(1e-6)

    assert is_collapsed(distances_between(scale_rows(rows)))
    assert is_collapsed(distances_between(scale_rows(np.zeros((8, 3)))))
    assert not is_collapsed(distances_between(scale_rows(np.eye(8))))
