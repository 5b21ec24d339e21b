"""Sizes from ELF files: against the toolchain's own reader, by hand, and against garbage."""

import struct
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.errors import ToolchainError
from plurigrid_ff.onchip import elf
from plurigrid_ff.onchip.elf import Sizes, object_sizes

CODE, CONSTANT, DATA, BSS, NOTE = (1, 2 | 4), (1, 2), (1, 2 | 1), (8, 2 | 1), (1, 0)


def elf_file(bits, *sections, entry_size=None):
    """Write an ELF file from (type and flags, size) of its sections."""
    body = b"".join(b"\xaa" * size for (kind, _), size in sections if kind != 8)
    header, section = {
        32: ("<HHIIIIIHHHHHH", "<IIIIIIIIII"),
        64: ("<HHIQQQIHHHHHH", "<IIQQQQIIQQ"),
    }[bits]
    start = 16 + struct.calcsize(header)
    entry = struct.calcsize(section) if entry_size is None else entry_size
    ident = b"\x7fELF" + bytes([bits // 32, 1, 1]) + bytes(9)
    fields = (1, 40, 1, 0, 0, start + len(body), 0, start, 0, 0, entry, len(sections) + 1, 0)
    table = [struct.pack(section, *[0] * 10)]
    for (kind, flags), size in sections:
        table.append(struct.pack(section, 0, kind, flags, 0, start, size, 0, 0, 4, 0))
    return ident + struct.pack(header, *fields) + body + b"".join(table)


@pytest.fixture
def file(tmp_path):
    """Write bytes to a file."""

    def write(data):
        path = tmp_path / "some.o"
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize("bits", [32, 64])
def test_code_constants_and_data_fill_the_flash_data_and_bss_the_ram(file, bits):
    path = file(elf_file(bits, (CODE, 100), (CONSTANT, 30), (DATA, 7), (BSS, 5000), (NOTE, 900)))

    assert object_sizes(path) == Sizes(flash=137, ram=5007)


def test_sizes_of_this_computers_objects_are_those_in_the_source(tool, tmp_path):
    (gcc,) = tool("gcc")
    (tmp_path / "a.c").write_text("const char f[100] = {1}; char d[20] = {1}; char b[4000];")

    subprocess.run([gcc, "-c", "a.c", "-o", "a.o"], cwd=tmp_path, check=True)

    assert object_sizes(tmp_path / "a.o") == Sizes(flash=120, ram=4020)


def test_more_sections_than_the_header_can_count_are_read(file):
    data = bytearray(elf_file(32, (CODE, 8), (BSS, 3)))
    (start,) = struct.unpack_from("<I", data, 32)
    struct.pack_into("<H", data, 48, 0)
    struct.pack_into("<I", data, start + 20, 3)

    assert object_sizes(file(bytes(data))) == Sizes(flash=8, ram=3)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"got a file that starts with b''"),
        (b"!<arch>\n" + bytes(60), r"got a file that starts with b'!<ar'"),
        (b"\x7fELF\x01\x02" + bytes(60), "got byte order 2"),
        (b"\x7fELF\x03\x01" + bytes(60), "got ELF class 3"),
        (b"\x7fELF\x01\x01" + bytes(12), "got a header at byte 16 of 18"),
        (b"\x7fELF\x01\x01" + bytes(60), "got a file without sections"),
        (elf_file(32, (CODE, 8))[:-1], "got a section header at byte 100 of 139"),
        (elf_file(64, (CODE, 8), entry_size=40), "got section headers of 40 bytes, not 64"),
    ],
)
def test_a_file_that_is_no_elf_file_is_refused(file, data, message):
    path = file(data)

    with pytest.raises(ToolchainError, match=f"some.o: expected a little-endian ELF .*{message}"):
        object_sizes(path)


def test_a_section_beyond_the_end_is_refused(file):
    data = bytearray(elf_file(32, (CODE, 8)))
    struct.pack_into("<I", data, len(data) - 20, 1000)

    with pytest.raises(ToolchainError, match="got a section up to byte 1052 of 140"):
        object_sizes(file(bytes(data)))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ToolchainError, match="none.o: expected an object file, got No such file"):
        object_sizes(tmp_path / "none.o")


@given(st.data())
def test_damaged_files_give_sizes_or_the_error_and_nothing_else(data):
    whole = elf_file(data.draw(st.sampled_from([32, 64])), (CODE, 9), (DATA, 5), (BSS, 6))
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 6))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))

    _reads_or_refuses(bytes(damaged))


@given(st.sampled_from([b"", b"\x7fELF\x01\x01", b"\x7fELF\x02\x01"]), st.binary(max_size=300))
def test_garbage_gives_sizes_or_the_error_and_nothing_else(start, rest):
    _reads_or_refuses(start + rest)


def _reads_or_refuses(data):
    try:
        sizes = elf._sizes(data)
    except elf._MalformedError:
        return
    assert sizes.flash >= 0
    assert sizes.ram >= 0
