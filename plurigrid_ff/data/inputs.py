"""Samples to label with a trained network."""

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.data.checks import check_inputs
from plurigrid_ff.data.csv_samples import read_csv_inputs
from plurigrid_ff.data.idx import read_idx
from plurigrid_ff.data.npz import read_npz_inputs
from plurigrid_ff.data.source import to_float
from plurigrid_ff.errors import DataError


def load_inputs(
    path: str | Path, *, feature_shape: tuple[int, ...], label_column: str | None = None
) -> NDArray[np.float32]:
    """Load samples, scaled as :func:`load_dataset` scales them.

    Images and their rows of features are the same to a flat network: where either shape
    has one dimension, samples of as many features are reshaped.

    Args:
        path: An .npz file (``x``, else ``x_test``), a .csv file, or an idx file of images.
        feature_shape: Shape of one sample.
        label_column: CSV column to leave out if it is there; ``label`` is left out too
            when none is given.

    Returns:
        Samples, shape ``(samples, *feature_shape)``.

    Raises:
        DataError: Unreadable, damaged, or samples of another shape.
    """
    path = Path(os.path.expanduser(path))
    if not os.path.isfile(path):  # Path.is_file raises where a folder may not be entered
        raise DataError(f"{path}: expected a file of samples, found none; check the path")
    return to_float(_fit(_read(path, label_column), tuple(feature_shape), where=str(path)))


def _read(path: Path, label_column: str | None) -> NDArray[Any]:
    """Read by format."""
    match path.suffix.lower():
        case ".npz":
            return read_npz_inputs(path)
        case ".csv":
            return read_csv_inputs(path, label_column)
        case _:
            return check_inputs(read_idx(path), where=f"{path}: images")


def _fit(x: NDArray[Any], expected: tuple[int, ...], *, where: str) -> NDArray[Any]:
    """Return inputs of shape ``(samples, *expected)``."""
    got = x.shape[1:]
    if got == expected:
        return x
    if 1 in (len(got), len(expected)) and math.prod(got) == math.prod(expected):
        return x.reshape(len(x), *expected)
    shape = ", ".join(map(str, ("*", *expected)))
    fix = "prepare them like the training samples, without labels"
    if x.shape == expected:
        fix = "a single sample needs a leading axis, x[None]"
    raise DataError(f"{where}: expected samples of shape ({shape}), got {x.shape}; {fix}")
