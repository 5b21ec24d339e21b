"""Data sets by name or path."""

import os
from collections.abc import Callable
from pathlib import Path

from plurigrid_ff.config import DataConfig
from plurigrid_ff.data.cifar10 import read_cifar10
from plurigrid_ff.data.class_folders import read_class_folders
from plurigrid_ff.data.csv_samples import read_csv
from plurigrid_ff.data.dataset import Dataset
from plurigrid_ff.data.digits import read_digits
from plurigrid_ff.data.files import holds_samples
from plurigrid_ff.data.fsdd import read_fsdd
from plurigrid_ff.data.idx_folder import find_files, read_folder
from plurigrid_ff.data.inputs import load_inputs
from plurigrid_ff.data.mnist import read_mnist
from plurigrid_ff.data.npz import read_npz
from plurigrid_ff.data.source import Source
from plurigrid_ff.data.splits import split_source
from plurigrid_ff.data.tar import is_tar
from plurigrid_ff.digest import digest
from plurigrid_ff.errors import DataError, PlurigridError, unknown_name

__all__ = ["load_dataset", "load_inputs"]

NAMED: dict[str, Callable[[DataConfig], Source]] = {
    "digits": lambda config: read_digits(),
    "mnist": lambda config: read_mnist(),
    "cifar10": read_cifar10,
    "fsdd": read_fsdd,
}
FILE_SUFFIXES = (".npz", ".csv", ".gz", ".npy", ".tsv", ".zip", ".tar", ".tgz", ".xz", ".txz")
FORMATS = (
    "an .npz file, a .csv file, a folder with four idx files, or a folder or .tar of images or "
    ".wav files in one folder per class"
)


def load_dataset(config: DataConfig, *, seed: int) -> Dataset:
    """Load, check and split a data set.

    Bytes (uint8) and images are scaled by 1/255, digits by 1/16; recordings become log-mel
    features; other numbers are taken as they are.

    Args:
        config: Source and shares.
        seed: Determines which training samples are held out for validation. The test
            split is the same for every seed.

    Raises:
        DataError: Missing, unreadable, or not what it claims to be.
        MissingExtraError: Recordings need a library that is not installed.
        UnknownNameError: A name, or a column, that is not there.
    """
    source = _read(config)
    train, validation, test = split_source(source, config, seed=seed)
    return Dataset(
        name=source.title or config.source,
        train=train,
        validation=validation,
        test=test,
        class_names=source.class_names,
        digest=digest((train, validation, test, source.class_names)),
    )


def _read(config: DataConfig) -> Source:
    """Read by name, or by path and format."""
    named = NAMED.get(config.source)
    if named is not None:
        return named(config)
    path = os.path.expanduser(config.source)
    # os.path answers False where Path would raise: a name too long, a folder locked.
    if os.path.isdir(path):
        return _read_folder(Path(path), config)
    if not os.path.isfile(path):
        raise _missing(config.source)
    if is_tar(path):
        return read_class_folders(Path(path), config)
    match Path(path).suffix.lower():
        case ".npz":
            return read_npz(Path(path))
        case ".csv":
            return read_csv(Path(path), config.label_column)
        case suffix:
            raise DataError(
                f"{path}: expected {FORMATS}, got a file that ends in {suffix!r}; convert it"
            )


def _read_folder(folder: Path, config: DataConfig) -> Source:
    """Read a folder by what lies in it.

    Raises:
        DataError: Nothing that can be read, or two things.
    """
    idx, _ = find_files(folder)
    samples = holds_samples(folder)
    if idx and samples:
        raise DataError(
            f"{folder}: holds idx files, {sorted(idx)[0]} for one, and images or recordings too; "
            "move one kind to a folder of its own"
        )
    if samples:
        return read_class_folders(folder, config)
    if idx:
        return read_folder(folder)
    raise DataError(
        f"{folder}: expected four idx files, or images or .wav files in one folder per class, got "
        "none of these; check the path"
    )


def _missing(source: str) -> PlurigridError:
    """Build the error for what is neither a name nor a file."""
    separated = any(sign in source for sign in ("/", "\\"))
    if separated or source.startswith(("~", ".")) or source.lower().endswith(FILE_SUFFIXES):
        return DataError(f"{source}: does not exist; expected {FORMATS}: check the path")
    return unknown_name(
        "data set", source, NAMED, remedy=f"known: {', '.join(NAMED)}; or {FORMATS}"
    )
