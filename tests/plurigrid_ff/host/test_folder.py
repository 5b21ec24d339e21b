from pathlib import Path

import pytest

from plurigrid_ff.config import RunConfig
from plurigrid_ff.errors import ConfigError, RunFolderError
from plurigrid_ff.host.folder import RunFolder, read_run_config


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path / "runs" / "one")


def complete(folder: RunFolder, text: str = "{}") -> None:
    partial = folder.begin(RunConfig())
    (partial / "report.json").write_text(text)
    folder.finish()


def test_a_run_grows_beside_its_place_and_is_renamed_into_it(folder):
    partial = folder.begin(RunConfig(seed=5))
    assert folder.is_begun
    assert not folder.path.exists()

    (partial / "report.json").write_text("{}")
    folder.finish()

    assert folder.is_complete
    assert not folder.is_begun
    assert read_run_config(folder.path) == RunConfig(seed=5)


def test_a_finished_run_is_refused_unless_overwritten(folder):
    complete(folder)

    with pytest.raises(RunFolderError, match="holds a finished run; .*--overwrite"):
        folder.require_free(overwrite=False)
    folder.require_free(overwrite=True)


@pytest.mark.parametrize("path", ["", ".", "/", "..", "runs/.."])
def test_a_path_without_a_name_of_its_own_is_refused(path):
    with pytest.raises(RunFolderError, match="expected a new folder, such as"):
        RunFolder(Path(path))


def test_a_run_that_completed_no_round_is_nothing_to_lose(folder):
    folder.begin(RunConfig())

    folder.require_free(overwrite=False)
    assert folder.is_begun


def test_an_unfinished_run_is_refused_unless_resumed_or_overwritten(folder):
    (folder.begin(RunConfig()) / "checkpoint-000001").mkdir()

    with pytest.raises(RunFolderError, match="unfinished run; --resume"):
        folder.require_free(overwrite=False)
    folder.require_free(overwrite=True)


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_folder_that_is_no_run_is_never_touched(folder, overwrite):
    folder.path.mkdir(parents=True)
    (folder.path / "thesis.tex").write_text("years of work")

    with pytest.raises(RunFolderError, match="not a finished run, so it is left alone"):
        folder.require_free(overwrite=overwrite)

    assert (folder.path / "thesis.tex").read_text() == "years of work"


def test_the_old_run_is_whole_until_the_new_one_is(folder):
    complete(folder, "old")

    folder.begin(RunConfig())
    assert (folder.path / "report.json").read_text() == "old"
    (folder.partial / "report.json").write_text("new")
    folder.finish()

    assert (folder.path / "report.json").read_text() == "new"
    assert [path.name for path in folder.path.parent.iterdir()] == ["one"]


def test_a_death_between_the_two_renames_is_mended(folder):
    complete(folder, "old")
    folder.path.rename(folder.path.with_name("one.replaced"))

    folder.require_free(overwrite=True)

    assert (folder.path / "report.json").read_text() == "old"


def test_what_is_no_run_folder_is_refused(tmp_path):
    with pytest.raises(RunFolderError, match=r"not a run folder \(no run\.toml\)"):
        read_run_config(tmp_path)


def test_a_misspelt_key_in_a_saved_run_is_named(folder):
    partial = folder.begin(RunConfig())
    (partial / "run.toml").write_text("sede = 1")

    with pytest.raises(ConfigError, match=r"run\.toml: sede: unknown key; did you mean 'seed'"):
        read_run_config(partial)


def test_settings_are_those_of_the_unfinished_run_before_those_of_the_finished_one(folder):
    assert folder.settings() == {}

    complete(folder)
    (folder.path / "run.toml").write_text("seed = 1")
    assert folder.settings() == {"seed": 1}

    (folder.begin(RunConfig()) / "run.toml").write_text("seed = 2")
    assert folder.settings() == {"seed": 2}
