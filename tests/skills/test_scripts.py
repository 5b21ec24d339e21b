"""The skill's scripts run alone, ask nothing and answer in JSON."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from plurigrid_ff.cli import main

SCRIPTS = Path(__file__).resolve().parents[2] / "skills" / "forward-forward-learning" / "scripts"
SMALL = ["--hidden", "24,16", "--epochs", "2"]


@pytest.fixture
def run(tmp_path, monkeypatch, capfd):
    """Run a script's main; the commands it calls run in this process, where torch is loaded."""
    monkeypatch.chdir(tmp_path)

    def call(script, *arguments):
        spec = importlib.util.spec_from_file_location(script, SCRIPTS / f"{script}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        program = module.find_command()
        really_run = subprocess.run

        def subprocess_run(command, **options):
            if command[: len(program)] != program:  # some library's own, as it loads
                return really_run(command, **options)
            result = CliRunner().invoke(main, command[len(program) :])
            return subprocess.CompletedProcess(command, result.exit_code, result.stdout)

        monkeypatch.setattr(module.subprocess, "run", subprocess_run)
        monkeypatch.setattr(sys, "argv", [script, *arguments])
        status = module.main()
        printed = capfd.readouterr()
        return status, json.loads(printed.out), printed.err

    return call


@pytest.mark.parametrize("script", sorted(path.name for path in SCRIPTS.glob("*.py")))
def test_every_script_has_help_and_can_be_run(script, tmp_path):
    done = subprocess.run(
        [sys.executable, str(SCRIPTS / script), "--help"],
        cwd=tmp_path,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0
    assert "usage:" in done.stdout
    assert os.access(SCRIPTS / script, os.X_OK)


@pytest.mark.parametrize("script", sorted(path.stem for path in SCRIPTS.glob("*.py")))
def test_without_the_command_on_the_path_the_module_is_run(script, monkeypatch):
    spec = importlib.util.spec_from_file_location(script, SCRIPTS / f"{script}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setenv("PATH", "/nowhere")

    assert module.find_command() == [sys.executable, "-m", "plurigrid_ff"]


@pytest.mark.parametrize("script", sorted(path.name for path in SCRIPTS.glob("*.py")))
def test_without_an_installation_the_answer_is_json_and_says_what_to_do(script, tmp_path):
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(SCRIPTS / script), "--out", "mine"],
        cwd=tmp_path,
        env={"PATH": "/nowhere"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 1
    assert "is not installed here; ask the user" in json.loads(done.stdout)["error"]


def test_training_is_summed_up_in_json(run, tmp_path):
    status, summary, log = run("train_and_report", *SMALL, "--out", "mine")

    report = json.loads((tmp_path / "mine" / "report.json").read_text())
    assert status == summary["exit_status"]
    assert status == (0 if report["verdict"]["outcome"] == "passed" else 3)
    assert summary["test_accuracy"] == report["test_accuracy"]
    assert summary["chance"] == 0.1
    assert [layer["units"] for layer in summary["layers"]] == [24, 16]
    assert summary["verdict"]["reason"] == report["verdict"]["reason"]
    assert any("one seed" in warning for warning in summary["warnings"])
    assert log.startswith("running: ")


def test_a_mistake_keeps_its_message_and_its_status(run):
    status, summary, _ = run("train_and_report", "--objective", "projektion", "--no-triad")

    assert status == 1
    assert "did you mean 'projection'?" in summary["error"]


def test_objectives_are_compared_over_seeds(run, tmp_path):
    some = ["--objectives", "projection,self-contrastive", "--seeds", "1"]

    status, compared, _ = run("compare_objectives", *some, *SMALL, "--out", "all")

    assert status == 0
    assert {r["objective"]: r["readout"] for r in compared["results"]} == {
        "projection": "goodness",
        "self-contrastive": "probe",
    }
    assert all(0 < result["mean"] <= 1 for result in compared["results"])
    assert (tmp_path / "all" / "projection-0" / "report.json").is_file()


def test_a_run_that_fails_is_named_and_the_others_go_on(run):
    some = ["--objectives", "nonsense,projection", "--seeds", "1", *SMALL, "--out", "all"]

    status, compared, _ = run("compare_objectives", *some)

    assert status == 1
    assert [result["objective"] for result in compared["results"]] == ["projection", "nonsense"]
    assert compared["results"][1]["errors"] == ["seed 0: exit status 1"]
