"""Samples to label with a trained network."""

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.config import DataConfig
from plurigrid_ff.data.checks import check_inputs
from plurigrid_ff.data.csv_samples import read_csv_inputs
from plurigrid_ff.data.decoding import decode_files
from plurigrid_ff.data.files import iterate_files, kind_of, read_file
from plurigrid_ff.data.idx import read_idx
from plurigrid_ff.data.npz import read_npz_inputs
from plurigrid_ff.data.source import to_float
from plurigrid_ff.data.tar import is_tar
from plurigrid_ff.errors import DataError


@dataclass(frozen=True, slots=True)
class Inputs:
    """Samples without labels.

    Attributes:
        x: Shape ``(samples, *feature_shape)``, float32.
        names: The file of each sample, where each has one; else None.
    """

    x: NDArray[np.float32]
    names: tuple[str, ...] | None


def load_inputs(
    path: str | Path, *, feature_shape: tuple[int, ...], label_column: str | None = None
) -> NDArray[np.float32]:
    """Load samples alone, as :func:`load_named` does, shape ``(samples, *feature_shape)``."""
    return load_named(path, feature_shape=feature_shape, label_column=label_column).x


def load_named(
    path: str | Path,
    *,
    feature_shape: tuple[int, ...],
    label_column: str | None = None,
    data: DataConfig | None = None,
) -> Inputs:
    """Load samples with the names of their files, scaled as :func:`load_dataset` scales them.

    Images and their rows of features are the same to a flat network: where either shape
    has one dimension, samples of as many features are reshaped. A greyscale image becomes
    one in colour where colour is expected.

    Args:
        path: An .npz file (``x``, else ``x_test``), a .csv file, an idx file of images, an
            image, a .wav file, or a folder or tar of either, read in sorted order.
        feature_shape: Shape of one sample.
        label_column: CSV column to leave out if it is there; ``label`` is left out too
            when none is given.
        data: How images and recordings were prepared for training; None: as by default.

    Raises:
        DataError: Unreadable, damaged, or samples of another shape.
        MissingExtraError: Recordings need a library that is not installed.
    """
    path = Path(os.path.expanduser(path))
    # os.path answers False where Path would raise: a folder that may not be entered.
    if not os.path.isfile(path) and not os.path.isdir(path):
        raise DataError(f"{path}: expected a file of samples, found none; check the path")
    names = None
    if os.path.isdir(path) or is_tar(path):
        names, x = decode_files(iterate_files(path), data or DataConfig(), where=str(path))
    elif kind_of(path) is not None:
        file = path.name, read_file(path)
        names, x = decode_files([file], data or DataConfig(), where=str(path.parent))
    else:
        x = _read(path, label_column)
    fitted = _fit(x, tuple(feature_shape), where=str(path))
    return Inputs(to_float(fitted), None if names is None else tuple(names))


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
    if len(expected) == 3 and got == (1, *expected[1:]):
        return np.repeat(x, expected[0], axis=1)
    shape = ", ".join(map(str, ("*", *expected)))
    fix = "prepare them like the training samples, without labels"
    if len(expected) == 3 and len(got) == 3 and got[1:] != expected[1:]:
        fix = "resize them, or train with data.image_size to have all images resized"
    if x.shape == expected:
        fix = "a single sample needs a leading axis, x[None]"
    raise DataError(f"{where}: expected samples of shape ({shape}), got {x.shape}; {fix}")
