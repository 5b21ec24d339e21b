"""How layers train, as options of the command line; and what is written beside a run."""

import json
import tomllib

import pytest

SMALL = ["--hidden", "24,16", "--epochs", "4", "--batch-size", "64", "--device", "cpu"]


def test_options_are_keys_of_the_run_file(invoke, tmp_path):
    result = invoke(
        *["train", *SMALL, "--schedule", "staggered", "--optimizer", "sgd", "--out", "r"],
        *["--learning-rate", "0.05,0.02", "--patience", "9", "--precision", "bfloat16"],
        *["--set", "training.augmentation.shift=1"],
    )

    assert result.exit_code == 0, result.output
    training = tomllib.loads((tmp_path / "r" / "run.toml").read_text())["training"]
    assert training["augmentation"]["shift"] == 1
    wanted = {
        "schedule": "staggered",
        "optimizer": "sgd",
        "learning_rate": [0.05, 0.02],
        "patience": 9,
        "precision": "bfloat16",
    }
    assert {name: training[name] for name in wanted} == wanted


def test_metrics_are_written_beside_the_run_and_leave_it_as_it_is(invoke, tmp_path):
    plain = invoke("train", *SMALL, "--out", "plain")
    watched = invoke(
        *["train", *SMALL, "--out", "watched", "--metrics", "m.csv", "--metrics", "m.jsonl"]
    )

    assert plain.exit_code == watched.exit_code == 0, watched.output
    for name in ("rounds.jsonl", "network.safetensors", "run.toml"):
        assert (tmp_path / "watched" / name).read_bytes() == (
            tmp_path / "plain" / name
        ).read_bytes()
    rows = [json.loads(line) for line in (tmp_path / "m.jsonl").read_text().splitlines()]
    log = (tmp_path / "plain" / "rounds.jsonl").read_text()
    logged = [json.loads(line) for line in log.splitlines()]
    assert [(row["round"], row["layer"]) for row in rows] == [
        (round, layer) for round in (1, 2) for layer in (1, 2, "all")
    ]
    assert [row["accuracy"] for row in rows if row["layer"] == 1] == [
        entry["summary"]["layers"][0]["accuracy"] for entry in logged
    ]
    assert len((tmp_path / "m.csv").read_text().splitlines()) == 7


def test_event_files_are_written_for_tensorboard(invoke, tmp_path):
    pytest.importorskip("tensorboardX")

    result = invoke("train", *SMALL, "--out", "r", "--tensorboard", "events")

    assert result.exit_code == 0, result.output
    (file,) = (tmp_path / "events").iterdir()
    assert b"accuracy/layer_2" in file.read_bytes()


def test_what_was_kept_is_printed(invoke):
    result = invoke("train", *SMALL, "--epochs", "40", "--patience", "1", "--out", "r")

    assert result.exit_code == 0, result.output
    assert "kept          round " in result.output
    assert " of 20, no better since" in result.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--learning-rate", "0.1,0.2,0.3"], "expected a number, or one for each of 2 layers"),
        (["--schedule", "gredy"], "training.schedule: input should be 'simultaneous', 'greedy' or"),
        (["--set", "training.augmentation.shft=1"], "training.augmentation.shft: unknown key; did"),
        (["--set", "training.augmentation.shift=9"], "augmentation.shift: must be at most 7"),
        (["--metrics", "m.txt"], "m.txt: metrics are written to a .csv or a .jsonl file"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_written(
    invoke, refused, tmp_path, arguments, message
):
    result = invoke("train", *SMALL, "--out", "r", *arguments)

    refused(result, message)
    assert list(tmp_path.iterdir()) == []


def test_a_rate_that_is_no_number_is_a_usage_error(invoke, refused):
    result = invoke("train", "--learning-rate", "fast", "--out", "r")

    refused(result, "'fast' is not a number, or a list of numbers such as 0.002,0.001", status=2)
