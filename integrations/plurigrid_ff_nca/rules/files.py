"""Files of grids, read and written by their suffix."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from plurigrid_ff.errors import ConfigError, DataError
from plurigrid_ff.files import read_text, write_text, written_beside
from plurigrid_ff.films import SUFFIXES, check_film, write_film
from plurigrid_ff_nca.rules.frames import read_frames, to_grey
from plurigrid_ff_nca.rules.notation import name_rule
from plurigrid_ff_nca.rules.patterns import read_plaintext, read_rle, write_rle
from plurigrid_ff_nca.rules.rule import Rule
from plurigrid_ff_nca.rules.space import Grids

PICTURES = (".png", ".apng", ".gif", ".bmp")
READABLE = (".rle", ".cells", ".npy", *PICTURES)


def read_film(paths: Sequence[Path], *, scale: int = 1) -> list[Any]:
    """Read grids from files of one kind, in the order given.

    Args:
        paths: Pictures, patterns, or one ``.npy`` whose first axis is time; a ``.npy`` of
            two dimensions holds rows of cells.
        scale: Pixels per cell of pictures.

    Raises:
        DataError: Files of several kinds, of an unknown one, or damaged.
        OSError: A file that cannot be read.
    """
    kinds = {path.suffix.lower() for path in paths}
    unknown = sorted(kinds - set(READABLE))
    if unknown:
        raise DataError(f"{paths[0]}: expected {', '.join(READABLE)}, got {unknown[0]!r}")
    if kinds <= set(PICTURES):
        return list(read_frames(paths, scale=scale))
    if len(kinds) > 1:
        raise DataError(f"{paths[0]}: expected files of one kind, got {', '.join(sorted(kinds))}")
    if kinds == {".npy"}:
        return [grid for path in paths for grid in _read_array(path)]
    read = read_rle if kinds == {".rle"} else read_plaintext
    grids = []
    for path in paths:
        try:
            text = read_text(path)
        except UnicodeDecodeError as error:
            raise DataError(f"{path}: expected text, got other bytes") from error
        grids.append(read(text, where=str(path)).grid)
    return grids


def check_output(path: Path) -> None:
    """Require a suffix that can be written here.

    Raises:
        ConfigError: Another one.
        ToolchainError: MP4 without ffmpeg.
    """
    suffix = path.suffix.lower()
    if suffix in (".rle", ".npy"):
        return
    if suffix not in SUFFIXES:
        raise ConfigError(f"{path}: expected a name that ends in .rle, .npy, {', '.join(SUFFIXES)}")
    check_film(path)


def write_output(path: Path, film: Grids, rule: Rule, *, scale: int) -> None:
    """Write a run: all of it as film or array, its last grid as a pattern.

    A run of rows is one picture, time downwards.

    Args:
        path: Where; its suffix says what.
        film: Shape ``(steps, *extents)``.
        rule: What ran.
        scale: Pixels per cell.
    """
    suffix = path.suffix.lower()
    if suffix == ".npy":
        with written_beside(path) as temporary, temporary.open("wb") as file:
            np.save(file, film)
    elif suffix == ".rle":
        last = film[-1] if film.ndim == 3 else film
        write_text(path, write_rle(last, rule=name_rule(rule)))
    else:
        frames = to_grey(film if film.ndim == 3 else film[None], states=rule.space.states)
        write_film(path, list(frames), scale=scale)


def _read_array(path: Path) -> list[Any]:
    """Read an array whose first axis is time.

    Raises:
        DataError: Not such an array; pickled objects are refused.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise DataError(f"{path}: expected a .npy array of numbers: {error}") from error
    if not isinstance(array, np.ndarray) or array.ndim not in (2, 3):
        raise DataError(
            f"{path}: expected shape (times, width) or (times, height, width), got "
            f"{getattr(array, 'shape', 'several arrays')}"
        )
    return list(array)
