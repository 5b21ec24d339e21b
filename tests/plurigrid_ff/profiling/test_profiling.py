import pytest
import torch

from plurigrid_ff.config import RunConfig
from plurigrid_ff.errors import ConfigError, MeasurementError
from plurigrid_ff.learning.backprop import BackpropNetwork
from plurigrid_ff.profiling import CONTENDERS, measure_run, measuring
from plurigrid_ff.profiling.child import measure
from plurigrid_ff.profiling.contenders import build_contender
from plurigrid_ff.profiling.peak import Peak
from plurigrid_ff.profiling.results import Job

MIB = 1 << 20
CONV = {"kind": "conv2d", "features": 10, "norm": "layer"}
HIDDEN = [CONV, CONV | {"shortcut": "add", "span": 1}, 20, 20, 20]
SMALL = {"network": {"hidden": [20, 20]}, "training": {"batch_size": 64}, "device": "cpu"}


def run(**changes) -> RunConfig:
    return RunConfig.parse(SMALL | changes, where="test")


def test_a_run_is_measured_beside_its_rivals(monkeypatch):
    jobs, names = [], []
    monkeypatch.setattr(measuring, "run_job", lambda job: jobs.append(job) or measure(job))

    found = measure_run(run(), seconds=0.001, repeats=3, threads=1, progress=names.append)

    assert names == list(CONTENDERS)
    assert [job.measure for job in jobs] == ["memory", "speed"] * 4
    numbers = 64 * 20 + 20 + 20 * 20 + 20  # of both layers
    heads = {"engine": 2 * 10 * 20}
    for name in CONTENDERS:
        one = getattr(found, name)
        assert len(one.rates) == 3
        assert sorted(one.rates)[1] == one.samples_per_s > 0
        assert one.parameter_bytes == 4 * (numbers + heads.get(name, 10 * 20 + 10))
        assert 0 <= one.optimizer_bytes - 2 * one.parameter_bytes < 100  # Adam counts its steps
    assert found.backprop_accumulated.chunk_size == 16


def test_a_job_runs_in_a_process_of_its_own():
    job = Job(run=run(), contender="engine", measure="memory", seconds=0.001, repeats=1, threads=1)

    found = measuring.run_job(job)

    assert found.rates == ()
    assert found.peak_bytes > found.parameter_bytes


def test_a_process_that_does_not_come_back_is_told(monkeypatch):
    monkeypatch.setattr(measuring.sys, "executable", "/bin/false")
    job = Job(run=run(), contender="backprop", measure="speed", seconds=0.001, repeats=1, threads=1)

    with pytest.raises(MeasurementError, match="^backprop, speed: its process ended with status 1"):
        measuring.run_job(job)


def test_what_train_would_refuse_is_refused_before_any_process(monkeypatch):
    monkeypatch.setattr(measuring, "run_job", None)
    closed = {"network": {"hidden": [20], "objective": "hierarchical"}}

    with pytest.raises(ConfigError, match="training.engine: 'closed-form' was asked for"):
        measure_run(run(**closed, training={"engine": "closed-form"}))


@pytest.mark.parametrize("name", ["backprop_checkpointed", "backprop_accumulated"])
def test_the_rivals_of_backprop_take_its_steps(name):
    generator = torch.Generator().manual_seed(0)
    x, y = torch.rand(12, 4, 4, generator=generator), torch.arange(12) % 10
    settings = run(
        network={"hidden": HIDDEN},
        training={"batch_size": 6, "optimizer": "sgd", "learning_rate": 0.1, "clip": 0.5},
    )

    plain, other = (build_contender(n, settings, x, y, 10) for n in ("backprop", name))
    before = [parameter.clone() for parameter in plain.parameters]
    plain.epoch()
    other.epoch()

    for mine, theirs, old in zip(other.parameters, plain.parameters, before, strict=True):
        torch.testing.assert_close(mine, theirs)
        assert not torch.equal(mine, old)


def test_a_checkpointed_network_keeps_the_square_root_of_its_depth():
    config = run(network={"hidden": [20] * 16}).network
    network = BackpropNetwork(config, (8,), 10, seed=0)
    kept = []
    hooks = torch.autograd.graph.saved_tensors_hooks(lambda t: kept.append(t) or t, lambda t: t)
    x = torch.rand(5, 8)

    with hooks:
        plain = network(x)
    of_plain = activities(kept)
    kept.clear()
    with hooks:
        checkpointed = network.checkpointed(x)

    torch.testing.assert_close(checkpointed, plain)
    assert activities(kept) < of_plain / 2


def activities(kept: list[torch.Tensor]) -> int:
    """Count the activities among what a graph keeps: what has a row per sample."""
    return len({t.data_ptr() for t in kept if t.ndim == 2 and len(t) == 5})


def test_a_peak_is_that_of_what_was_allocated_since():
    peak = Peak(torch.device("cpu"))

    torch.ones(24 * MIB).mul_(2)  # 96 MiB, gone again at once

    assert 90 * MIB < peak.bytes() < 160 * MIB
