import numpy as np
import pytest

from plurigrid_ff.data.source import to_float


def test_bytes_are_scaled_by_255():
    x = np.array([[0, 51, 255]], dtype=np.uint8)

    result = to_float(x)

    assert result.dtype == np.float32
    np.testing.assert_array_equal(result, np.array([[0, 0.2, 1]], dtype=np.float32))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_result_is_contiguous_whatever_the_order_of_the_input(dtype):
    x = np.asfortranarray(np.arange(6).reshape(2, 3).astype(dtype))

    assert to_float(x).flags.c_contiguous


def test_floats_are_taken_as_they_are_without_a_copy():
    x = np.array([[300.0, -2.0]], dtype=np.float32)

    assert np.shares_memory(to_float(x), x)
