"""Runs that begin with the networks of a finished run."""

import shutil

import numpy as np
import pytest
from safetensors.numpy import load_file

from plurigrid_ff import runs
from plurigrid_ff.config import RunConfig
from plurigrid_ff.errors import CheckpointError, ConfigError, DataError, RunFolderError
from plurigrid_ff.host.log import read_log
from plurigrid_ff.host.triad import find_triad
from plurigrid_ff.replay import replay
from plurigrid_ff.runs import Watcher


def settings(**changes):
    values = {
        "network": {"hidden": (12,), "scaling": "standard"},
        "training": {"epochs": 2, "epochs_per_round": 1, "batch_size": 256},
        "device": "cpu",
    }
    return RunConfig.model_validate(values | changes)


def after(folder, **changes):
    return settings(warm_start={"run": str(folder)}, **changes)


@pytest.fixture(scope="module", autouse=True)
def no_pages():
    """Leave out the pages, which are drawn in other tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("plurigrid_ff.report.write_report", lambda folder: None)
        yield


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    out = tmp_path_factory.mktemp("warm") / "first"
    return out, runs.train(settings(), out)


@pytest.fixture(scope="module")
def second(first):
    out = first[0].with_name("second")
    return out, runs.train(after(first[0]), out)


def test_it_begins_with_the_weights_that_the_other_ended_with(first, tmp_path):
    still = {"epochs": 1, "epochs_per_round": 1, "batch_size": 256, "learning_rate": 1e-12}

    runs.train(after(first[0], training=still), tmp_path / "still")

    names = ("network.safetensors", "start/network.safetensors")
    here, copied = (load_file(tmp_path / "still" / name) for name in names)
    for name, value in load_file(first[0] / "network.safetensors").items():
        np.testing.assert_array_equal(value, copied[name])
        np.testing.assert_allclose(here[name], value, atol=1e-6)


def test_its_log_holds_the_end_of_the_other_and_says_what_was_handed_on(first, second):
    (before, told), (after_, report) = first, second

    entries = read_log(after_ / "rounds.jsonl")

    assert [entry.summary.get("continues") for entry in entries] == [told.log_head, None]
    assert ["warm-start" in entry.inputs for entry in entries] == [True, False]
    assert report.warm_start.log_head == told.log_head == read_log(before / "rounds.jsonl")[-1].hash


def test_it_comes_out_the_same_again_without_the_other(second, tmp_path):
    moved = shutil.copytree(second[0], tmp_path / "moved")

    assert replay(moved).identical


def test_other_weights_put_in_its_folder_are_found_by_a_replay(first, second, tmp_path):
    copy = shutil.copytree(second[0], tmp_path / "run")
    shutil.copyfile(copy / "network.safetensors", copy / "start" / "network.safetensors")

    found = replay(copy).difference

    assert (found.round, found.role, found.port) == (1, "generator", "warm-start")


def test_an_interrupted_one_goes_on_though_the_other_is_gone(first, second, tmp_path):
    moved = shutil.copytree(first[0], tmp_path / "first")

    def stop(share):
        if share >= 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        runs.train(after(moved), tmp_path / "b", watcher=Watcher(on_progress=stop))
    shutil.rmtree(moved)
    runs.train(after(moved), tmp_path / "b", resume=True)

    for name in ("rounds.jsonl", "network.safetensors"):
        assert (tmp_path / "b" / name).read_bytes() == (second[0] / name).read_bytes()


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        (
            {"network": {"hidden": (13,)}},
            ConfigError,
            r"network.hidden of .* is \[12\], got \[13\]",
        ),
        ({"seed": 1}, ConfigError, r"the seed of .* is 0, got 1"),
        ({"data": {"test_fraction": 0.3}}, DataError, "may know the test split"),
        ({"society": {"agents": 2}}, ConfigError, "society.agents of .* is 1, got 2"),
    ],
)
def test_what_does_not_go_on_is_refused_before_work_starts(first, tmp_path, changes, error, words):
    with pytest.raises(error, match=words):
        runs.train(after(first[0], **changes), tmp_path / "no")

    assert list(tmp_path.iterdir()) == []


def test_a_generator_that_takes_no_weights_is_refused(first, tmp_path):
    triad = find_triad("persistent-homology-open-games-gay-mcp")

    with pytest.raises(ConfigError, match="'gay-mcp' does not begin with given weights"):
        runs.train(after(first[0], triad=triad), tmp_path / "no")


def test_an_agent_without_a_network_is_named(first, tmp_path):
    empty = shutil.copytree(first[0], tmp_path / "empty")
    (empty / "network.safetensors").unlink()

    with pytest.raises(ConfigError, match="left no network of 'agent-0'"):
        runs.train(after(empty), tmp_path / "no")


def test_a_folder_without_a_finished_run_is_refused(tmp_path):
    with pytest.raises(RunFolderError, match="no finished run lies in"):
        runs.train(after(tmp_path / "nowhere"), tmp_path / "no")


def test_another_run_in_its_place_is_refused(first, second, tmp_path):
    kept = second[1].warm_start.model_copy(update={"run": str(second[0])})

    with pytest.raises(ConfigError, match="now holds another run: its log ends in"):
        runs.train(settings(warm_start=kept), tmp_path / "no")


def test_a_log_that_was_cut_is_refused(first, tmp_path):
    cut = shutil.copytree(first[0], tmp_path / "cut")
    lines = (cut / "rounds.jsonl").read_text("utf-8").splitlines(keepends=True)
    (cut / "rounds.jsonl").write_text("".join(lines[:-1]), "utf-8")

    with pytest.raises(RunFolderError, match="does not end where its report says"):
        runs.train(after(cut), tmp_path / "no")


def test_a_damaged_network_is_named(first, tmp_path):
    damaged = shutil.copytree(first[0], tmp_path / "damaged")
    (damaged / "network.safetensors").write_bytes(b"torn")

    with pytest.raises(CheckpointError, match=r"network.safetensors: cannot be read"):
        runs.train(after(damaged), tmp_path / "no")
