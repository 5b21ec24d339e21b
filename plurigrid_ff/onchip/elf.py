"""Flash and RAM that compiled code takes, read from its ELF file.

Reference:
    Tool Interface Standard (1995), "Executable and Linking Format", version 1.2, book I;
    System V ABI, "ELF-64 Object File Format", version 1.5.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from plurigrid_ff.errors import ToolchainError

SHT_NOBITS = 8
SHF_WRITE, SHF_ALLOC = 1, 2
LITTLE_ENDIAN = 1
IDENT_SIZE = 16


@dataclass(frozen=True)
class Sizes:
    """Bytes that code takes on the chip.

    Args:
        flash: What is programmed: code, constants, and the initial values of variables.
        ram: What is written to while running: initialised and zeroed variables. The stack
            is not in it, except where a linker script reserves a section for it.
    """

    flash: int
    ram: int


@dataclass(frozen=True)
class _Layout:
    """Where the fields of one ELF class lie.

    Args:
        header: Fields after the identification: section table's offset, entry size, count.
        section: Fields of a section header: type, flags, offset, size.
    """

    header: struct.Struct
    section: struct.Struct


LAYOUTS = {
    1: _Layout(struct.Struct("<16x I 10x H H 2x"), struct.Struct("<4x I I 4x I I 16x")),
    2: _Layout(struct.Struct("<24x Q 10x H H 2x"), struct.Struct("<4x I Q 8x Q Q 24x")),
}


def object_sizes(path: Path) -> Sizes:
    """Measure an object file or a linked program.

    Sections that stay on the computer (symbols, debugging) do not count; the gaps that a
    linker puts between sections to align them are not known here.

    Raises:
        ToolchainError: The file cannot be read or is no little-endian ELF file.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ToolchainError(
            f"{path}: expected an object file, got {error.strerror or error}; compile it first"
        ) from error
    try:
        return _sizes(data)
    except _MalformedError as error:
        raise ToolchainError(
            f"{path}: expected a little-endian ELF file, got {error}; compile it again"
        ) from error


class _MalformedError(Exception):
    """What is wrong with the bytes, as the object of "got"."""


def _sizes(data: bytes) -> Sizes:
    """Add up the sections that are loaded."""
    flash = ram = 0
    for kind, flags, offset, size in _sections(data):
        if not flags & SHF_ALLOC:
            continue
        has_bytes = kind != SHT_NOBITS
        if has_bytes and offset + size > len(data):
            raise _MalformedError(f"a section up to byte {offset + size} of {len(data)}")
        flash += size if has_bytes else 0
        ram += size if flags & SHF_WRITE or not has_bytes else 0
    return Sizes(flash, ram)


def _sections(data: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Yield type, flags, offset and size of every section."""
    layout = _layout(data)
    start, entry_size, count = _unpack(layout.header, data, IDENT_SIZE, "header")
    if start == 0:
        raise _MalformedError("a file without sections")
    if entry_size != layout.section.size:
        raise _MalformedError(f"section headers of {entry_size} bytes, not {layout.section.size}")
    if count == 0:  # 65280 sections or more: the first entry's size holds their number
        count = _unpack(layout.section, data, start, "section header")[3]
    for index in range(count):
        kind, flags, offset, size = _unpack(
            layout.section, data, start + index * entry_size, "section header"
        )
        yield kind, flags, offset, size


def _layout(data: bytes) -> _Layout:
    """Return the layout that the identification names."""
    if len(data) < IDENT_SIZE or data[:4] != b"\x7fELF":
        raise _MalformedError(f"a file that starts with {data[:4]!r}")
    if data[5] != LITTLE_ENDIAN:
        raise _MalformedError(f"byte order {data[5]}")
    if data[4] not in LAYOUTS:
        raise _MalformedError(f"ELF class {data[4]}")
    return LAYOUTS[data[4]]


def _unpack(fields: struct.Struct, data: bytes, offset: int, what: str) -> tuple[int, ...]:
    """Read fields, or say that the file ends before them."""
    if offset + fields.size > len(data):
        raise _MalformedError(f"a {what} at byte {offset} of {len(data)}")
    return fields.unpack_from(data, offset)
