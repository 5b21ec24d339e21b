"""Files of a run that were made to do harm: refused in a sentence, and nothing in them runs."""

import io
import os
import pickle
import shutil
from functools import partial

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from plurigrid_ff import inference
from plurigrid_ff.errors import CheckpointError, ConfigError, PlurigridError, RunFolderError
from plurigrid_ff.host.checkpoints import load_checkpoint
from plurigrid_ff.host.folder import read_run_config
from plurigrid_ff.host.log import read_log
from plurigrid_ff.learning.checkpoint import load_network
from plurigrid_ff.learning.tensors import read_tensors
from plurigrid_ff.report.reading import read_report

DEEP = "[" * 100_000


class Bomb:
    """Makes a folder when it is unpickled."""

    def __init__(self, place):
        self.place = str(place)

    def __reduce__(self):
        return os.mkdir, (self.place,)


@pytest.fixture
def run(finished, tmp_path):
    return shutil.copytree(finished[0], tmp_path / "run")


@pytest.mark.parametrize("dump", [pickle.dump, torch.save], ids=["pickle", "torch"])
def test_a_pickle_in_place_of_weights_is_not_unpickled(run, tmp_path, dump):
    bomb, path = tmp_path / "went-off", run / "network.safetensors"
    with path.open("wb") as file:
        dump(Bomb(bomb), file)

    for read in (load_network, read_tensors, lambda path: inference.evaluate(path.parent)):
        with pytest.raises(CheckpointError, match="cannot be read as safetensors"):
            read(path)
    assert not bomb.exists()
    load = pickle.load if dump is pickle.dump else partial(torch.load, weights_only=False)
    load(io.BytesIO(path.read_bytes()))
    assert bomb.exists()  # it would have


@pytest.mark.parametrize("number", [float("nan"), float("inf"), 1e38])
def test_weights_that_lead_beyond_any_number_are_refused(run, number):
    path = run / "network.safetensors"
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for name, value in tensors.items():
        if value.is_floating_point():
            tensors[name] = torch.full_like(value, number)
    save_file(tensors, path, metadata)

    with pytest.raises(CheckpointError, match=r"goodness is not finite .*; restore the file or"):
        inference.evaluate(run)


@pytest.mark.parametrize(
    ("name", "text", "read", "error"),
    [
        ("run.toml", f"a = {DEEP}", read_run_config, ConfigError),
        ("run.toml", "seed" + ".seed" * 100_000 + " = 1", read_run_config, ConfigError),
        ("run.toml", "seed = " + "9" * 5000, read_run_config, ConfigError),
        ("report.json", DEEP, read_report, RunFolderError),
        ("report.json", "9" * 5000, read_report, RunFolderError),
        ("rounds.jsonl", DEEP, lambda run: read_log(run / "rounds.jsonl"), RunFolderError),
        ("rounds.jsonl", "9" * 5000, lambda run: read_log(run / "rounds.jsonl"), RunFolderError),
    ],
)
def test_text_that_is_too_deep_or_too_long_a_number_is_refused(run, name, text, read, error):
    (run / name).write_text(text)

    with pytest.raises(error, match=name.replace(".", r"\.")):
        read(run)


@pytest.mark.parametrize("text", [DEEP, "9" * 5000, "{}", "[]", "\x00", '{"rounds": NaN}'])
def test_a_damaged_checkpoint_of_an_unfinished_run_is_refused(tmp_path, text):
    place = tmp_path / "checkpoint-000001"
    place.mkdir()
    (place / "host.json").write_text(text)

    with pytest.raises(CheckpointError, match=r"host\.json: damaged; start again with --overwrite"):
        load_checkpoint(tmp_path, {})


def test_a_run_file_that_names_code_runs_none(run):
    text = (run / "run.toml").read_text()
    for line in ('block = "os:system"', 'objective = "os:system"'):
        (run / "run.toml").write_text(text.replace("[network]", f"[network]\n{line}", 1))

        with pytest.raises(PlurigridError, match=r"run\.toml|os:system"):
            inference.evaluate(run)
