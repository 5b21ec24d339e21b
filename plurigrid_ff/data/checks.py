"""Checks that every source passes, whatever its format."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.data.source import Samples
from plurigrid_ff.errors import DataError

MAX_LABEL = (1 << 31) - 1


def check_inputs(x: NDArray[Any], *, where: str) -> NDArray[Any]:
    """Return inputs as uint8 or finite float32, shape ``(samples, *features)``.

    Args:
        x: What the file holds.
        where: File and name of the array, for messages.

    Raises:
        DataError: Not numbers, no samples, no features, or a value that is not finite.
    """
    if x.dtype.kind not in "buif":
        raise DataError(f"{where}: expected numbers, got dtype {x.dtype}; save it as float32")
    if x.ndim < 2:
        raise DataError(
            f"{where}: expected shape (samples, *features), got {x.shape}; "
            "give one row per sample, a single sample included"
        )
    if x.size == 0:
        raise DataError(f"{where}: holds no samples: its shape is {x.shape}; give at least one")
    if x.dtype == np.uint8:
        return x
    with np.errstate(over="ignore"):  # becomes infinite, which is refused below
        values = x.astype(np.float32, copy=False)
    if x.dtype.kind == "f":
        _check_finite(x, values, where)
    return values


def _check_finite(x: NDArray[Any], values: NDArray[np.float32], where: str) -> None:
    """Refuse NaN, infinity, and what float32 cannot hold, naming the place."""
    finite = np.isfinite(values)
    if finite.all():
        return
    index = np.unravel_index(int(finite.argmin()), x.shape)
    place = ", ".join(str(int(part)) for part in index)
    raise DataError(
        f"{where}[{place}] is {x[index]}, expected a finite float32; "
        "leave that sample out or fill the value in"
    )


def check_labels(y: NDArray[Any], *, where: str) -> NDArray[np.int64]:
    """Return integer labels as int64, shape ``(samples,)``.

    Shape ``(samples, 1)`` and floats without a fraction are accepted: much software
    writes labels so.

    Raises:
        DataError: Not one integer per sample, or a label below 0 or beyond 2**31 - 1.
    """
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim != 1:
        raise DataError(
            f"{where}: expected shape (samples,), got {y.shape}; "
            "give one integer per sample (one-hot rows: their argmax)"
        )
    if y.dtype.kind not in "buif":
        raise DataError(
            f"{where}: expected integers, got dtype {y.dtype}; number the classes 0, 1, 2, ..."
        )
    if y.dtype.kind == "f":
        # NaN differs from its floor too; infinity does not, but is out of range below.
        _refuse(y, y != np.floor(y), where, "expected an integer")
    _refuse(y, (y < 0) | (y > MAX_LABEL), where, f"expected 0 to {MAX_LABEL}")
    return y.astype(np.int64)


def _refuse(y: NDArray[Any], bad: NDArray[np.bool_], where: str, expected: str) -> None:
    """Refuse labels where ``bad`` holds, naming the first."""
    if bad.any():
        index = int(bad.argmax())
        raise DataError(
            f"{where}[{index}] is {y[index]}, {expected}; number the classes 0, 1, 2, ..."
        )


def pair(x: NDArray[Any], y: NDArray[Any], *, where_x: str, where_y: str) -> Samples:
    """Check inputs and labels, and that there is one label per input.

    Raises:
        DataError: What :func:`check_inputs` and :func:`check_labels` refuse, or counts
            that differ.
    """
    inputs, labels = check_inputs(x, where=where_x), check_labels(y, where=where_y)
    if len(inputs) != len(labels):
        raise DataError(
            f"{where_x} has {len(inputs)} samples, but {where_y} has {len(labels)} labels; "
            "give one label per sample"
        )
    return Samples(inputs, labels)


def name_classes(y: NDArray[np.int64], *, where: str) -> tuple[str, ...]:
    """Name the classes 0 to K - 1 of integer labels, K being the largest plus one.

    Raises:
        DataError: Fewer than two classes, or one of them without a sample.
    """
    present = np.unique(y)
    # Not bincount: one label of 2**31 would make it allocate 16 GiB.
    if present[-1] + 1 != len(present):
        missing = int(np.argmax(present != np.arange(len(present))))
        raise DataError(
            f"{where}: class {missing} has 0 samples, but the largest label is {present[-1]}; "
            "number the classes 0, 1, 2, ... without a gap"
        )
    names = tuple(str(label) for label in present)
    check_several(names, where=where)
    return names


def check_several(names: tuple[str, ...], *, where: str) -> None:
    """Require at least two classes.

    Raises:
        DataError: Every sample carries the same label.
    """
    if len(names) < 2:
        raise DataError(
            f"{where}: expected at least two classes, got only {names[0]!r}; "
            "with one class there is nothing to tell apart"
        )


def check_test(train: Samples, test: Samples, num_classes: int, *, where: str) -> None:
    """Require that the test split looks like the training split.

    Raises:
        DataError: Features of another shape, another scale, or a class unknown to training.
    """
    if train.x.shape[1:] != test.x.shape[1:]:
        raise DataError(
            f"{where}: a test sample must have the shape of a training sample, "
            f"{train.x.shape[1:]}, got {test.x.shape[1:]}; prepare both alike"
        )
    if (train.x.dtype == np.uint8) != (test.x.dtype == np.uint8):
        raise DataError(
            f"{where}: training and test inputs must both be uint8 (scaled by 1/255) or both "
            "not, got one of each; save both with the same dtype"
        )
    if test.y.max() >= num_classes:
        index = int(np.argmax(test.y >= num_classes))
        raise DataError(
            f"{where}: test label {index} is {test.y[index]}, but training has the classes "
            f"0 to {num_classes - 1}; give training samples of that class too"
        )
