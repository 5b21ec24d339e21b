import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from plurigrid_ff.data.npy_header import read_npy_header
from plurigrid_ff.errors import DataError

quickly = settings(deadline=None, max_examples=100)
GOOD = "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }"


def stream_of(text, *, version=b"\x01\x00"):
    content = text.encode("latin-1")
    length = len(content).to_bytes(2 if version == b"\x01\x00" else 4, "little")
    return io.BytesIO(b"\x93NUMPY" + version + length + content)


def refusal(stream):
    with pytest.raises(DataError) as caught:
        read_npy_header(stream, where="f: x")
    message = str(caught.value)
    assert message.startswith("f: x: ")
    assert "\n" not in message
    return message


@quickly
@given(
    array=hnp.arrays(
        hnp.scalar_dtypes().filter(lambda dtype: dtype.kind in "biuf" and dtype.itemsize <= 8),
        hnp.array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=3),
        fill=st.just(0),
        elements=st.just(0),
    ),
    column_major=st.booleans(),
    version=st.sampled_from([(1, 0), (2, 0)]),
)
def test_what_numpy_writes_is_read(array, column_major, version):
    array = np.asfortranarray(array) if column_major else array
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=version)
    stream.seek(0)

    dtype, shape, first_is_fastest = read_npy_header(stream, where="f: x")

    assert (dtype, shape) == (array.dtype, array.shape)
    assert stream.read() == array.tobytes("F" if first_is_fastest else "C")


@quickly
@given(
    text=st.text(st.characters(max_codepoint=255), max_size=80),
    place=st.integers(0, len(GOOD)),
    span=st.integers(0, 20),
)
def test_a_spoilt_header_raises_nothing_but_a_data_error(text, place, span):
    stream = stream_of(GOOD[:place] + text + GOOD[place + span :])

    try:
        dtype, _, _ = read_npy_header(stream, where="f: x")
    except DataError:
        return

    assert dtype.kind in "biuf"


def test_order_and_spacing_are_free():
    header = "{'shape':(7,),'fortran_order' : True, 'descr':'|u1'}"

    assert read_npy_header(stream_of(header), where="f: x") == (np.dtype("u1"), (7,), True)


def test_python_objects_are_refused():
    assert "holds Python objects" in refusal(stream_of(GOOD.replace("<f8", "|O")))


@pytest.mark.parametrize(
    "descr", ["'<U3'", "'<c8'", "'<f16'", "'<i3'", "'<M8[s]'", "[('a', '<f8')]"]
)
def test_what_is_no_number_is_refused(descr):
    assert "expected numbers, got" in refusal(stream_of(GOOD.replace("'<f8'", descr)))


@pytest.mark.parametrize(
    "text",
    ["", "{}", "(" * 5000, GOOD.replace("(3, 4)", "(-3, 4)"), GOOD.replace("False", "0")],
)
def test_a_header_without_its_three_entries_is_damage(text):
    assert "damaged .npy header" in refusal(stream_of(text))


@pytest.mark.parametrize("start", [b"", b"\x93NUMPY", b"\x93NUMPY\x09\x01", b"PNG" + bytes(20)])
def test_another_magic_or_version_is_refused(start):
    assert "expected .npy version 1.0 or 2.0" in refusal(io.BytesIO(start))


def test_a_truncated_header_gives_both_lengths():
    content = stream_of(GOOD).read()[:-9]

    assert f"announces {len(GOOD)} bytes, got {len(GOOD) - 9}" in refusal(io.BytesIO(content))


def test_a_huge_header_is_not_read():
    stream = stream_of(" " * 50_000, version=b"\x02\x00")

    assert "announces 50000 bytes, got 10000" in refusal(stream)
