import pytest

from plurigrid_ff.data import files
from plurigrid_ff.data.files import Kind, holds_samples, iterate_files, kind_of, list_files
from plurigrid_ff.errors import DataError


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a/1.png", Kind.IMAGE),
        ("A.JPEG", Kind.IMAGE),
        ("a.Wav", Kind.WAV),
        ("a.mp3", None),
        ("png", None),
    ],
)
def test_the_end_of_a_name_tells_the_kind(name, kind):
    assert kind_of(name) is kind


def test_a_folder_is_listed_in_sorted_order_folder_by_folder(write_files):
    names = ["b/1.png", "a/2.png", "a/10.png", "a-b/1.png"]

    folder = write_files(dict.fromkeys(names, b""))

    assert list_files(folder) == ["a/10.png", "a/2.png", "a-b/1.png", "b/1.png"]


def test_hidden_files_and_notes_are_passed_over(write_files):
    names = [".DS_Store", "a/._1.png", "__MACOSX/1.png", "README.md", "LICENSE", "a/Thumbs.db"]

    folder = write_files(dict.fromkeys([*names, "a/1.png"], b"x"))

    assert list(iterate_files(folder)) == [("a/1.png", b"x")]


@pytest.mark.parametrize("packed", [False, True])
def test_a_file_that_cannot_be_read_is_not_passed_over(tmp_path, write_files, to_tar, packed):
    path = write_files({"a/1.png": b"", "a/2.heic": b""})
    if packed:
        path = tmp_path / "a.tar"
        path.write_bytes(to_tar([("a/1.png", b""), ("a/2.heic", b"")]))

    with pytest.raises(DataError, match=r"'a/2\.heic' is neither an image \(\.bmp.*\) nor a \.wav"):
        list(iterate_files(path))


def test_folders_too_deep_are_refused(write_files):
    folder = write_files({"a/b/c/d/1.png": b""})

    with pytest.raises(DataError, match="a folder 4 deep, expected CLASS/FILE"):
        list_files(folder)


def test_links_in_a_circle_come_to_an_end(write_files):
    folder = write_files({"a/1.png": b""})
    (folder / "a" / "up").symlink_to(folder, target_is_directory=True)

    assert holds_samples(folder)
    with pytest.raises(DataError, match="deep"):
        list_files(folder)


def test_too_many_files_are_refused(write_files, monkeypatch):
    monkeypatch.setattr(files, "MAX_FILES", 2)

    with pytest.raises(DataError, match="holds more than 2 files"):
        list_files(write_files(dict.fromkeys(["a/1.png", "a/2.png", "a/3.png"], b"")))


def test_a_file_that_is_too_large_is_refused(write_files, monkeypatch):
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 3)

    with pytest.raises(DataError, match=r"1\.png: larger than 3 bytes"):
        list(iterate_files(write_files({"a/1.png": b"1234"})))


def test_a_link_that_leads_nowhere_names_the_file(write_files):
    folder = write_files({"a/1.png": b""})
    (folder / "a" / "2.png").symlink_to(folder / "absent")

    with pytest.raises(DataError, match=r"2\.png: cannot be read: No such file"):
        list(iterate_files(folder))


def test_a_folder_that_is_not_there_is_a_data_error(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        list_files(tmp_path / "absent")


@pytest.mark.parametrize(("names", "expected"), [(["a/b/1.wav"], True), (["a/b/1.mp3"], False)])
def test_a_folder_is_searched_for_samples(write_files, names, expected):
    assert holds_samples(write_files(dict.fromkeys(names, b""))) is expected


def test_names_that_a_terminal_should_not_see_are_refused(tmp_path, to_tar):
    path = tmp_path / "a.tar"
    path.write_bytes(to_tar([("a/\x1b[31m.png", b"")]))

    with pytest.raises(DataError, match="holds signs that cannot be printed") as caught:
        list(iterate_files(path))
    assert "\x1b" not in str(caught.value)
