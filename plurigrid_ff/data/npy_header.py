r"""The header of an .npy array of numbers.

Six bytes of magic, a version of two, the length of the text that follows, and a Python
dictionary as text: ``{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }``.

``numpy.lib.format`` gives that text to Python's tokenizer and parser, whose exceptions are
many; three patterns read all that numpy writes for arrays of numbers.
"""

import re
from typing import Any

import numpy as np

from plurigrid_ff.data.bounded import Readable, read_up_to
from plurigrid_ff.errors import DataError

MAGIC = b"\x93NUMPY"
LENGTH_BYTES = {b"\x01\x00": 2, b"\x02\x00": 4}  # 3.0 is for records, which are no numbers
MAX_HEADER_BYTES = 10_000  # as in numpy
DTYPE = re.compile(r"'descr'\s*:\s*('[^']*'|\[)")
NUMBERS = re.compile(r"'[<>|=]?(b1|[iu][1248]|f[248])'")
COLUMN_MAJOR = re.compile(r"'fortran_order'\s*:\s*(True|False)")
SHAPE = re.compile(r"'shape'\s*:\s*\(([0-9, ]*)\)")
AGAIN = "download it again or save it with numpy.savez"


def read_npy_header(stream: Readable, *, where: str) -> tuple[np.dtype[Any], tuple[int, ...], bool]:
    """Return dtype, shape, and whether the first index is fastest.

    Raises:
        DataError: Not an .npy header, or not one of numbers.
    """
    text = _read_text(stream, where)
    descr, order, shape = (pattern.search(text) for pattern in (DTYPE, COLUMN_MAJOR, SHAPE))
    if descr is None or order is None or shape is None:
        raise DataError(f"{where}: damaged .npy header: {text!r:.80}; {AGAIN}")
    if "O" in descr[1]:
        raise DataError(
            f"{where}: holds Python objects, which only pickle can read; save plain numbers"
        )
    if not NUMBERS.fullmatch(descr[1]):
        raise DataError(
            f"{where}: expected numbers, got values of type {descr[1]}; save plain numbers"
        )
    extents = tuple(int(part) for part in shape[1].split(",") if part.strip())
    return np.dtype(descr[1].strip("'")), extents, order[1] == "True"


def _read_text(stream: Readable, where: str) -> str:
    """Return the dictionary's text."""
    start = read_up_to(stream, len(MAGIC) + 2)
    count = LENGTH_BYTES.get(bytes(start[len(MAGIC) :]))
    if not start.startswith(MAGIC) or count is None:
        raise DataError(
            f"{where}: expected .npy version 1.0 or 2.0, got {start.hex(' ') or 'nothing'}; {AGAIN}"
        )
    length = int.from_bytes(read_up_to(stream, count), "little")
    text = read_up_to(stream, min(length, MAX_HEADER_BYTES))
    if len(text) < length:
        raise DataError(f"{where}: its header announces {length} bytes, got {len(text)}; {AGAIN}")
    return text.decode("latin-1")
