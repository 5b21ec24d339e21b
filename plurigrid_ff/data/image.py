"""One image as an array of bytes, decoded by Pillow without trust in what it declares."""

import io
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.errors import DataError

if TYPE_CHECKING:
    from PIL import Image

FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
MAX_PIXELS = 1 << 26  # 8192 x 8192: 192 MiB in colour
TRANSPARENT = {"LA": "L", "PA": "RGB", "RGBA": "RGB", "La": "L", "RGBa": "RGB"}
OPAQUE = {"1": "L", "L": "L", "P": "RGB", "RGB": "RGB", "CMYK": "RGB", "YCbCr": "RGB"}
# What Pillow raises at content it does not expect; UnidentifiedImageError is an OSError.
DAMAGE = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    AssertionError,
    struct.error,
    zlib.error,
)
REPAIR = "save it again, or take it out"


@contextmanager
def quiet_decoding() -> Iterator[None]:
    """Keep Pillow's warnings from the screen while many images are decoded.

    They tell of odd metadata and of large images; the pixels are checked here.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\b")
        warnings.filterwarnings("ignore", category=Warning, message=r"Image size \(")
        yield


def decode_image(content: bytes, *, where: str, size: int | None = None) -> NDArray[np.uint8]:
    """Decode an image to shape ``(channels, height, width)``.

    Greyscale has one channel, everything else three (red, green, blue). Transparent pixels
    are laid over black, the value of empty paper in MNIST. Orientation tags are not followed.

    Args:
        content: The file's bytes.
        where: Its name, for messages.
        size: Resize to this height and width, antialiased; the aspect is not kept.

    Raises:
        DataError: Not an image, damaged, several images, more than 8 bits per channel, or
            more than 67 million pixels.
    """
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            _check(image, where)
            image.load()
            plain = _flatten(image, where)
            if size is not None and plain.size != (size, size):
                plain = plain.resize((size, size), Image.Resampling.BILINEAR)
            pixels = np.frombuffer(plain.tobytes(), np.uint8)
            height, width, channels = plain.height, plain.width, len(plain.getbands())
    except Image.DecompressionBombError as error:
        raise _too_large(where, "far more") from error
    except DAMAGE as error:
        raise DataError(f"{where}: damaged or no image ({_reason(error)}); {REPAIR}") from error
    return np.ascontiguousarray(pixels.reshape(height, width, channels).transpose(2, 0, 1))


def _check(image: "Image.Image", where: str) -> None:
    """Refuse by the header, before pixels are decoded.

    Raises:
        DataError: No pixels, too many, or several images.
    """
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        raise _too_large(where, f"{image.width}x{image.height}")
    if pixels == 0:
        raise DataError(f"{where}: holds no pixels; {REPAIR}")
    if getattr(image, "is_animated", False):
        raise DataError(f"{where}: holds several images, expected one; save one of them")


def _flatten(image: "Image.Image", where: str) -> "Image.Image":
    """Return the image as greyscale or red, green, blue, laid over black.

    Raises:
        DataError: Another mode, 16 bits per channel for example.
    """
    from PIL import Image

    mode = image.mode
    if mode in OPAQUE and "transparency" in image.info:
        mode = "LA" if mode in ("1", "L") else "RGBA"
        image = image.convert(mode)
    if mode in OPAQUE:
        return image if mode == OPAQUE[mode] else image.convert(OPAQUE[mode])
    if mode in TRANSPARENT:
        plain = TRANSPARENT[mode]
        image = image.convert("LA" if plain == "L" else "RGBA")
        black = Image.new(plain, image.size)
        black.paste(image.convert(plain), mask=image.getchannel("A"))
        return black
    raise DataError(
        f"{where}: expected 8 bits per channel, got pixels of mode {mode!r}; save it with 8 bits, "
        "or all samples as an .npz file"
    )


def _too_large(where: str, size: str) -> DataError:
    """Build the error for an image that would not fit the memory."""
    return DataError(f"{where}: expected at most {MAX_PIXELS} pixels, got {size}; make it smaller")


def _reason(error: BaseException) -> str:
    """Say in a few words what Pillow said; it repeats the stream's address."""
    text = str(error).partition(" <_io.")[0]
    return text or type(error).__name__
