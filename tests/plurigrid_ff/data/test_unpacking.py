import gzip
import lzma
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.data.unpacking import unpacked
from plurigrid_ff.errors import DataError

CONTENT = bytes(range(256)) * 40
PACKERS = {"plain": bytes, "gzip": gzip.compress, "xz": lzma.compress}


def read_all(path, **limits):
    with unpacked(path, at_once=1 << 20, **limits) as stream:
        return stream.read(1 << 20)


@pytest.mark.parametrize("pack", PACKERS.values(), ids=PACKERS)
def test_content_comes_out_whatever_packed_it(tmp_path, pack):
    path = tmp_path / "a"
    path.write_bytes(pack(CONTENT))

    assert read_all(path) == CONTENT


@pytest.mark.parametrize("between", [b"", b"\0" * 8])
def test_xz_streams_may_follow_each_other(tmp_path, between):
    path = tmp_path / "a"
    path.write_bytes(lzma.compress(b"one") + between + lzma.compress(b"two") + between)

    assert read_all(path) == b"onetwo"


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_a_truncated_file_is_refused(tmp_path, pack):
    path = tmp_path / "a"
    path.write_bytes(pack(CONTENT)[:-9])

    with pytest.raises(DataError, match="damaged .*; download or pack it again"):
        read_all(path)


def test_a_changed_byte_is_noticed_at_the_end(tmp_path):
    packed = bytearray(gzip.compress(CONTENT))
    packed[-6] ^= 1  # in the checksum
    path = tmp_path / "a"
    path.write_bytes(packed)

    with pytest.raises(DataError, match="damaged"), unpacked(path, at_once=1) as stream:
        stream.drain()


def test_an_xz_header_that_asks_for_gigabytes_is_refused(tmp_path):
    path = tmp_path / "a"
    packed = bytearray(lzma.compress(b"x"))
    place = packed.index(b"\x21\x01", 12) + 2  # the dictionary's size in the block's header
    packed[place] = 39  # 3 GiB
    size = 4 * (packed[12] + 1)
    packed[12 + size - 4 : 12 + size] = struct.pack("<I", zlib.crc32(packed[12 : 12 + size - 4]))
    path.write_bytes(packed)

    with pytest.raises(DataError, match="[Mm]emory"):
        read_all(path)


def test_unpacking_stops_at_the_limit(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(gzip.compress(bytes(1 << 20)))

    with pytest.raises(DataError, match="unpacks to more than 1000 bytes"):
        read_all(path, limit=1000)


def test_one_read_of_too_much_is_refused(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(CONTENT)

    with pytest.raises(DataError, match="a piece of 11 bytes"), unpacked(path, at_once=10) as it:
        it.read(11)


def test_seeking_only_goes_forwards(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(CONTENT)

    with unpacked(path, at_once=100) as stream:
        assert stream.seek(7) == 7
        assert stream.read(2) == CONTENT[7:9]
        assert stream.tell() == 9
        with pytest.raises(DataError, match="points back into itself"):
            stream.seek(3)


def test_a_missing_file_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_all(tmp_path / "absent")


@given(content=st.binary(max_size=200), magic=st.sampled_from([b"", b"\x1f\x8b", b"\xfd7zXZ\x00"]))
def test_random_bytes_raise_nothing_but_a_data_error(scratch, content, magic):
    path = scratch / "random"
    path.write_bytes(magic + content)

    try:
        read_all(path)
    except DataError:
        return
    assert not magic
