import os

import pytest

from plurigrid_ff.files import read_text, write_text, written_beside


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
