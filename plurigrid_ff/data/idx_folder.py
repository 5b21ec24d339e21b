"""A folder with four idx files, named as MNIST's are."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from plurigrid_ff.data.checks import check_test, name_classes, pair
from plurigrid_ff.data.idx import read_idx
from plurigrid_ff.data.source import Samples, Source
from plurigrid_ff.errors import DataError

TRAIN = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")
TEST = ("t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")

Reader = Callable[[Path], NDArray[Any]]


def find_files(folder: Path) -> tuple[dict[str, Path], list[str]]:
    """Return the files found, by name without ``.gz``, and the names missing.

    A plain file goes before a gzipped one: it reads faster.
    """
    found: dict[str, Path] = {}
    for name in TRAIN + TEST:
        for path in (folder / name, folder / f"{name}.gz"):
            if os.path.isfile(path):  # Path.is_file raises where a folder is locked
                found[name] = path
                break
    return found, [name for name in TRAIN + TEST if name not in found]


def read_folder(folder: Path) -> Source:
    """Read a user's folder; which data set it holds is the user's business.

    Raises:
        DataError: A file is missing or is not what it should be.
    """
    found, missing = find_files(folder)
    if missing:
        raise DataError(
            f"{folder}: expected four idx files (plain or .gz), missing {', '.join(missing)}; "
            "put them there, or name an .npz or .csv file"
        )
    return read_files(found, where=str(folder), read=read_idx)


def read_files(files: dict[str, Path], *, where: str, read: Reader) -> Source:
    """Read four idx files; images keep their shape.

    Args:
        files: Path by name.
        where: Prefix of messages about more than one file.
        read: Reads one of them.
    """
    train, test = (
        _read_pair(files[images], files[labels], read) for images, labels in (TRAIN, TEST)
    )
    names = name_classes(train.y, where=str(files[TRAIN[1]]))
    check_test(train, test, len(names), where=where)
    return Source(where, train, test, names)


def _read_pair(images: Path, labels: Path, read: Reader) -> Samples:
    """Read images and their labels, the small file first."""
    y = read(labels)
    return pair(read(images), y, where_x=f"{images}: images", where_y=f"{labels}: labels")
