import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from plurigrid_ff import inference, runs
from plurigrid_ff.config import ConvConfig, DataConfig, NetworkConfig, TrainingConfig
from plurigrid_ff.data.dataset import Split
from plurigrid_ff.errors import (
    ConfigError,
    DataError,
    RunFolderError,
    TrainingError,
    TriadError,
    UnknownNameError,
)
from plurigrid_ff.host.log import read_log
from plurigrid_ff.learning.readout import best_range
from plurigrid_ff.runs import Watcher

FILES = {"run.toml", "rounds.jsonl", "network.safetensors", "report.json", "report.html"}
KEPT = {"topology.safetensors"}  # by the validator


def test_a_run_folder_holds_the_five_files_and_nothing_else(finished, contents):
    out, _ = finished

    assert set(contents(out)) == FILES | KEPT
    assert [path.name for path in out.parent.iterdir()] == ["one"]


def test_the_report_says_what_was_found(finished, base):
    out, report = finished

    written = json.loads((out / "report.json").read_text())
    assert written["test_accuracy"] == report.test_accuracy > 0.9
    assert [layer["accuracy"] for layer in written["layers"]] == [
        layer.accuracy for layer in report.layers
    ]
    assert written["triad"] == base.triad.model_dump()
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


def test_the_same_seed_gives_the_same_network_and_the_same_log(finished, tmp_path, base):
    out, _ = finished

    runs.train(base, tmp_path / "again")

    for name in ("network.safetensors", "rounds.jsonl", "run.toml"):
        assert (tmp_path / "again" / name).read_bytes() == (out / name).read_bytes()


def test_another_seed_gives_another_network(finished, tmp_path, base):
    out, _ = finished

    runs.train(base.model_copy(update={"seed": 1}), tmp_path / "other")

    network = (tmp_path / "other" / "network.safetensors").read_bytes()
    assert network != (out / "network.safetensors").read_bytes()


def test_an_existing_run_is_refused_before_data_is_read(finished, monkeypatch, base):
    out, _ = finished
    monkeypatch.setattr(runs, "load_data", lambda config: pytest.fail("data was read"))

    with pytest.raises(RunFolderError, match="holds a finished run"):
        runs.train(base, out)


def test_without_a_triad_there_is_no_verdict(tmp_path, base):
    report = runs.train(base.model_copy(update={"triad": None}), tmp_path / "alone")

    assert report.verdict is None
    assert report.triad is None
    assert report.test_accuracy > 0.9


def test_a_triad_learns_what_the_generator_learns_alone_if_every_layer_trains(
    finished, tmp_path, base
):
    _, report = finished
    alone = runs.train(base.model_copy(update={"triad": None}), tmp_path / "alone")

    assert [layer.updates for layer in report.layers] == [layer.updates for layer in alone.layers]
    assert alone.layers == report.layers


def test_the_threshold_objective_runs_through_the_same_triad(tmp_path, base):
    network = NetworkConfig(hidden=(60, 60), objective="threshold")
    config = base.model_copy(update={"network": network})

    report = runs.train(config, tmp_path / "threshold")

    assert report.test_accuracy > 0.85
    assert report.layers[0].objective == "threshold"


@pytest.mark.parametrize(
    ("network", "training"),
    [
        ({"objective": "self-contrastive", "readout": "probe"}, {"augmentation": {"shift": 1}}),
        (
            {"objective": "threshold", "negatives": "learned", "readout": "probe"},
            {"optimizer": "adamw", "weight_decay": 0.01, "clip": 1.0},
        ),
        (
            {"objective": "distance", "readout_layers": "validated"},
            {"schedule": "greedy", "patience": 2, "warmup": 1.0, "precision": "bfloat16"},
        ),
        ({"objective": "symba", "recurrent": {"steps": 3}}, {"epochs": 4}),
    ],
)
def test_an_interrupted_run_of_any_kind_resumes_to_the_same_bytes(
    tmp_path, base, monkeypatch, network, training
):
    from plurigrid_ff.host import rounds

    config = base.model_copy(
        update={
            "network": NetworkConfig(**({"hidden": (24, 16)} | network)),
            "training": TrainingConfig(**(base.training.model_dump() | training)),
        }
    )
    whole = runs.train(config, tmp_path / "whole")
    save, saved = rounds.save_checkpoint, []

    def interrupt(*arguments):
        save(*arguments)
        saved.append(arguments)
        if len(saved) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(rounds, "save_checkpoint", interrupt)
    with pytest.raises(KeyboardInterrupt):
        runs.train(config, tmp_path / "again")
    resumed = runs.train(config, tmp_path / "again", resume=True)

    for name in ("run.toml", "rounds.jsonl", "network.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert resumed.test_accuracy == whole.test_accuracy > 0.6
    assert inference.evaluate(tmp_path / "again").accuracy == whole.test_accuracy
    page = (tmp_path / "again" / "report.html").read_text()
    assert ("a linear probe of all layers" in page) == (config.network.readout == "probe")


def test_the_layers_that_predict_are_chosen_on_validation_samples_alone(tmp_path, base):
    network = NetworkConfig(hidden=(30, 20, 20), objective="threshold", readout_layers="validated")
    config = base.model_copy(update={"network": network, "triad": None})

    report = runs.train(config, tmp_path / "chosen")

    run = inference.open_run(tmp_path / "chosen")
    x, y = torch.from_numpy(run.data.validation.x), torch.from_numpy(run.data.validation.y)
    expected = best_range(run.network.layer_goodness(x), y)
    assert expected != (1, 3)
    told = report.readout_layers
    assert (told.first, told.last) == expected == run.network.read_out.layers
    assert told.validated
    assert inference.evaluate(tmp_path / "chosen").readout_layers == told
    logged = [
        entry.summary["readout_layers"] for entry in read_log(tmp_path / "chosen/rounds.jsonl")
    ]
    assert logged[-1] == list(expected)
    assert "chosen on the validation samples" in (tmp_path / "chosen/report.html").read_text()


def test_samples_of_the_test_split_choose_nothing(tmp_path, base, monkeypatch):
    network = NetworkConfig(hidden=(30, 20, 20), readout_layers="validated")
    config = base.model_copy(update={"network": network, "triad": None})
    load = runs.load_data

    def shuffled(config):
        data = load(config)
        return replace(data, test=Split(data.test.x, np.roll(data.test.y, 1)))

    runs.train(config, tmp_path / "true")
    monkeypatch.setattr(runs, "load_data", shuffled)
    runs.train(config, tmp_path / "shuffled")

    one, other = (tmp_path / name / "network.safetensors" for name in ("true", "shuffled"))
    assert one.read_bytes() == other.read_bytes()


def test_a_non_finite_loss_stops_the_run_and_names_the_place(tmp_path, base):
    training = TrainingConfig(epochs=4, learning_rate=1e30, batch_size=32)
    config = base.model_copy(update={"training": training})

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
            {"network": NetworkConfig(hidden=(ConvConfig(kind="conv1d", features=8, pool=9),))},
            ConfigError,
            r"layer 1 pools windows of 9, but its map is only \(8,\); use a smaller pool",
        ),
        (
            {"network": NetworkConfig(objective="class-goodness", hidden=(24,))},
            ConfigError,
            "24 is not a multiple of the 10 classes; use 20 or 30",
        ),
        (
            {"network": NetworkConfig(objective="symba", options={"goodness": "topk"})},
            UnknownNameError,
            "unknown goodness 'topk'; did you mean 'top-k'",
        ),
        (
            {"network": NetworkConfig(objective="symba", negatives="nois", readout="probe")},
            UnknownNameError,
            "unknown negatives 'nois'; did you mean 'noise'",
        ),
        (
            {"network": NetworkConfig(objective="symba", negatives="noise")},
            ConfigError,
            "put no label into the input, so goodness cannot tell classes",
        ),
        (
            {"training": TrainingConfig(schedule="greedy", epochs=1)},
            ConfigError,
            "'greedy' gives each of 2 layers epochs of its own, got 1; train for at least 2",
        ),
        (
            {"training": TrainingConfig(learning_rate=[0.1, 0.1, 0.1])},
            ConfigError,
            "training.learning_rate: expected a number, or one for each of 2 layers, got 3",
        ),
        (
            {"training": TrainingConfig(augmentation={"shift": 8})},
            ConfigError,
            r"training.augmentation.shift: must be at most 7 for samples of shape \(8, 8\), got 8",
        ),
        (
            {"network": NetworkConfig(recurrent={"steps": 2, "read": (1, 3)})},
            ConfigError,
            r"network\.recurrent: read must be \[first, last\] within steps 1 to 2, got \[1, 3\]",
        ),
        ({"data": DataConfig(source="mnits")}, UnknownNameError, "did you mean 'mnist'"),
    ],
)
def test_bad_settings_are_refused_before_anything_is_written(
    tmp_path, update, error, message, base
):
    with pytest.raises(error, match=message):
        runs.train(base.model_copy(update=update), tmp_path / "bad")

    assert list(tmp_path.iterdir()) == []


def test_a_skill_that_may_not_load_is_missed_before_anything_is_written(
    tmp_path, base, monkeypatch
):
    monkeypatch.setenv("PLURIGRID_FF_PLUGINS", "-open-games")

    with pytest.raises(TriadError, match="'open-games' is not installed"):
        runs.train(base, tmp_path / "bad")

    assert list(tmp_path.iterdir()) == []


def test_a_table_with_units_is_standardised_unless_told_otherwise(base, tmp_path):
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 300)
    length, mass = rng.normal(labels, 0.2), rng.normal(5e4, 1e3, 300)
    rows = [f"{a:.4f},{b:.1f},{'xy'[c]}" for a, b, c in zip(length, mass, labels, strict=True)]
    (tmp_path / "table.csv").write_text("\n".join(["metres,grams,label", *rows]))
    data = DataConfig(source=str(tmp_path / "table.csv"))
    config = base.model_copy(update={"data": data, "triad": None})
    network = base.network.model_copy(update={"scaling": "none"})

    scaled = runs.train(config, tmp_path / "scaled")
    plain = runs.train(config.model_copy(update={"network": network}), tmp_path / "plain")

    assert 'scaling = "standard"' in (tmp_path / "scaled" / "run.toml").read_text()
    assert scaled.test_accuracy > 0.95 > 0.7 > plain.test_accuracy
    assert scaled.class_names == ("x", "y")
    assert inference.evaluate(tmp_path / "scaled").accuracy == scaled.test_accuracy


def test_a_run_that_ends_early_says_so_and_keeps_its_best(tmp_path, base):
    training = TrainingConfig(**(base.training.model_dump() | {"epochs": 60, "patience": 1}))
    finished = []
    watcher = runs.Watcher(on_finish=finished.append)

    report = runs.train(
        base.model_copy(update={"training": training}), tmp_path / "early", watcher=watcher
    )

    entries = [e for e in read_log(tmp_path / "early" / "rounds.jsonl") if e.role == "generator"]
    scores = [entry.summary["validation_accuracy"] for entry in entries]
    assert report.planned_rounds == 30 > report.rounds == len(entries)
    assert report.kept_round == scores.index(max(scores)) + 1 == report.rounds - 1
    assert [layer.updates for layer in report.layers] == [
        sum(e.summary["layers"][i]["updates"] for e in entries[: report.kept_round])
        for i in range(2)
    ]
    assert inference.evaluate(tmp_path / "early").accuracy == report.test_accuracy
    assert finished == [report]
    page = " ".join((tmp_path / "early" / "report.html").read_text().split())
    assert f"those of round {report.kept_round}, the best on the validation split" in page
    assert "Ended early, of 30 rounds" in page


def test_a_run_without_patience_says_nothing_of_it(finished):
    out, report = finished

    assert report.kept_round is report.planned_rounds is None
    assert "Ended early" not in (out / "report.html").read_text()


def test_a_verdict_survives_an_interrupt_before_the_report(tmp_path, base, finished, monkeypatch):
    def interrupt(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(runs, "_report", interrupt)
        with pytest.raises(KeyboardInterrupt):
            runs.train(base, tmp_path / "again")

    report = runs.train(base, tmp_path / "again", resume=True)

    assert report.verdict == finished[1].verdict


def test_who_watches_sees_the_data_first_and_may_refuse_it(base, tmp_path):
    def refuse(data):
        raise DataError(f"{data.name}: {data.num_samples} samples are too many")

    with pytest.raises(DataError, match="digits: 1797 samples are too many"):
        runs.train(base, tmp_path / "one", watcher=Watcher(on_data=refuse))

    assert list(tmp_path.iterdir()) == []
