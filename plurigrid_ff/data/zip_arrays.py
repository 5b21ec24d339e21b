"""Arrays of an .npz file, read without pickle and without trust in what it declares.

``numpy.load`` would do for files one has written oneself: it allocates what a header
promises, and answers a damaged file with a dozen kinds of exception.
"""

import math
import struct
import zipfile
import zlib
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.data.bounded import MAX_BYTES, read_up_to
from plurigrid_ff.data.npy_header import AGAIN, read_npy_header
from plurigrid_ff.errors import DataError

SUFFIX = ".npy"
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the two that numpy writes
# What zipfile, zlib and numpy raise at content they do not expect.
DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    LookupError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
)

Chooser = Callable[[Collection[str]], tuple[str, ...]]


def read_arrays(path: Path, choose: Chooser) -> dict[str, NDArray[Any]]:
    """Read some of the arrays of an .npz file.

    Args:
        path: The file.
        choose: Returns the keys to read, given the keys that are there.

    Raises:
        DataError: Unreadable, damaged, a key is missing, an array of Python objects, or
            more than 4 GiB.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, choose, path)
            return {key: _read_member(archive, info, path) for key, info in members.items()}
    except DAMAGE as error:
        raise DataError(f"{path}: damaged .npz file ({error}); {AGAIN}") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror or error}") from error


def _members(archive: zipfile.ZipFile, choose: Chooser, path: Path) -> dict[str, zipfile.ZipInfo]:
    """Return the chosen members, whose declared sizes are within bounds."""
    there = {
        info.filename.removesuffix(SUFFIX): info
        for info in archive.infolist()
        if info.filename.endswith(SUFFIX)
    }
    wanted = choose(there)
    missing = [key for key in wanted if key not in there]
    if missing:
        holds = ", ".join(map(repr, sorted(there)[:8])) or "no arrays"
        raise DataError(
            f"{path}: expected the keys {', '.join(wanted)}, missing {', '.join(missing)}; "
            f"it holds {holds}: rename them in numpy.savez"
        )
    members = {key: there[key] for key in wanted}
    declared = sum(info.file_size for info in members.values())
    if declared > MAX_BYTES:
        raise DataError(
            f"{path}: its arrays unpack to {declared} bytes, expected at most {MAX_BYTES}; "
            "give a smaller file"
        )
    return members


def _read_member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path) -> NDArray[Any]:
    """Read one .npy member to its very end, where its checksum is compared."""
    if info.compress_type not in METHODS or info.flag_bits & 1:
        raise DataError(
            f"{path}: {info.filename} is encrypted or packed in an unusual way; {AGAIN}"
        )
    with archive.open(info) as stream:
        where = f"{path}: {info.filename}"
        dtype, shape, column_major = read_npy_header(stream, where=where)
        size = math.prod(shape) * dtype.itemsize
        if size == 0:
            raise DataError(f"{where}: holds no samples: its shape is {shape}; give at least one")
        # The shape may promise anything: memory follows what the member delivers, and that
        # is at most its declared size, which is within bounds.
        values = read_up_to(stream, size)
        if len(values) < size or stream.read(1):
            raise DataError(
                f"{where} of shape {shape} needs {size} bytes, got "
                f"{'fewer' if len(values) < size else 'more'}; {AGAIN}"
            )
    return np.frombuffer(values, dtype).reshape(shape, order="F" if column_major else "C")
