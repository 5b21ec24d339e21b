import io
import tarfile
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.data import tar
from plurigrid_ff.data.tar import is_tar, iterate_tar
from plurigrid_ff.errors import DataError

MEMBERS = [("b/1.png", b"one"), ("a/2.png", bytes(512)), ("a/3.png", b""), ("c", b"x" * 511)]


@pytest.fixture
def archive(tmp_path, to_tar):
    path = tmp_path / "a.tar"
    path.write_bytes(to_tar(MEMBERS))
    return path


def write_special(path, kind, *, name="link", target="/etc/passwd"):
    with tarfile.open(path, "w") as archive:
        info = tarfile.TarInfo(name)
        info.type, info.linkname = kind, target
        archive.addfile(info)
    return path


def refusal(path):
    with pytest.raises(DataError) as caught:
        list(iterate_tar(path))
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    return message


@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:xz"])
def test_files_come_out_in_the_archives_order(tmp_path, to_tar, mode):
    path = tmp_path / "a.tar"
    path.write_bytes(to_tar(MEMBERS, mode))

    assert list(iterate_tar(path)) == MEMBERS


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_long_names_of_every_format_are_read(tmp_path, form):
    name = "d/" * 60 + "é.png" if form != tarfile.USTAR_FORMAT else "d/" * 60 + "e.png"
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w", format=form) as archive:
        archive.addfile(tarfile.TarInfo(name))

    assert [found for found, _ in iterate_tar(path)] == [name]


def test_a_folder_packed_from_within_loses_its_leading_dot(tmp_path, to_tar):
    path = tmp_path / "a.tar"
    path.write_bytes(to_tar([("./a/1.png", b"1")]))

    assert list(iterate_tar(path)) == [("a/1.png", b"1")]


def test_nothing_is_written_to_the_disk(archive, tmp_path):
    list(iterate_tar(archive))

    assert [path.name for path in tmp_path.iterdir()] == ["a.tar"]


@pytest.mark.parametrize("name", ["../up.png", "/etc/up.png", "a/../../up.png", "a/..", "."])
def test_a_name_that_leads_out_is_refused(tmp_path, to_tar, name):
    path = tmp_path / "a.tar"
    path.write_bytes(to_tar([(name, b"1")]))

    assert "leads out of the archive" in refusal(path)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE])
def test_links_are_refused(tmp_path, kind):
    assert "'link' is a link, expected plain files" in refusal(
        write_special(tmp_path / "a.tar", kind)
    )


@pytest.mark.parametrize("kind", [tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.GNUTYPE_SPARSE])
def test_devices_and_sparse_files_are_refused(tmp_path, kind):
    path = write_special(tmp_path / "a.tar", kind)

    assert "no plain file" in refusal(path) or "damaged" in refusal(path)


def test_a_name_that_is_there_twice_is_refused(tmp_path, to_tar):
    path = tmp_path / "a.tar"
    path.write_bytes(to_tar([("a/1.png", b"1"), ("./a/1.png", b"2")]))

    assert "holds 'a/1.png' twice" in refusal(path)


@pytest.mark.parametrize("size", [1, 300, 600, 1024, 1536])
def test_an_archive_cut_anywhere_is_refused(archive, size):
    archive.write_bytes(archive.read_bytes()[:size])

    message = refusal(archive)

    assert "truncated" in message or "damaged" in message


def test_a_damaged_header_is_not_taken_for_the_end(archive):
    content = bytearray(archive.read_bytes())
    content[1024] ^= 1  # the name of the second member: its checksum no longer fits
    archive.write_bytes(content)

    assert "damaged or truncated" in refusal(archive)


def test_too_many_files_are_refused(archive, monkeypatch):
    monkeypatch.setattr(tar, "MAX_FILES", 3)

    assert "holds more than 3 files" in refusal(archive)


def test_a_file_that_is_too_large_is_refused(archive):
    with pytest.raises(DataError, match="a piece of 512 bytes, expected at most 511"):
        list(iterate_tar(archive, max_file_bytes=511))


def test_a_size_that_is_only_promised_takes_no_memory(tmp_path):
    info = tarfile.TarInfo("a/1.png")
    info.size = 60 << 20
    path = tmp_path / "a.tar"
    path.write_bytes(info.tobuf() + bytes(2048))

    assert "truncated" in refusal(path)


def test_extended_headers_without_end_are_refused(tmp_path):
    info = tarfile.TarInfo("pax")
    info.type = tarfile.XHDTYPE
    path = tmp_path / "a.tar"
    path.write_bytes(info.tobuf() * 5000 + bytes(1024))

    assert "damaged tar archive" in refusal(path)


def test_an_empty_file_is_no_archive(tmp_path):
    path = tmp_path / "a.tar"
    path.touch()

    assert "damaged tar archive (empty file)" in refusal(path)


def test_an_archive_of_nothing_has_no_files(tmp_path, to_tar):
    path = tmp_path / "a.tar"
    path.write_bytes(to_tar([]))

    assert list(iterate_tar(path)) == []


@pytest.mark.parametrize(
    ("name", "expected"), [("a.tar", True), ("A.TGZ", True), ("a.tar.xz", True), ("a.gz", False)]
)
def test_archives_are_known_by_their_names(name, expected):
    assert is_tar(name) is expected


@given(content=st.binary(max_size=1500))
def test_random_bytes_raise_nothing_but_a_data_error(scratch, content):
    path = scratch / "random.tar"
    path.write_bytes(content)

    with suppress(DataError):
        assert list(iterate_tar(path)) == []


@given(
    changes=st.lists(st.tuples(st.integers(0, 4607), st.integers(0, 255)), min_size=1, max_size=6),
    form=st.sampled_from([tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]),
    repaired=st.booleans(),
)
def test_changed_bytes_raise_nothing_but_a_data_error(scratch, changes, form, repaired):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as archive:
        for name in ("a/1.png", "b/" + "é" * 120):
            info = tarfile.TarInfo(name)
            info.size = 3
            archive.addfile(info, io.BytesIO(b"abc"))
    content = bytearray(stream.getvalue())
    for place, value in changes:
        content[place] = value
    if repaired:  # so that the changes get past the checksums of the headers
        for block in range(0, 4608, 512):
            if content[block + 257 : block + 262] == b"ustar":
                header = content[block : block + 512]
                total = 256 + sum(header[:148]) + sum(header[156:])
                content[block + 148 : block + 156] = b"%06o\0 " % total
    path = scratch / "changed.tar"
    path.write_bytes(content)

    with suppress(DataError):
        for name, value in iterate_tar(path):
            assert isinstance(name, str)
            assert len(value) < len(content)
