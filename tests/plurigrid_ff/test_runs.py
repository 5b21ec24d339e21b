import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from plurigrid_ff import inference, runs
from plurigrid_ff.config import DataConfig, NetworkConfig, RunConfig, TrainingConfig
from plurigrid_ff.errors import (
    ConfigError,
    DataError,
    PlurigridError,
    RunFolderError,
    TrainingError,
    TriadError,
    UnknownNameError,
)
from plurigrid_ff.host.log import read_log
from plurigrid_ff.host.triad import find_triad
from plurigrid_ff.runs import Watcher

TRIAD = find_triad("persistent-homology-open-games-forward-forward")
RUN = RunConfig(
    network=NetworkConfig(hidden=(24, 16)),
    training=TrainingConfig(epochs=8, epochs_per_round=2, batch_size=32, learning_rate=5e-3),
    triad=TRIAD,
    device="cpu",
)
FILES = {"run.toml", "rounds.jsonl", "network.safetensors", "report.json", "report.html"}


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class StopAt(Watcher):
    """Interrupts a run the way Ctrl-C does."""

    def __init__(self, round: int) -> None:
        def stop(entry):
            if (entry.round, entry.role) == (round, "coordinator"):
                raise KeyboardInterrupt

        super().__init__(on_entry=stop)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("runs") / "one"
    return out, runs.train(RUN, out)


def test_a_run_folder_holds_the_five_files_and_nothing_else(finished):
    out, _ = finished

    assert set(contents(out)) == FILES
    assert [path.name for path in out.parent.iterdir()] == ["one"]


def test_the_report_says_what_was_found(finished):
    out, report = finished

    written = json.loads((out / "report.json").read_text())
    assert written["test_accuracy"] == report.test_accuracy > 0.9
    assert [layer["accuracy"] for layer in written["layers"]] == [
        layer.accuracy for layer in report.layers
    ]
    assert written["triad"] == TRIAD.model_dump()
    assert {"passed", "measure", "limit", "reason"} <= set(written["verdict"])
    assert written["seed"] == 0
    assert written["versions"]["torch"]
    assert written["seconds"] > 0


def test_the_log_is_a_chain_of_role_triples_that_sums_to_zero(finished):
    out, report = finished

    entries = read_log(out / "rounds.jsonl")
    assert len(entries) == 12
    assert report.log_head == entries[-1].hash
    assert report.trit_sum == 0


def test_the_page_stands_alone(finished):
    out, report = finished

    page = (out / "report.html").read_text()
    assert f"{report.test_accuracy:.2%}"[:4] in page
    assert "src=" not in page


def test_the_report_reads_back_as_it_was_written(finished):
    out, report = finished

    assert runs.read_report(out) == report


def test_the_same_seed_gives_the_same_network_and_the_same_log(finished, tmp_path):
    out, _ = finished

    runs.train(RUN, tmp_path / "again")

    for name in ("network.safetensors", "rounds.jsonl", "run.toml"):
        assert (tmp_path / "again" / name).read_bytes() == (out / name).read_bytes()


def test_another_seed_gives_another_network(finished, tmp_path):
    out, _ = finished

    runs.train(RUN.model_copy(update={"seed": 1}), tmp_path / "other")

    network = (tmp_path / "other" / "network.safetensors").read_bytes()
    assert network != (out / "network.safetensors").read_bytes()


@pytest.mark.parametrize("round", [1, 3])
def test_an_interrupted_run_resumes_to_the_same_bytes(finished, tmp_path, round):
    whole, _ = finished
    out = tmp_path / "resumed"
    with pytest.raises(KeyboardInterrupt):
        runs.train(RUN, out, watcher=StopAt(round))
    assert not out.exists()
    assert (tmp_path / "resumed.partial").is_dir()

    runs.train(RUN, out, resume=True)

    for name in ("network.safetensors", "rounds.jsonl", "run.toml"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["resumed"]


def test_an_interrupt_while_overwriting_leaves_the_old_run_whole(finished, tmp_path):
    out = tmp_path / "one"
    runs.train(RUN, out)
    before = contents(out)

    with pytest.raises(KeyboardInterrupt):
        runs.train(RUN.model_copy(update={"seed": 9}), out, overwrite=True, watcher=StopAt(2))

    assert contents(out) == before


@pytest.mark.parametrize("fails", ["write_report", "save_checkpoint"])
def test_a_full_disk_leaves_the_old_run_whole_and_says_so(tmp_path, monkeypatch, fails):
    out = tmp_path / "one"
    runs.train(RUN, out)
    before = contents(out)

    def full_disk(*args, **kwargs):
        raise OSError(28, "No space left on device")

    target = {
        "write_report": "plurigrid_ff.report.write_report",
        "save_checkpoint": "plurigrid_ff.host.rounds.save_checkpoint",
    }[fails]
    monkeypatch.setattr(target, full_disk)
    with pytest.raises(RunFolderError, match="No space left on device; what was at .* untouched"):
        runs.train(RUN, out, overwrite=True)

    assert contents(out) == before


def test_a_real_limit_on_file_size_is_one_sentence_and_loses_nothing(finished, tmp_path):
    out = tmp_path / "one"
    runs.train(RUN, out)
    before = contents(out)
    code = (
        "import resource, sys; from plurigrid_ff.cli import main;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000));"
        f"main(['train', '--out', {str(out)!r}, '--overwrite', '--hidden', '1000'])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert "File too large" in done.stderr
    assert "is untouched: make room and go on with --resume" in done.stderr
    assert "Traceback" not in done.stderr
    assert contents(out) == before


def test_an_interrupt_from_the_keyboard_can_be_resumed(finished, tmp_path):
    whole, _ = finished
    out = tmp_path / "one"
    (tmp_path / "run.toml").write_bytes((whole / "run.toml").read_bytes())
    command = [sys.executable, "-m", "plurigrid_ff", "train"]
    running = subprocess.Popen(
        [*command, "run.toml", "--out", "one"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in running.stdout:
        if line.startswith("round 2"):
            running.send_signal(signal.SIGINT)
            break
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 130
    assert "the same command with --resume goes on" in errors

    subprocess.run([*command, "--resume", "--out", "one"], cwd=tmp_path, check=True)

    for name in ("network.safetensors", "rounds.jsonl", "run.toml"):
        assert (out / name).read_bytes() == (whole / name).read_bytes()


def test_resuming_a_finished_run_returns_its_report(finished):
    out, report = finished
    before = contents(out)

    assert runs.train(RUN, out, resume=True) == report
    assert contents(out) == before


def test_resuming_with_other_settings_names_the_first_that_differs(finished):
    out, _ = finished
    other = RUN.model_copy(update={"seed": 3})

    with pytest.raises(ConfigError, match="its seed is 0, but 3 was asked for"):
        runs.train(other, out, resume=True)


def test_an_existing_run_is_refused_before_data_is_read(finished, monkeypatch):
    out, _ = finished
    monkeypatch.setattr(runs, "_load_data", lambda config: pytest.fail("data was read"))

    with pytest.raises(RunFolderError, match="holds a finished run"):
        runs.train(RUN, out)


def test_without_a_triad_there_is_no_verdict(tmp_path):
    report = runs.train(RUN.model_copy(update={"triad": None}), tmp_path / "alone")

    assert report.verdict is None
    assert report.triad is None
    assert report.test_accuracy > 0.9


def test_a_triad_learns_what_the_generator_learns_alone_if_every_layer_trains(finished, tmp_path):
    _, report = finished
    alone = runs.train(RUN.model_copy(update={"triad": None}), tmp_path / "alone")

    assert [layer.updates for layer in report.layers] == [layer.updates for layer in alone.layers]
    assert alone.layers == report.layers


def test_the_threshold_objective_runs_through_the_same_triad(tmp_path):
    network = NetworkConfig(hidden=(60, 60), objective="threshold")
    config = RUN.model_copy(update={"network": network})

    report = runs.train(config, tmp_path / "threshold")

    assert report.test_accuracy > 0.85
    assert report.layers[0].objective == "threshold"


def test_a_non_finite_loss_stops_the_run_and_names_the_place(tmp_path):
    training = TrainingConfig(epochs=4, learning_rate=1e30, batch_size=32)
    config = RUN.model_copy(update={"training": training})

    with pytest.raises(TrainingError, match=r"loss of layer \d is (nan|inf) in epoch \d, batch"):
        runs.train(config, tmp_path / "diverged")

    assert not (tmp_path / "diverged").exists()


@pytest.mark.parametrize(
    ("update", "error", "message"),
    [
        ({"skills": {"open-gams": {}}}, UnknownNameError, "did you mean 'open-games'"),
        ({"skills": {"unworld": {}}}, ConfigError, "settings for a skill that this run does not"),
        (
            {"skills": {"open-games": {"prise": 1}}},
            ConfigError,
            r"skills\.open-games: prise: unknown key; did you mean 'price'",
        ),
        (
            {"network": NetworkConfig(objective="projektion")},
            UnknownNameError,
            "unknown objective 'projektion'; did you mean 'projection'",
        ),
        (
            {"triad": find_triad("proofgeneral-narya-unworld-forward-forward")},
            TriadError,
            "'proofgeneral-narya' is not installed",
        ),
        ({"data": DataConfig(source="mnits")}, UnknownNameError, "did you mean 'mnist'"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_written(tmp_path, update, error, message):
    with pytest.raises(error, match=message):
        runs.train(RUN.model_copy(update=update), tmp_path / "bad")

    assert list(tmp_path.iterdir()) == []


def test_evaluating_a_run_repeats_its_figures(finished):
    out, report = finished

    assessment = inference.evaluate(out)

    assert assessment.accuracy == report.test_accuracy
    assert assessment.confusion == report.confusion
    assert assessment.layers == report.layers


def test_predicting_labels_samples_one_by_one(finished, tmp_path):
    from plurigrid_ff.data.load import load_dataset

    out, report = finished
    data = load_dataset(RUN.data, seed=0)
    np.savez(tmp_path / "new.npz", x=data.test.x)

    predictions = inference.predict(out, tmp_path / "new.npz")

    labels = np.array([int(item.label) for item in predictions])
    assert (labels == data.test.y).mean() == pytest.approx(report.test_accuracy)
    assert all(0 < item.probability <= 1 for item in predictions)
    assert [item.sample for item in predictions] == list(range(len(data.test)))


def test_samples_of_another_shape_are_refused(finished, tmp_path):
    out, _ = finished
    np.savez(tmp_path / "new.npz", x=np.zeros((3, 28, 28), np.float32))

    with pytest.raises(DataError, match="64"):
        inference.predict(out, tmp_path / "new.npz")


def test_another_data_set_must_have_the_networks_shape_and_classes(finished, tmp_path):
    out, _ = finished
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "wide.npz", x=rng.random((60, 5), np.float32), y=np.arange(60) % 3)
    np.savez(tmp_path / "few.npz", x=rng.random((60, 64), np.float32), y=np.arange(60) % 3)

    with pytest.raises(DataError, match=r"reads samples of shape \(64,\), got \(5,\)"):
        inference.evaluate(out, data=DataConfig(source=str(tmp_path / "wide.npz")))
    with pytest.raises(DataError, match="knows the classes 0, 1, .*, got 0, 1, 2"):
        inference.evaluate(out, data=DataConfig(source=str(tmp_path / "few.npz")))


def test_data_that_changed_since_training_is_refused(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "own.npz"
    y = np.arange(300) % 3
    x = rng.normal(size=(300, 6)).astype(np.float32) + 3 * np.eye(6, dtype=np.float32)[y]
    np.savez(path, x=x, y=y)
    config = RUN.model_copy(update={"data": DataConfig(source=str(path)), "triad": None})
    runs.train(config, tmp_path / "run")
    np.savez(path, x=x + 1, y=y)

    with pytest.raises(DataError, match="has changed since"):
        inference.evaluate(tmp_path / "run")


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(PlurigridError, match="not a run folder"):
        inference.evaluate(tmp_path)
