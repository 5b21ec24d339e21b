import csv
import json
from pathlib import Path

import pytest

from plurigrid_ff.callbacks import metrics_file
from plurigrid_ff.errors import ConfigError, RunFolderError

HEAD = "round,layer,loss,accuracy,margin,updates,seconds"
ROUND_1 = [
    "1,1,0.5,0.75,-0.5,8,0.25",
    "1,2,,0.5,-1.5,0,0.25",
    "1,all,,0.625,,,0.25",
]


def test_a_csv_file_has_a_line_per_layer_and_one_for_all(entry, tmp_path):
    path = tmp_path / "metrics.csv"

    watcher = metrics_file(path)
    watcher.on_start(3)
    watcher.on_entry(entry(1))

    assert path.read_text().splitlines() == [HEAD, *ROUND_1]


def test_a_jsonl_file_says_the_same(entry, tmp_path):
    watchers = [metrics_file(tmp_path / name) for name in ("m.csv", "m.jsonl")]
    for round in (1, 2):
        for watcher in watchers:
            watcher.on_start(2)
            watcher.on_entry(entry(round))

    lines = [json.loads(line) for line in (tmp_path / "m.jsonl").read_text().splitlines()]
    with (tmp_path / "m.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [[str(v) if v is not None else "" for v in line.values()] for line in lines] == [
        list(row.values()) for row in rows
    ]
    assert len(lines) == 6


def test_the_loss_of_a_probe_is_that_of_all_layers(entry, tmp_path):
    watcher = metrics_file(tmp_path / "m.jsonl")

    watcher.on_entry(entry(1, probe_loss=0.25, validation_accuracy=0.5, layers=[]))

    (line,) = (tmp_path / "m.jsonl").read_text().splitlines()
    assert json.loads(line)["loss"] == 0.25


def test_seconds_are_those_of_the_generators_turn(entry, tmp_path):
    path = tmp_path / "m.jsonl"
    watcher = metrics_file(path)

    watcher.on_start(2)
    watcher.on_entry(entry(1))
    watcher.on_entry(entry(1, role="coordinator"))
    watcher.on_entry(entry(1, role="validator", measure=1.0))
    watcher.on_entry(entry(2))

    seconds = [json.loads(line)["seconds"] for line in path.read_text().splitlines()]
    assert seconds == [0.25] * 6


def test_a_generator_that_logs_other_numbers_has_one_row(entry, tmp_path):
    watcher = metrics_file(tmp_path / "m.csv")

    watcher.on_entry(entry(1, layers="three", validation_accuracy="good"))

    assert (tmp_path / "m.csv").read_text().splitlines()[1:] == ["1,all,,,,,0.25"]


@pytest.mark.parametrize("name", ["m.csv", "m.jsonl"])
def test_a_resumed_run_goes_on_with_the_rows_it_does_not_repeat(entry, tmp_path, name):
    whole, parts = tmp_path / f"whole-{name}", tmp_path / name
    watcher = metrics_file(whole)
    for round in (1, 2, 3):
        watcher.on_entry(entry(round))

    first = metrics_file(parts)
    for round in (1, 2):  # interrupted before round 2 was in a checkpoint
        first.on_entry(entry(round))
    second = metrics_file(parts)
    for round in (2, 3):
        second.on_entry(entry(round))

    assert parts.read_text() == whole.read_text()


def test_a_run_that_starts_anew_replaces_the_rows_of_the_last(entry, tmp_path):
    path = tmp_path / "m.csv"
    old = metrics_file(path)
    old.on_entry(entry(1))
    old.on_entry(entry(2))

    metrics_file(path).on_entry(entry(1))

    assert path.read_text().splitlines() == [HEAD, *ROUND_1]


@pytest.mark.parametrize("text", ["a,b\n1,2\n", '{"round":1}\n', f"{HEAD}\nx,1,,,,,\n"])
@pytest.mark.parametrize("name", ["m.csv", "m.jsonl"])
def test_another_file_is_left_alone(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)

    with pytest.raises(ConfigError, match="m.* expected a metrics file of plurigrid-ff, or none"):
        metrics_file(path)

    assert path.read_text() == text


def test_another_kind_of_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="m.txt: metrics are written to a .csv or a .jsonl file"):
        metrics_file(tmp_path / "m.txt")


def test_a_place_that_cannot_be_written_is_refused_at_once(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="m.csv: cannot be written: "):
        metrics_file(tmp_path / "file" / "m.csv")


def test_a_disk_that_fills_up_later_is_named(entry, tmp_path, monkeypatch):
    watcher = metrics_file(tmp_path / "m.csv")

    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("plurigrid_ff.callbacks.metrics.write_text", full)
    with pytest.raises(RunFolderError, match="m.csv: cannot be written: No space left .* --resume"):
        watcher.on_entry(entry(1))
