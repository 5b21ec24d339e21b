import gzip
import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from plurigrid_ff.data import idx
from plurigrid_ff.data.idx import read_idx
from plurigrid_ff.errors import DataError

ARRAYS = hnp.arrays(
    st.sampled_from([np.dtype(code) for code in ("u1", "i1", "i2", "i4", "f4", "f8")]),
    hnp.array_shapes(min_dims=1, max_dims=4, max_side=5),
)
quickly = settings(deadline=None, max_examples=60)


@quickly
@given(array=ARRAYS, packed=st.booleans())
def test_an_array_written_as_idx_reads_back_the_same(scratch, to_idx, array, packed):
    path = scratch / "array"
    content = to_idx(array)
    path.write_bytes(gzip.compress(content) if packed else content)

    result = read_idx(path)

    np.testing.assert_array_equal(result, array)
    assert result.shape == array.shape


@quickly
@given(array=ARRAYS, packed=st.booleans(), data=st.data())
def test_a_file_cut_short_anywhere_is_a_data_error(scratch, to_idx, array, packed, data):
    path = scratch / "cut"
    content = gzip.compress(to_idx(array)) if packed else to_idx(array)
    path.write_bytes(content[: data.draw(st.integers(0, len(content) - 1))])

    with pytest.raises(DataError):
        read_idx(path)


@quickly
@given(start=st.sampled_from([b"", b"\0\0", b"\0\0\x08\x01", b"\x1f\x8b"]), rest=st.binary())
def test_random_bytes_raise_a_data_error_or_are_idx(scratch, to_idx, start, rest):
    path = scratch / "random"
    path.write_bytes(start + rest)

    try:
        array = read_idx(path)
    except DataError:
        return

    assert to_idx(array) == start + rest


def test_observe_sees_the_whole_decompressed_content(tmp_path, to_idx):
    content = to_idx(np.arange(6, dtype=np.uint8).reshape(2, 3))
    path = tmp_path / "array.gz"
    path.write_bytes(gzip.compress(content))
    seen = io.BytesIO()

    read_idx(path, observe=seen.write)

    assert seen.getvalue() == content


def refusal(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_idx(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    return message


def test_a_wrong_magic_number_is_shown(tmp_path):
    message = refusal(tmp_path / "x", b"\x89PNG rest")

    assert "not an idx file" in message
    assert "got 89 50 4e 47" in message


def test_an_unknown_type_code_is_no_idx_file(tmp_path):
    assert "not an idx file" in refusal(tmp_path / "x", b"\0\0\x07\x01\0\0\0\x01\0")


def test_an_empty_file_is_no_idx_file(tmp_path):
    assert "got nothing" in refusal(tmp_path / "x", b"")


def test_too_many_dimensions_are_no_idx_file(tmp_path):
    assert "announces 200 dimensions" in refusal(tmp_path / "x", b"\0\0\x08\xc8" + bytes(800))


def test_a_truncated_header_says_how_much_is_missing(tmp_path):
    assert "3 dimensions need 12 bytes, got 5" in refusal(
        tmp_path / "x", b"\0\0\x08\x03" + bytes(5)
    )


def test_truncated_values_give_shape_and_sizes(tmp_path, to_idx):
    content = to_idx(np.zeros((4, 5), np.uint8))

    assert "truncated: its shape (4, 5) needs 20 bytes, got 19" in refusal(
        tmp_path / "x", content[:-1]
    )


def test_trailing_bytes_are_refused(tmp_path, to_idx):
    content = to_idx(np.zeros((4, 5), np.uint8))

    assert "trailing bytes" in refusal(tmp_path / "x", content + b"\0")


def test_a_zero_dimension_holds_no_samples(tmp_path):
    header = struct.pack(">BBBB3I", 0, 0, 8, 3, 0, 0xFFFFFFFF, 0xFFFFFFFF)

    assert "holds no samples" in refusal(tmp_path / "x", header)


def test_huge_dimensions_are_refused_before_anything_is_allocated(tmp_path):
    header = struct.pack(">BBBB3I", 0, 0, 8, 3, 60000, 28000, 28000)

    assert "announces 47040000000000 bytes" in refusal(tmp_path / "x", header)


def test_memory_follows_the_file_and_not_its_header(tmp_path, monkeypatch):
    sizes = []

    def read_up_to(stream, size):
        content = original(stream, size)
        sizes.append(len(content))
        return content

    original = idx.read_up_to
    monkeypatch.setattr(idx, "read_up_to", read_up_to)
    header = struct.pack(">BBBB1I", 0, 0, 8, 1, 0xFFFFFFFF)

    refusal(tmp_path / "x", header + bytes(10))

    assert sizes[-1] == 10


def test_gzip_data_that_unpack_beyond_the_limit_are_refused(tmp_path, to_idx, monkeypatch):
    monkeypatch.setattr(idx, "MAX_BYTES", 1000)
    bomb = gzip.compress(to_idx(np.zeros((100, 100), np.uint8)))

    assert "expected at most 1000" in refusal(tmp_path / "x", bomb)


@pytest.mark.parametrize("place", [12, -6], ids=["in the data", "in the checksum"])
def test_corrupt_gzip_data_are_named(tmp_path, to_idx, place):
    noise = np.random.default_rng(0).integers(0, 256, (50, 50)).astype(np.uint8)
    content = bytearray(gzip.compress(to_idx(noise)))
    content[place] ^= 0xFF

    message = refusal(tmp_path / "x", bytes(content))

    assert "damaged gzip data" in message
    assert "download" in message


def test_a_missing_file_cannot_be_read(tmp_path):
    with pytest.raises(DataError, match="cannot be read: No such file"):
        read_idx(tmp_path / "absent")
