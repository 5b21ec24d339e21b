"""Samples of a folder or a tar archive, each decoded as soon as it is read."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.config import DataConfig
from plurigrid_ff.data.bounded import MAX_BYTES
from plurigrid_ff.data.files import Kind, kind_of, sort_key
from plurigrid_ff.data.image import decode_image, quiet_decoding
from plurigrid_ff.data.mel import log_mel
from plurigrid_ff.data.wav import decode_wav
from plurigrid_ff.errors import DataError


def decode_files(
    files: Iterable[tuple[str, bytes]], config: DataConfig, *, where: str
) -> tuple[list[str], NDArray[Any]]:
    """Decode images or recordings, all of one kind and shape.

    Args:
        files: Names, unique, and contents.
        config: What images are resized to, what recordings are turned into.
        where: Folder or archive, for messages.

    Returns:
        Names in sorted order, and as many samples: images as uint8 of shape ``(samples,
        channels, height, width)``, recordings as float32 of shape ``(samples, bands, frames)``.

    Raises:
        DataError: No samples, two kinds, images of several sizes, or one that is damaged.
        MissingExtraError: Recordings need a library that is not installed.
    """
    decoded: dict[str, NDArray[Any]] = {}
    first = ""
    total = 0
    with quiet_decoding():
        for name, content in files:
            first = first or name
            _check_kind(name, first, where)
            sample = _decode(name, content, config, where)
            decoded[name] = sample
            _check_size(name, first, decoded, where)
            total += sample.nbytes
            if total > MAX_BYTES:
                raise DataError(
                    f"{where}: decodes to more than {MAX_BYTES} bytes; give fewer samples, or "
                    "smaller images with data.image_size"
                )
    if not decoded:
        raise DataError(f"{where}: holds no images and no .wav files; check the path")
    names = sorted(decoded, key=sort_key)
    return names, _stack([decoded.pop(name) for name in names])


def _decode(name: str, content: bytes, config: DataConfig, where: str) -> NDArray[Any]:
    """Decode one sample by its kind."""
    place = f"{where}: {name}"
    if kind_of(name) is Kind.IMAGE:
        return decode_image(content, where=place, size=config.image_size)
    samples = decode_wav(content, where=place, rate=config.sample_rate)
    return log_mel(
        samples,
        where=place,
        rate=config.sample_rate,
        bands=config.mel_bands,
        frames=config.frames,
    )


def _check_kind(name: str, first: str, where: str) -> None:
    """Require the kind of the first sample.

    Raises:
        DataError: Both files.
    """
    if kind_of(name) is not kind_of(first):
        raise DataError(
            f"{where}: expected images or recordings, got both: {first!r} and {name!r}; keep one "
            "kind"
        )


def _check_size(name: str, first: str, decoded: dict[str, NDArray[Any]], where: str) -> None:
    """Require the size of the first sample.

    Raises:
        DataError: Both files with their sizes.
    """
    (*_, height, width), (*_, first_height, first_width) = decoded[name].shape, decoded[first].shape
    if (height, width) != (first_height, first_width):
        raise DataError(
            f"{where}: expected images of one size, but {first!r} is {first_width}x{first_height} "
            f"and {name!r} is {width}x{height}; resize all with data.image_size = "
            f"{min(first_height, first_width)}"
        )


def _stack(samples: list[NDArray[Any]]) -> NDArray[Any]:
    """Stack samples; among images in colour, a greyscale one gets three equal channels."""
    shape = max((sample.shape for sample in samples), key=lambda shape: shape[0])
    stacked = np.empty((len(samples), *shape), samples[0].dtype)
    for row, sample in zip(stacked, samples, strict=True):
        row[...] = sample
    return stacked
