"""Samples in one folder per class, as a folder or as a tar archive."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.config import DataConfig
from plurigrid_ff.data.checks import check_several
from plurigrid_ff.data.csv_samples import sort_labels
from plurigrid_ff.data.decoding import decode_files
from plurigrid_ff.data.files import iterate_files
from plurigrid_ff.data.source import Samples, Source
from plurigrid_ff.errors import DataError

TRAIN, TEST = "train", "test"
EXPECTED = "expected CLASS/FILE everywhere, or train/CLASS/FILE and test/CLASS/FILE"


@dataclass(frozen=True, slots=True)
class Place:
    """What the name of a sample says of it.

    Attributes:
        split: ``train`` or ``test``; None where the source is not split.
        label: Its class.
    """

    split: str | None
    label: str


# Reads the place of every name; the second argument is the prefix of messages.
Layout = Callable[[Sequence[str], str], list[Place]]


def read_class_folders(path: Path, config: DataConfig) -> Source:
    """Read ``CLASS/FILE``, or ``train/CLASS/FILE`` and ``test/CLASS/FILE``.

    Raises:
        DataError: Another layout, or what :func:`decode_files` refuses.
        MissingExtraError: Recordings need a library that is not installed.
    """
    return read_labelled(path, config, place_by_folder)


def read_labelled(path: Path, config: DataConfig, layout: Layout) -> Source:
    """Read the samples of a folder or a tar archive, labelled by their names.

    Raises:
        DataError: What ``layout`` or :func:`decode_files` refuses.
        MissingExtraError: Recordings need a library that is not installed.
    """
    where = str(path)
    names, x = decode_files(iterate_files(path), config, where=where)
    return build_source(layout(names, where), x, where=where)


def place_by_folder(names: Sequence[str], where: str) -> list[Place]:
    """Read class and split from folder names; one folder around everything is left out.

    Raises:
        DataError: Samples at different depths, or one of the two splits alone.
    """
    parts = [name.split("/") for name in names]
    around = {part[0] for part in parts}
    if len(around) == 1 and min(map(len, parts)) > 2 and not around & {TRAIN, TEST}:
        parts = [part[1:] for part in parts]
    split = len(parts[0]) == 3
    for name, part in zip(names, parts, strict=True):
        fits = len(part) == 3 and part[0] in (TRAIN, TEST) if split else len(part) == 2
        if not fits:
            beside = f" beside {names[0]!r}" if name != names[0] else ""
            raise DataError(f"{where}: {EXPECTED}, got {name!r}{beside}; move that file")
    if not split:
        return [Place(None, label) for label, _ in parts]
    if missing := {TRAIN, TEST} - {part[0] for part in parts}:
        raise DataError(
            f"{where}: {EXPECTED}, got no {missing.pop()}/; name the folder inside to have it "
            "split here"
        )
    return [Place(part[0], part[1]) for part in parts]


def build_source(places: Sequence[Place], x: NDArray[Any], *, where: str) -> Source:
    """Number the classes and part the splits.

    Raises:
        DataError: One class only, or a test class that training lacks.
    """
    names = sort_labels({place.label for place in places if place.split != TEST})
    check_several(names, where=where)
    classes = {name: index for index, name in enumerate(names)}
    for place in places:
        if place.label not in classes:
            raise DataError(
                f"{where}: class {place.label!r} has test samples, but none to train; give "
                "training samples of that class too"
            )
    y = np.fromiter((classes[place.label] for place in places), np.int64, len(places))
    held = np.fromiter((place.split == TEST for place in places), np.bool_, len(places))
    if not held.any():
        return Source(where, Samples(x, y), None, names)
    return Source(where, Samples(x[~held], y[~held]), Samples(x[held], y[held]), names)
