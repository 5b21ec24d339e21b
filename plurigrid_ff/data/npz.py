"""Samples in an .npz file."""

from collections.abc import Collection
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from plurigrid_ff.data.checks import check_inputs, check_test, name_classes, pair
from plurigrid_ff.data.source import Source
from plurigrid_ff.data.zip_arrays import read_arrays

SPLIT_KEYS = ("x_train", "y_train", "x_test", "y_test")
WHOLE_KEYS = ("x", "y")


def read_npz(path: Path) -> Source:
    """Read ``x_train, y_train, x_test, y_test`` (as in Keras' mnist.npz), or ``x, y``.

    Inputs of dtype uint8 are scaled by 1/255; every other dtype is taken as it is.
    Labels are integers from 0.

    Raises:
        DataError: Damaged, a key is missing, or an array is not what it should be.
    """
    arrays = read_arrays(path, _choose_labelled)
    if "x" in arrays:
        samples = pair(arrays["x"], arrays["y"], where_x=f"{path}: x", where_y=f"{path}: y")
        return Source(str(path), samples, None, name_classes(samples.y, where=f"{path}: y"))
    train, test = (
        pair(
            arrays[f"x_{part}"],
            arrays[f"y_{part}"],
            where_x=f"{path}: x_{part}",
            where_y=f"{path}: y_{part}",
        )
        for part in ("train", "test")
    )
    names = name_classes(train.y, where=f"{path}: y_train")
    check_test(train, test, len(names), where=str(path))
    return Source(str(path), train, test, names)


def read_npz_inputs(path: Path) -> NDArray[Any]:
    """Read the inputs ``x``, or else ``x_test``, as uint8 or finite float32.

    Raises:
        DataError: Damaged, neither key is there, or the array is not what it should be.
    """
    ((key, array),) = read_arrays(path, _choose_inputs).items()
    return check_inputs(array, where=f"{path}: {key}")


def _choose_labelled(keys: Collection[str]) -> tuple[str, ...]:
    """Take the four keys of a split data set if any of them is there, else the two."""
    return SPLIT_KEYS if any(key in keys for key in SPLIT_KEYS) else WHOLE_KEYS


def _choose_inputs(keys: Collection[str]) -> tuple[str, ...]:
    """Take the key of unlabelled samples."""
    return ("x_test",) if "x_test" in keys and "x" not in keys else ("x",)
