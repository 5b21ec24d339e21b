import numpy as np
import pytest

from plurigrid_ff.data.checks import (
    check_inputs,
    check_labels,
    check_test,
    name_classes,
    pair,
)
from plurigrid_ff.data.source import Samples
from plurigrid_ff.errors import DataError


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_located(value):
    x = np.zeros((3, 2, 4))
    x[1, 0, 3] = value

    with pytest.raises(DataError, match=rf"f: x\[1, 0, 3\] is {value}, expected a finite"):
        check_inputs(x, where="f: x")


def test_a_value_that_float32_cannot_hold_is_located():
    with pytest.raises(DataError, match=r"x\[0, 1\] is 1e\+300, expected a finite float32"):
        check_inputs(np.array([[1.0, 1e300]]), where="x")


def test_text_in_the_place_of_numbers_is_refused():
    with pytest.raises(DataError, match="expected numbers, got dtype <U1"):
        check_inputs(np.array([["a"]]), where="x")


def test_a_flat_array_is_no_samples():
    with pytest.raises(DataError, match=r"\(samples, \*features\), got \(5,\)"):
        check_inputs(np.zeros(5), where="x")


@pytest.mark.parametrize("shape", [(0, 4), (4, 0)])
def test_no_samples_or_no_features_are_refused(shape):
    with pytest.raises(DataError, match="holds no samples"):
        check_inputs(np.zeros(shape), where="x")


@pytest.mark.parametrize("dtype", ["f2", ">f4", "f8", "i1", ">i2", "i8", "u8", "?"])
def test_numbers_of_any_type_become_float32(dtype):
    result = check_inputs(np.array([[0, 1]], dtype=dtype), where="x")

    assert result.dtype == np.dtype("f4")
    assert result.tolist() == [[0, 1]]


def test_bytes_stay_bytes_until_they_are_scaled():
    assert check_inputs(np.zeros((1, 1), np.uint8), where="x").dtype == np.uint8


@pytest.mark.parametrize("dtype", ["u1", ">i4", "u8", "f4", "f8"])
def test_labels_of_any_number_type_become_int64(dtype):
    result = check_labels(np.array([2, 0, 1], dtype=dtype), where="y")

    assert result.dtype == np.int64
    assert result.tolist() == [2, 0, 1]


def test_labels_in_one_column_are_accepted():
    assert check_labels(np.array([[1], [0]]), where="y").tolist() == [1, 0]


def test_one_hot_labels_are_refused_with_the_remedy():
    with pytest.raises(DataError, match=r"got \(3, 3\).*argmax"):
        check_labels(np.eye(3), where="y")


def test_a_negative_label_is_located():
    with pytest.raises(DataError, match=r"y\[2\] is -1, expected 0 to"):
        check_labels(np.array([0, 1, -1]), where="y")


@pytest.mark.parametrize("label", [0.5, np.nan])
def test_a_label_that_is_no_integer_is_located(label):
    with pytest.raises(DataError, match=rf"y\[1\] is {label}, expected an integer"):
        check_labels(np.array([0, label]), where="y")


@pytest.mark.parametrize("label", [2**31, 2**64 - 1, np.inf])
def test_a_label_out_of_range_is_located(label):
    dtype = float if label == np.inf else np.uint64

    with pytest.raises(DataError, match=r"y\[1\] is .*, expected 0 to 2147483647"):
        check_labels(np.array([0, label], dtype=dtype), where="y")


def test_text_labels_in_an_array_are_refused():
    with pytest.raises(DataError, match="expected integers, got dtype <U3"):
        check_labels(np.array(["cat", "dog"]), where="y")


def test_unequal_numbers_of_inputs_and_labels_are_both_given():
    with pytest.raises(DataError, match="a has 3 samples, but b has 2 labels"):
        pair(np.zeros((3, 1)), np.zeros(2), where_x="a", where_y="b")


def test_classes_are_named_by_their_numbers():
    assert name_classes(np.array([1, 0, 2, 1]), where="y") == ("0", "1", "2")


@pytest.mark.parametrize(("labels", "missing"), [([0, 1, 3], 2), ([1, 2], 0), ([0, 2**31 - 1], 1)])
def test_a_gap_in_the_labels_is_named(labels, missing):
    with pytest.raises(DataError, match=f"class {missing} has 0 samples.*without a gap"):
        name_classes(np.array(labels), where="y")


def test_one_class_alone_is_refused():
    with pytest.raises(DataError, match="at least two classes, got only '0'"):
        name_classes(np.zeros(5, np.int64), where="y")


def test_bytes_for_training_and_floats_for_testing_are_refused():
    y = np.array([0, 1])
    train, test = Samples(np.zeros((2, 1), np.uint8), y), Samples(np.zeros((2, 1), np.float32), y)

    with pytest.raises(DataError, match="got one of each"):
        check_test(train, test, 2, where="f")
