import os
from pathlib import Path

import pytest

from plurigrid_ff.errors import WorkingFolderError
from plurigrid_ff.mcp_server.working_folder import WorkingFolder


@pytest.fixture
def folder(work):
    return WorkingFolder(work)


def test_a_path_inside_is_relative_to_the_root_however_it_was_written(folder, work):
    assert folder.inside("runs/a", where="out") == Path("runs/a")
    assert folder.inside("runs/../runs/./a", where="out") == Path("runs/a")
    assert folder.inside(str(work / "runs" / "a"), where="out") == Path("runs/a")


@pytest.mark.parametrize(
    "text", ["..", "../secret.toml", "runs/../../x", "/etc/passwd", "/", "~", "~root/x", "~/x"]
)
def test_a_path_that_leads_out_is_refused(folder, text):
    with pytest.raises(WorkingFolderError, match=r"out: .* leads out of the working folder; give"):
        folder.inside(text, where="out")


@pytest.mark.parametrize("text", ["a\0b", "a" * 5000, "\ud800"])
def test_a_path_that_no_system_has_is_refused(folder, text):
    with pytest.raises(WorkingFolderError, match="is no usable path"):
        folder.inside(text, where="out")


def test_a_link_is_judged_by_where_it_leads(folder, work, tmp_path):
    (work / "here").symlink_to(work / "real")
    (work / "there").symlink_to(tmp_path)
    (work / "ring").symlink_to(work / "ring")

    assert folder.inside("here/a", where="out") == Path("real/a")
    with pytest.raises(WorkingFolderError, match="leads out"):
        folder.inside("there/secret.toml", where="out")
    with pytest.raises(WorkingFolderError, match="is no usable path"):
        folder.inside("ring/a", where="out")


def test_a_pipe_is_refused_because_reading_it_could_last_for_ever(folder, work):
    os.mkfifo(work / "pipe.toml")

    with pytest.raises(WorkingFolderError, match="neither a plain file nor a folder"):
        folder.inside("pipe.toml", where="triad")


def test_a_tree_is_refused_for_any_link_in_it_that_leads_out(folder, work, tmp_path):
    deep = work / "photos" / "cats"
    deep.mkdir(parents=True)
    (deep / "one.png").touch()
    (deep / "again.png").symlink_to(deep / "one.png")
    (deep / "up").symlink_to(work / "photos")  # a ring, and inside

    assert folder.tree("photos", where="data") == Path("photos")

    (work / "elsewhere").mkdir()
    (work / "elsewhere" / "out.png").symlink_to(tmp_path / "secret.toml")
    (deep / "linked").symlink_to(work / "elsewhere")
    with pytest.raises(WorkingFolderError, match="data: 'elsewhere/out.png' leads out"):
        folder.tree("photos", where="data")


@pytest.mark.parametrize("suffix", ["", ".partial", ".replaced"])
def test_a_run_is_refused_for_a_link_in_any_folder_that_it_grows_in(folder, work, tmp_path, suffix):
    place = work / f"run{suffix}"
    place.mkdir()
    (place / "rounds.jsonl").symlink_to(tmp_path / "secret.toml")

    with pytest.raises(WorkingFolderError, match="leads out"):
        folder.run("run", where="out")


def test_a_folder_that_limits_nothing_is_no_working_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))

    for wide in (Path("/"), tmp_path):
        with pytest.raises(WorkingFolderError, match=r"too wide .* name a project's folder"):
            WorkingFolder(wide)
    with pytest.raises(WorkingFolderError, match=r"cannot be the working folder: .* make it"):
        WorkingFolder(tmp_path / "absent")


def test_messages_name_paths_relative_to_the_folder(folder, work):
    assert folder.shown(f"{work}/runs/a: exists in {work}") == "runs/a: exists in ."
