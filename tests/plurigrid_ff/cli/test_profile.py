import json

import pytest

from plurigrid_ff.profiling import measuring
from plurigrid_ff.profiling.child import measure

RUN = "[network]\nhidden = [16]\n[training]\nbatch_size = 64\n"
QUICK = ("--seconds", "0.001", "--repeats", "1", "--threads", "1", "--set", "device=cpu")


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch):
    monkeypatch.setattr(measuring, "run_job", measure)


def test_a_profile_has_a_key_per_contender(invoke, tmp_path):
    (tmp_path / "run.toml").write_text(RUN)

    machine = json.loads(invoke("profile", "run.toml", *QUICK, "--json").stdout)
    people = invoke("profile", "run.toml", *QUICK).output

    for name in ("engine", "backprop", "backprop_checkpointed", "backprop_accumulated"):
        assert machine[name]["samples_per_s"] > 0
        assert machine[name]["peak_bytes"] >= 0
        assert name.replace("_", ", ") in people
    assert machine["batch_size"] == 64
    assert "batches of 64 on cpu, 1 threads" in people


def test_a_bad_run_file_is_one_sentence(invoke, refused, tmp_path):
    (tmp_path / "run.toml").write_text("[training]\nbatchsize = 3\n")

    refused(invoke("profile", "run.toml"), "training.batchsize: unknown key; did you mean")
    refused(invoke("profile", "missing.toml"), "missing.toml: cannot be read")
