"""The Free Spoken Digit Dataset: 3,000 recordings of ten digits by six speakers, 8 kHz.

Its official split: of the fifty recordings of a digit by a speaker, the first five test.

Reference:
    Jackson (2016), "Free Spoken Digit Dataset", CC BY-SA 4.0.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from plurigrid_ff.config import DataConfig
from plurigrid_ff.data.class_folders import TEST, TRAIN, Place, read_labelled
from plurigrid_ff.data.location import FOLDER_VARIABLE, data_folder, first_found
from plurigrid_ff.data.source import Source
from plurigrid_ff.errors import DataError

PUBLISHER = "github.com/Jakobovski/free-spoken-digit-dataset"
PLACES = (
    "recordings",
    "free-spoken-digit-dataset/recordings",
    "fsdd-wav.tar.xz",
    "fsdd-wav.tar.gz",
    "fsdd-wav.tar",
)
NAME = re.compile(r"(?:.*/)?([0-9])_([^_/]+)_([0-9]{1,4})\.wav", re.IGNORECASE)
TESTED = 5
DIGITS = tuple("0123456789")


def find_fsdd() -> Path | None:
    """Return the folder or archive in the data folder, if there is one."""
    return first_found(data_folder(), PLACES)


def lacks_fsdd() -> str:
    """Say where to get it and where to put it."""
    return (
        f"{data_folder()} holds none of {', '.join(PLACES)}; clone {PUBLISHER} into it, or set "
        f"{FOLDER_VARIABLE} to a folder that has one"
    )


def read_fsdd(config: DataConfig) -> Source:
    """Read the recordings as log-mel features, with their official split.

    Raises:
        DataError: Missing, damaged, or files of other names.
        MissingExtraError: kaldi-native-fbank is not installed.
    """
    path = find_fsdd()
    if path is None:
        raise DataError(f"fsdd: {lacks_fsdd()}")
    source = read_labelled(path, config, place_by_name)
    if source.class_names != DIGITS or source.test is None:
        raise DataError(
            f"{path}: expected recordings of ten digits to train and to test, got the classes "
            f"{', '.join(source.class_names)}; get it again from {PUBLISHER}"
        )
    return source


def place_by_name(names: Sequence[str], where: str) -> list[Place]:
    """Read digit and split from ``DIGIT_SPEAKER_INDEX.wav``.

    Raises:
        DataError: A file of another name.
    """
    places = []
    for name in names:
        match = NAME.fullmatch(name)
        if match is None:
            raise DataError(
                f"{where}: expected DIGIT_SPEAKER_INDEX.wav, got {name!r}; take it out, or give "
                "the folder as a path if it holds another data set"
            )
        places.append(Place(TEST if int(match[3]) < TESTED else TRAIN, match[1]))
    return places
