"""The idx format of MNIST and its relatives, plain or gzipped.

Two zero bytes, a type code, the number of dimensions, each dimension as a big-endian
32-bit integer, then the values, big-endian, last dimension fastest.
"""

import gzip
import math
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.data.bounded import MAX_BYTES, Readable, read_up_to
from plurigrid_ff.errors import DataError

DTYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
MAX_DIMENSIONS = 32  # as many as every supported numpy has
GZIP_MAGIC = b"\x1f\x8b"
AGAIN = "download or write it again"


def read_idx(
    path: Path, *, observe: Callable[[bytes | bytearray], object] | None = None
) -> NDArray[Any]:
    """Read an idx file; gzip is recognised by content, not by name.

    Args:
        path: The file.
        observe: Called with the decompressed content, piece by piece, for a checksum.

    Raises:
        DataError: Unreadable, not idx, truncated, too long, or larger than 4 GiB.
    """
    try:
        with path.open("rb") as file:
            packed = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
            file.seek(0)
            if not packed:
                return _read(file, path, observe)
            with gzip.GzipFile(fileobj=file) as stream:
                return _read(stream, path, observe)
    except (EOFError, gzip.BadGzipFile, zlib.error, struct.error) as error:
        raise DataError(f"{path}: damaged gzip data ({error}); {AGAIN}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def _read(
    stream: Readable, path: Path, observe: Callable[[bytes | bytearray], object] | None
) -> NDArray[Any]:
    """Read header and values, and require the end of the file after them."""
    header, dtype, shape = _read_header(stream, path)
    size = math.prod(shape) * dtype.itemsize
    if size > MAX_BYTES:
        raise DataError(
            f"{path}: its header announces {size} bytes of shape {shape}, expected at most "
            f"{MAX_BYTES}; is it an idx file?"
        )
    if size == 0:
        raise DataError(f"{path}: holds no samples: its shape is {shape}; {AGAIN}")
    values = read_up_to(stream, size)
    if len(values) < size:
        raise DataError(
            f"{path}: truncated: its shape {shape} needs {size} bytes, got {len(values)}; {AGAIN}"
        )
    if stream.read(1):
        raise DataError(
            f"{path}: trailing bytes: its shape {shape} needs {size} bytes, got more; {AGAIN}"
        )
    if observe is not None:
        observe(header)
        observe(values)
    return np.frombuffer(values, dtype).reshape(shape)


def _read_header(stream: Readable, path: Path) -> tuple[bytearray, np.dtype[Any], tuple[int, ...]]:
    """Return the header's bytes, dtype and shape."""
    magic = read_up_to(stream, 4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in DTYPES or not magic[3]:
        raise DataError(
            f"{path}: not an idx file: expected magic number 00 00 08 03 (or its like), got "
            f"{magic.hex(' ') or 'nothing'}; {AGAIN}"
        )
    if magic[3] > MAX_DIMENSIONS:
        raise DataError(
            f"{path}: not an idx file: its magic number announces {magic[3]} dimensions, "
            f"expected at most {MAX_DIMENSIONS}; {AGAIN}"
        )
    extents = read_up_to(stream, 4 * magic[3])
    if len(extents) < 4 * magic[3]:
        raise DataError(
            f"{path}: truncated: {magic[3]} dimensions need {4 * magic[3]} bytes, "
            f"got {len(extents)}; {AGAIN}"
        )
    shape = struct.unpack(f">{magic[3]}I", extents)
    return magic + extents, np.dtype(DTYPES[magic[2]]), shape
