"""Films: GIF and APNG by Pillow, MP4 where ffmpeg is installed."""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from plurigrid_ff.errors import ConfigError, ToolchainError
from plurigrid_ff.files import written_beside

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SUFFIXES = (".gif", ".png", ".apng", ".mp4")


def check_film(path: Path) -> None:
    """Require a film that can be written here, before anything is computed.

    Raises:
        ConfigError: Another suffix.
        ToolchainError: MP4 without ffmpeg.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{path}: expected a name that ends in {', '.join(SUFFIXES)}")
    if path.suffix.lower() == ".mp4" and shutil.which("ffmpeg") is None:
        raise ToolchainError(
            f"{path}: MP4 is written by ffmpeg, which is not on the PATH; install it, or name a "
            ".gif or .png file"
        )


def write_film(
    path: Path, frames: "Sequence[NDArray[np.uint8]]", *, scale: int = 8, frame_rate: int = 25
) -> None:
    """Write frames as GIF, animated PNG or MP4, by the suffix.

    Args:
        path: Where.
        frames: Bytes of shape ``(height, width)`` or ``(height, width, 3)``.
        scale: Pixels per cell, in each direction.
        frame_rate: Frames per second.

    Raises:
        ConfigError: Another suffix.
        ToolchainError: ffmpeg is missing, or fails.
    """
    check_film(path)
    pictures = [
        Image.fromarray(frame).resize(
            (frame.shape[1] * scale, frame.shape[0] * scale), Image.Resampling.NEAREST
        )
        for frame in frames
    ]
    with written_beside(path) as temporary:
        if path.suffix.lower() == ".mp4":
            _encode(pictures, temporary, frame_rate)
            return
        pictures[0].save(
            temporary,
            "GIF" if path.suffix.lower() == ".gif" else "PNG",
            save_all=True,
            append_images=pictures[1:],
            duration=1000 / frame_rate,
            loop=0,
        )


def _encode(pictures: Sequence[Image.Image], path: Path, frame_rate: int) -> None:
    """Let ffmpeg write an MP4.

    Raises:
        ToolchainError: It fails.
    """
    width, height = pictures[0].size
    size = f"{width}x{height}"
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", size, "-r", str(frame_rate), "-i", "-"]
    # yuv420p needs even sizes, and is what players expect.
    wanted = ["-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2", "-pix_fmt", "yuv420p", "-f", "mp4"]
    done = subprocess.run(  # noqa: S603 (no shell, and a path of our own)
        [shutil.which("ffmpeg") or "ffmpeg", "-y", "-v", "error", *source, *wanted, str(path)],
        input=b"".join(picture.convert("RGB").tobytes() for picture in pictures),
        capture_output=True,
        check=False,
    )
    if done.returncode:
        reason = done.stderr.decode(errors="replace").strip().splitlines()
        raise ToolchainError(f"ffmpeg failed: {reason[-1] if reason else done.returncode}")
