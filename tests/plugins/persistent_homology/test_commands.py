"""The commands on finished runs, as a user calls them."""

import json
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from plurigrid_ff_persistent_homology import commands, drift_command

from plurigrid_ff import RunConfig, train
from plurigrid_ff.cli import Options
from plurigrid_ff.data.load import load_dataset


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for name, hidden in (("a", (24, 16)), ("b", (20,))):
        config = RunConfig.model_validate(
            {"network": {"hidden": hidden}, "training": {"epochs": 2}, "device": "cpu"}
        )
        train(config, folder / name)
    data = load_dataset(RunConfig().data, seed=0)
    np.savez(folder / "clean.npz", x=data.test.x[::3])
    np.savez(folder / "far.npz", x=np.random.default_rng(0).random((60, 8, 8), np.float32))
    np.savez(folder / "few.npz", x=data.test.x[:5])
    np.savez(folder / "wide.npz", x=np.zeros((60, 9, 9), np.float32))
    np.savez(folder / "nan.npz", x=np.full((60, 8, 8), np.nan, np.float32))
    return folder


@pytest.fixture
def invoke(runs, monkeypatch):
    monkeypatch.chdir(runs)

    def call(command, *arguments):
        result = CliRunner().invoke(command, list(arguments), obj=Options())
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


def test_a_run_is_at_no_distance_from_itself(invoke):
    result = invoke(commands.topology, "compare", "a", "a", "--samples", "80", "--json")

    found = json.loads(result.stdout)
    assert [pair["first"] for pair in found["layers"]] == ["A, layer 1", "A, layer 2"]
    for pair in found["layers"]:
        # gudhi's bottleneck distance ends at the smallest float, not at 0.
        apart = [pair[f"{kind}_h{k}"] for kind in ("bottleneck", "wasserstein") for k in (0, 1)]
        assert max(apart) == pytest.approx(0, abs=1e-12)


def test_runs_of_different_shape_are_compared_in_the_layers_they_share(invoke):
    result = invoke(commands.topology, "compare", "a", "b", "--samples", "80", "--json")

    found = json.loads(result.stdout)
    assert [pair["second"] for pair in found["layers"]] == ["B, layer 1"]
    assert found["layers"][0]["bottleneck_h0"] > 0
    assert found["samples"] == 80
    steps = [(pair["first"], pair["second"]) for pair in found["steps"]]
    assert ("A, input", "A, layer 1") in steps
    assert ("B, layer 1", "B, layer 2") not in steps


def test_one_layer_is_printed_for_people(invoke):
    result = invoke(commands.topology, "compare", "a", "b", "--samples", "50", "--layer", "1")

    assert "A, layer 1" in result.output
    assert "A, layer 2" not in result.output


def test_a_layer_that_one_run_lacks_is_refused(invoke):
    result = invoke(commands.topology, "compare", "a", "b", "--layer", "2")

    assert result.exit_code == 1
    assert "layer 2: expected one of the 1 layers that both runs have" in result.stderr


def test_curves_are_written_whole_and_the_same_again(invoke, runs):
    for name in ("one.svg", "two.svg"):
        result = invoke(commands.topology, "curves", "a", "--out", name, "--samples", "60")
        assert result.exit_code == 0

    first = (runs / "one.svg").read_bytes()
    assert first == (runs / "two.svg").read_bytes()
    assert b"Betti 1" in first
    assert b"layer 2" in first


def test_drift_exits_with_3_on_alarm_and_0_otherwise(invoke):
    few = ("--relabelings", "39", "--json")
    clean = invoke(drift_command.drift, "a", "clean.npz", *few)
    far = invoke(drift_command.drift, "a", "far.npz", *few)

    assert (clean.exit_code, far.exit_code) == (0, 3)
    found = json.loads(far.stdout)
    assert found["topology"]["alarm"]
    assert [item["name"] for item in found["baselines"]] == ["mean goodness", "predicted labels"]
    assert found["window_size"] == 60


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("a", "few.npz"), "few.npz: a window takes at least 10 samples, got 5"),
        (("a", "wide.npz"), "expected samples of shape (*, 8, 8), got (60, 9, 9)"),
        (("a", "nan.npz"), "is nan, expected a finite float32"),
        (("a", "none.npz"), "none.npz: expected a file of samples, found none"),
        (("nowhere", "clean.npz"), "nowhere: not a run folder"),
        (("a", "clean.npz", "--rate", "2"), "drift: rate"),
    ],
)
def test_bad_input_gets_one_sentence(invoke, arguments, message):
    result = invoke(drift_command.drift, *arguments)

    assert result.exit_code == 1
    assert message in result.stderr


def test_help_lists_the_commands_and_loads_neither_torch_nor_gudhi():
    code = (
        "import sys; from plurigrid_ff.cli import main; main(['--help'], standalone_mode=False);"
        "print({'torch', 'gudhi'} & set(sys.modules))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "Commands of plugins:" in done.stdout
    assert "drift" in done.stdout
    assert done.stdout.strip().endswith("set()")
