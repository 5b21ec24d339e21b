import numpy as np
import pytest

from plurigrid_ff.data.npz import read_npz, read_npz_inputs
from plurigrid_ff.errors import DataError


def test_four_keys_give_a_source_with_a_test_split(tmp_path, images):
    path = tmp_path / "a.npz"
    np.savez(path, **images)

    source = read_npz(path)

    np.testing.assert_array_equal(source.train.x, images["x_train"])
    np.testing.assert_array_equal(source.test.y, images["y_test"])
    assert source.class_names == ("0", "1", "2")


def test_two_keys_give_a_source_without_a_test_split(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.zeros((4, 2, 2)), y=[0, 1, 0, 1])

    source = read_npz(path)

    assert source.train.x.shape == (4, 2, 2)
    assert source.test is None


def test_a_single_split_key_asks_for_the_other_three(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x_train=np.zeros((4, 2)), y_train=[0, 1, 0, 1])

    with pytest.raises(DataError, match="missing x_test, y_test"):
        read_npz(path)


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("x_train", np.full((6, 2), np.nan), r"x_train\[0, 0\] is nan"),
        ("y_train", np.array([0, 1, 2, 0, 1, -3]), r"y_train\[5\] is -3"),
        ("y_train", np.array([0.0, 1, 2, 0, 1, 1.5]), r"y_train\[5\] is 1.5"),
        ("y_train", np.array([0, 1, 3, 0, 1, 3]), "class 2 has 0 samples"),
        ("y_train", np.zeros(6, int), "at least two classes"),
        ("y_test", np.array([0, 1]), "x_test has 3 samples, but .*y_test has 2 labels"),
        ("y_test", np.array([0, 1, 3]), "test label 2 is 3"),
        ("x_test", np.zeros((3, 5), np.uint8), r"\(2, 3\), got \(5,\)"),
        ("x_test", np.zeros((3, 2, 3)), "got one of each"),
    ],
)
def test_bad_content_is_refused_by_its_key(tmp_path, images, key, value, words):
    path = tmp_path / "a.npz"
    np.savez(path, **images | {key: value})

    with pytest.raises(DataError, match=words):
        read_npz(path)


@pytest.mark.parametrize(
    ("keys", "expected"), [(("x",), 0), (("x_test", "y_test"), 0), (("x_test", "x"), 1)]
)
def test_inputs_come_from_x_or_else_from_x_test(tmp_path, keys, expected):
    path = tmp_path / "a.npz"
    np.savez(path, **{key: np.full((2, 2), i, np.uint8) for i, key in enumerate(keys)})

    assert read_npz_inputs(path)[0, 0] == expected


def test_inputs_without_a_known_key_name_what_is_there(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, samples=np.zeros((2, 2)))

    with pytest.raises(DataError, match="missing x; it holds 'samples'"):
        read_npz_inputs(path)
