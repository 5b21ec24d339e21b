"""The command in a fleet of one, as ``torchrun --nproc-per-node 1`` starts it."""

import json

import pytest
from click.testing import CliRunner

from plurigrid_ff.distributed.command import main
from plurigrid_ff.learning.checkpoint import load_network
from plurigrid_ff.report.reading import read_report

RUN = """
device = "cpu"
[network]
hidden = [20, 20]
[training]
epochs = 2
batch_size = 256
"""


@pytest.fixture
def run_file(tmp_path, monkeypatch, free_port):
    for name, value in (("RANK", 0), ("WORLD_SIZE", 1), ("MASTER_PORT", free_port)):
        monkeypatch.setenv(name, str(value))
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    path = tmp_path / "run.toml"
    path.write_text(RUN)
    return path


def test_it_writes_a_run_folder_as_train_does(run_file, tmp_path):
    out = tmp_path / "run"

    done = CliRunner().invoke(main, [str(run_file), "--out", str(out), "--json"])

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == read_report(out).model_dump(mode="json")
    assert read_report(out).rounds == 1
    assert load_network(out / "network.safetensors")[1].updates == (12, 12)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--agents", "2"],
            "society.agents: processes divide the layers of one network, got 2 agents",
        ),
        (["--set", "training.workers=2"], "training.workers: 2 threads share"),
        (["--replicas", "2"], "--replicas: 1 processes cannot be divided"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_no_folder(run_file, tmp_path, options, message):
    out = tmp_path / "run"

    done = CliRunner().invoke(main, [str(run_file), "--out", str(out), *options])

    assert done.exit_code == 1
    assert message in done.stderr
    assert "Traceback" not in done.output
    assert not out.exists()
    assert not out.with_name("run.partial").exists()
