"""Grids as pictures: frames of a GIF or of PNG files, read as states.

A state is a colour. Reading, colours are numbered by brightness, the darkest is state 0, over
all frames together; so a film of a Life pattern in any two colours is read as states 0 and 1.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageSequence, UnidentifiedImageError

from plurigrid_ff.errors import DataError
from plurigrid_ff_nca.rules.patterns import MAX_CELLS
from plurigrid_ff_nca.rules.space import MAX_STATES, Grids

MAX_FRAMES = 4096
FORMATS = ("PNG", "GIF", "BMP")  # exact ones: JPEG would invent states
LUMA = np.array([299, 587, 114])  # ITU-R BT.601, in thousandths


def read_frames(paths: Sequence[Path], *, scale: int = 1) -> list[Grids]:
    """Read the frames of pictures, in the order given; a GIF or APNG holds several.

    Args:
        paths: Files.
        scale: Pixels per cell, in each direction; the pixel in the middle of a cell counts.

    Returns:
        One grid per frame, shape ``(height, width)``.

    Raises:
        DataError: No picture, more than 256 colours, or a size that ``scale`` does not divide.
    """
    pictures: list[NDArray[np.uint8]] = []
    names: list[str] = []
    for path in paths:
        for number, frame in enumerate(_decode(path)):
            pictures.append(frame)
            names.append(f"{path}, frame {number}")
            if len(pictures) > MAX_FRAMES:
                raise DataError(f"{path}: expected at most {MAX_FRAMES} frames in all, got more")
    colours = [_shrink(picture, scale, name) for picture, name in zip(pictures, names, strict=True)]
    known = np.unique(np.concatenate([np.unique(frame) for frame in colours]))
    if len(known) > MAX_STATES:
        raise DataError(
            f"{names[0]}: expected at most {MAX_STATES} colours over all frames, one per state, "
            f"got {len(known)}; save the frames without smoothing or loss"
        )
    brightness = np.stack([known >> 16, known >> 8 & 255, known & 255], axis=1) @ LUMA
    state = np.empty(len(known), np.uint8)
    state[np.argsort(brightness, kind="stable")] = np.arange(len(known))
    return [state[np.searchsorted(known, frame)] for frame in colours]


def to_grey(grids: Grids, *, states: int) -> Grids:
    """Return grids of states as bytes, state 0 black and the highest possible one white."""
    return np.linspace(0, 255, states).round().astype(np.uint8)[grids]


def _decode(path: Path) -> list[NDArray[np.uint8]]:
    """Return the frames of one file as red, green and blue, ``(height, width, 3)``.

    Raises:
        DataError: No picture of a format that keeps colours exactly.
    """
    try:
        with Image.open(path, formats=FORMATS) as image:
            if image.width * image.height > MAX_CELLS:
                raise DataError(
                    f"{path}: expected at most {MAX_CELLS} pixels, got {image.width}x{image.height}"
                )
            return [np.asarray(frame.convert("RGB")) for frame in ImageSequence.Iterator(image)]
    except (UnidentifiedImageError, SyntaxError, EOFError, ValueError) as error:
        raise DataError(
            f"{path}: expected a picture in {', '.join(FORMATS)}, got something else or a damaged "
            "one; save it anew"
        ) from error


def _shrink(picture: NDArray[np.uint8], scale: int, name: str) -> NDArray[np.int64]:
    """Return one colour per cell, as one number, ``(height, width)``.

    Raises:
        DataError: The size is no multiple of ``scale``.
    """
    height, width, _ = picture.shape
    if height % scale or width % scale:
        raise DataError(
            f"{name}: expected a size that scale = {scale} divides, got {width}x{height}"
        )
    cells = picture[scale // 2 :: scale, scale // 2 :: scale].astype(np.int64)
    return cells[..., 0] << 16 | cells[..., 1] << 8 | cells[..., 2]
