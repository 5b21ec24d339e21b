"""The image that an automaton grows towards."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from plurigrid_ff.errors import DataError, LimitError
from plurigrid_ff_nca.growing.config import GrowConfig

MAX_PIXELS = 1 << 26
COPIES = 16  # tensors as large as a batch's activity that a step holds at once, at most


def read_target(path: Path, *, size: int) -> Tensor:
    """Read an image with transparency, as what ``size`` x ``size`` cells should show.

    The image keeps its aspect and is centred.

    Returns:
        Red, green and blue times alpha, and alpha, shape ``(4, size, size)``, in [0, 1].

    Raises:
        DataError: No image, no transparency, nothing but transparency, or far too large.
    """
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise DataError(
                    f"{path}: expected at most {MAX_PIXELS} pixels, got "
                    f"{image.width}x{image.height}; make it smaller"
                )
            if not image.has_transparency_data:
                raise DataError(
                    f"{path}: expected an image with transparency, which says what is alive; got "
                    f"mode {image.mode!r} without; cut the background out and save it as PNG"
                )
            rgba = image.convert("RGBA")
    except (UnidentifiedImageError, SyntaxError, EOFError, Image.DecompressionBombError) as error:
        raise DataError(f"{path}: damaged or no image; save it anew") from error
    rgba.thumbnail((size, size), Image.Resampling.LANCZOS)
    if max(rgba.size) < size:  # thumbnail only shrinks
        scale = size / max(rgba.size)
        rgba = rgba.resize(
            (max(1, round(rgba.width * scale)), max(1, round(rgba.height * scale))),
            Image.Resampling.LANCZOS,
        )
    whole = Image.new("RGBA", (size, size))
    whole.paste(rgba, ((size - rgba.width) // 2, (size - rgba.height) // 2))
    return premultiplied(np.asarray(whole), where=str(path))


def premultiplied(pixels: NDArray[np.uint8], *, where: str) -> Tensor:
    """Turn pixels ``(height, width, 4)`` into a target ``(4, height, width)``.

    Raises:
        DataError: Another shape, or everything is transparent.
    """
    if pixels.ndim != 3 or pixels.shape[2] != 4 or pixels.dtype != np.uint8:
        raise DataError(
            f"{where}: expected bytes of shape (height, width, 4), red, green, blue and alpha, got "
            f"{pixels.dtype} of shape {pixels.shape}"
        )
    image = torch.from_numpy(pixels.astype(np.float32) / 255).permute(2, 0, 1).contiguous()
    image[:3] *= image[3]
    if not (image[3] > 0.1).any():
        raise DataError(f"{where}: expected some visible pixels, got none; nothing can grow")
    return image


def check_memory(config: GrowConfig, available: int) -> None:
    """Require that training fits the memory, before anything is made.

    Args:
        config: Of the automaton.
        available: Bytes that may be taken.

    Raises:
        LimitError: What it would take, and what there is.
    """
    cells = config.size**2
    steps = config.rollout if config.learner == "backprop-through-time" else 1
    activity = config.batch_size * cells * (config.units + config.perceived)
    pool = config.pool_size * cells * config.channels
    needed = 4 * (activity * (COPIES if steps == 1 else 4 * steps) + pool)
    if needed > available:
        raise LimitError(
            f"size = {config.size}: training would take about {needed >> 20} MiB, and "
            f"{available >> 20} MiB are free; choose a smaller size, batch_size or pool_size"
        )


def free_memory() -> int:
    """Return how many bytes of memory are free; unlimited where nothing tells."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        fields = dict(line.split(":", 1) for line in lines)
        return int(fields["MemAvailable"].split()[0]) << 10
    except (OSError, KeyError, ValueError):
        return 1 << 62
