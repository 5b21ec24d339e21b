import io
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from plurigrid_ff.data import zip_arrays
from plurigrid_ff.data.zip_arrays import read_arrays
from plurigrid_ff.errors import DataError

quickly = settings(deadline=None, max_examples=60)


def read_x(path):
    return read_arrays(path, lambda keys: ("x",))["x"]


def npy_bytes(array):
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array)
    return stream.getvalue()


def write_member(path, content, *, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        archive.writestr("x.npy", content)
    return path


def npy_header(text, values=b""):
    header = text.encode("latin-1") + b"\n"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + values


def refusal(path):
    with pytest.raises(DataError) as caught:
        read_x(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    return message


@quickly
@given(
    array=hnp.arrays(
        st.sampled_from([np.dtype(code) for code in ("u1", ">i2", "i8", "f4", ">f8", "?")]),
        hnp.array_shapes(min_dims=1, max_dims=4, max_side=5),
    ),
    column_major=st.booleans(),
    packed=st.booleans(),
)
def test_an_array_that_numpy_saved_reads_back_the_same(scratch, array, column_major, packed):
    path = scratch / "saved.npz"
    array = np.asfortranarray(array) if column_major else array
    (np.savez_compressed if packed else np.savez)(path, x=array)

    np.testing.assert_array_equal(read_x(path), array)


@quickly
@given(content=st.binary(max_size=300), start=st.sampled_from([b"", b"PK\x03\x04", b"PK\x05\x06"]))
def test_random_bytes_raise_nothing_but_a_data_error(scratch, content, start):
    path = scratch / "random.npz"
    path.write_bytes(start + content)

    with pytest.raises(DataError):
        read_x(path)


@quickly
@given(packed=st.booleans(), place=st.integers(0, 10**6), flip=st.integers(1, 255))
def test_a_changed_byte_raises_nothing_but_a_data_error(scratch, packed, place, flip):
    path = scratch / "changed.npz"
    (np.savez_compressed if packed else np.savez)(path, x=np.arange(40))
    content = bytearray(path.read_bytes())
    content[place % len(content)] ^= flip
    path.write_bytes(content)

    try:
        result = read_x(path)
    except DataError:
        return

    # A byte that says nothing of the array, a date for example; a checksum guards the rest.
    assert result.tolist() == list(range(40))


@quickly
@given(share=st.floats(0, 0.999))
def test_an_archive_cut_short_is_damage(scratch, share):
    path = scratch / "cut.npz"
    np.savez(path, x=np.arange(40))
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])

    assert "damaged .npz file" in refusal(path)


def test_missing_keys_are_listed_beside_those_that_are_there(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, images=np.zeros(3), labels=np.zeros(3))

    message = refusal(path)

    assert "missing x" in message
    assert "holds 'images', 'labels'" in message


def test_an_array_of_objects_is_refused_without_unpickling(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("unpickled",))

    path = tmp_path / "a.npz"
    np.savez(path, allow_pickle=True, x=np.array([Trap()], dtype=object))

    assert "holds Python objects" in refusal(path)


def test_an_empty_array_holds_no_samples(tmp_path):
    path = tmp_path / "a.npz"
    np.savez(path, x=np.zeros((0, 4)))

    assert "holds no samples" in refusal(path)


def test_a_zip_bomb_is_refused_by_its_declared_size(tmp_path, monkeypatch):
    monkeypatch.setattr(zip_arrays, "MAX_BYTES", 10_000)
    path = write_member(tmp_path / "a.npz", npy_bytes(np.zeros(5000)))

    assert "unpack to 40128 bytes, expected at most 10000" in refusal(path)


def test_arrays_count_together_against_the_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(zip_arrays, "MAX_BYTES", 10_000)
    path = tmp_path / "a.npz"
    np.savez(path, x=np.zeros(900), y=np.zeros(900))

    with pytest.raises(DataError, match="unpack to 14656 bytes"):
        read_arrays(path, lambda keys: ("x", "y"))


def test_a_shape_beyond_the_member_is_refused_without_being_allocated(tmp_path):
    header = "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }"
    path = write_member(tmp_path / "a.npz", npy_header(header, bytes(8)))

    assert "needs 8000000000000 bytes, got fewer" in refusal(path)


@pytest.mark.parametrize(("extra", "word"), [(-1, "fewer"), (1, "more")])
def test_values_that_do_not_fill_the_shape_are_refused(tmp_path, extra, word):
    content = npy_bytes(np.arange(3)) + b"\0"
    path = write_member(tmp_path / "a.npz", content[: len(content) - 1 + extra])

    assert f"needs 24 bytes, got {word}" in refusal(path)


def test_an_unusual_compression_is_refused(tmp_path):
    path = write_member(tmp_path / "a.npz", npy_bytes(np.arange(3)), method=zipfile.ZIP_LZMA)

    assert "packed in an unusual way" in refusal(path)


def test_a_missing_file_cannot_be_read(tmp_path):
    assert "cannot be read: No such file" in refusal(tmp_path / "absent.npz")
