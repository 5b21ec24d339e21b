import os
from pathlib import Path

import pytest

from plurigrid_ff.files import folder_written_beside, read_text, write_text, written_beside


def write_folder(path, contents, error=None):
    """Write a folder of files; stop with an error before it is whole."""
    with folder_written_beside(path) as partial:
        for name, text in contents.items():
            (partial / name).write_text(text)
        if error:
            raise error


def files_below(folder):
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


def test_a_written_file_replaces_the_old_one(tmp_path):
    path = tmp_path / "deep" / "file.txt"

    write_text(path, "first")
    write_text(path, "second")

    assert path.read_text() == "second"
    assert os.listdir(path.parent) == ["file.txt"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "file.txt"
    write_text(path, "old")

    def write_half() -> None:
        with written_beside(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(type(error)):
        write_half()

    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_a_written_file_has_the_rights_of_the_umask(tmp_path):
    plain = tmp_path / "plain.txt"
    plain.write_text("x")

    write_text(tmp_path / "ours.txt", "x")

    assert (tmp_path / "ours.txt").stat().st_mode == plain.stat().st_mode


def test_a_text_larger_than_its_cap_is_refused(tmp_path):
    path = tmp_path / "file.txt"
    write_text(path, "four")

    assert read_text(path, max_bytes=4) == "four"
    with pytest.raises(OSError, match="larger than 3 bytes"):
        read_text(path, max_bytes=3)


def test_a_written_folder_replaces_the_old_one_whole(tmp_path):
    path = tmp_path / "deep" / "folder"

    write_folder(path, {"a": "old", "b": "old"})
    write_folder(path, {"b": "new", "c": "new"})

    assert files_below(tmp_path) == {"deep/folder/b": "new", "deep/folder/c": "new"}
    assert os.listdir(path.parent) == ["folder"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_folder_that_is_not_finished_leaves_the_old_one_and_nothing_else(tmp_path, error):
    path = tmp_path / "folder"
    write_folder(path, {"a": "old"})

    with pytest.raises(type(error)):
        write_folder(path, {"a": "half", "b": "half"}, error)

    assert files_below(tmp_path) == {"folder/a": "old"}
    assert os.listdir(tmp_path) == ["folder"]


def test_a_folder_that_is_not_finished_leaves_nothing_where_nothing_was(tmp_path):
    with pytest.raises(OSError, match="full"):
        write_folder(tmp_path / "folder", {"a": "half"}, OSError("full"))

    assert os.listdir(tmp_path) == []


def test_an_error_between_the_two_renames_brings_the_old_folder_back(tmp_path, monkeypatch):
    path = tmp_path / "folder"
    write_folder(path, {"a": "old"})
    rename = Path.rename

    def fail_on_new(self, target):
        if self.name == "new":
            raise OSError(5, "Input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_on_new)
    with pytest.raises(OSError, match="Input/output"):
        write_folder(path, {"a": "new"})

    assert files_below(tmp_path) == {"folder/a": "old"}
    assert os.listdir(tmp_path) == ["folder"]


@pytest.mark.parametrize("error", [None, OSError("full")])
def test_an_unfinished_run_beside_a_written_folder_is_left_alone(tmp_path, error):
    for neighbour in ("folder.partial", "folder.replaced"):
        (tmp_path / neighbour).mkdir()
        (tmp_path / neighbour / "run.toml").write_text("mine")

    try:
        write_folder(tmp_path / "folder", {"a": "new"}, error)
    except OSError:
        assert error

    kept = {"folder.partial/run.toml": "mine", "folder.replaced/run.toml": "mine"}
    assert files_below(tmp_path) == kept | ({} if error else {"folder/a": "new"})


def test_a_written_folder_has_the_rights_of_the_umask(tmp_path):
    plain = tmp_path / "plain"
    plain.mkdir()

    write_folder(tmp_path / "ours", {})

    assert (tmp_path / "ours").stat().st_mode == plain.stat().st_mode
