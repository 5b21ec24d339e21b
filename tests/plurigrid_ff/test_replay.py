import json
import shutil

import pytest
from click.testing import CliRunner

from plurigrid_ff import runs
from plurigrid_ff.cli import main
from plurigrid_ff.config import NetworkConfig, RunConfig, TrainingConfig
from plurigrid_ff.errors import RunFolderError
from plurigrid_ff.host.log import LogEntry
from plurigrid_ff.replay import replay


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run of two rounds, without a triad. Tests copy it."""
    out = tmp_path_factory.mktemp("replay") / "run"
    config = RunConfig(
        network=NetworkConfig(hidden=(6,)),
        training=TrainingConfig(epochs=2, epochs_per_round=1),
        device="cpu",
    )
    runs.train(config, out)
    return out


@pytest.fixture
def folder(trained, tmp_path):
    """A copy to tamper with."""
    return shutil.copytree(trained, tmp_path / "run")


def resealed(folder, change):
    """Change the entries of a log, seal them anew, and let the report name the new end."""
    path, head, entries = folder / "rounds.jsonl", "0" * 32, []
    for line in path.read_text().splitlines():
        entry = LogEntry.model_validate(change(json.loads(line)) | {"previous": head}).sealed()
        head = entry.hash
        entries.append(entry.model_dump_json())
    path.write_text("\n".join(entries) + "\n")
    values = json.loads((folder / "report.json").read_text())
    (folder / "report.json").write_text(json.dumps(values | {"log_head": head}))


def test_a_run_comes_out_the_same(folder, contents):
    before = contents(folder)

    report = replay(folder)

    assert (report.identical, report.entries, report.difference) == (True, 2, None)
    assert report.environment == ()
    assert contents(folder) == before


def test_a_digest_written_over_is_named_by_round_role_and_port(folder):
    def change(entry):
        if entry["round"] == 2:
            entry["outputs"]["gains"] = "f" * 32
        return entry

    resealed(folder, change)

    report = replay(folder)

    found = report.difference
    assert (report.identical, report.entries) == (False, 1)
    assert (found.round, found.role, found.port) == (2, "generator", "gains")


def test_a_number_beside_the_ports_is_found(folder):
    resealed(folder, lambda entry: entry | {"summary": entry["summary"] | {"epochs": 9}})

    assert "summary differs" in replay(folder).difference.what


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("rounds.jsonl", '"epochs":1', '"epochs":2', "hash chain is broken"),
        ("run.toml", "seed = 0", "seed = 1", "other settings"),
        ("run.toml", "mel_bands = 32", "mel_bands = 33", "other settings"),
        ("run.toml", "[network]", "[net", "TOML"),
    ],
)
def test_tampering_is_found_before_anything_is_trained(
    folder, file, old, new, message, monkeypatch
):
    path = folder / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    monkeypatch.setattr("plurigrid_ff.replay.train", None)

    report = replay(folder)

    assert not report.identical
    assert message in report.difference.what


def test_a_log_cut_short_is_found(folder):
    path = folder / "rounds.jsonl"
    path.write_text(path.read_text().splitlines(keepends=True)[0])

    assert "the report says" in replay(folder).difference.what


def test_a_weight_written_over_is_found_and_the_command_exits_with_3(folder):
    path = folder / "network.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    values = json.loads((folder / "report.json").read_text())
    values["versions"]["torch"] = "1.0"
    (folder / "report.json").write_text(json.dumps(values))

    done = CliRunner().invoke(main, ["replay", str(folder), "--json"])

    report = json.loads(done.stdout)
    assert done.exit_code == 3
    assert "not the network that the settings lead to" in report["difference"]["what"]
    assert any(change.startswith("torch: 1.0 then") for change in report["environment"])


def test_what_is_no_run_is_an_error(tmp_path):
    with pytest.raises(RunFolderError, match="report.json"):
        replay(tmp_path)
