import json
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from plurigrid_ff import __version__
from plurigrid_ff.cli import COMMANDS, main

TRIAD = "persistent-homology-open-games-forward-forward"
SMALL = ["--hidden", "24,16", "--epochs", "4", "--batch-size", "32", "--device", "cpu"]


@pytest.fixture
def invoke(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PLURIGRID_FF_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "160")

    def call(*arguments: str):
        result = CliRunner().invoke(main, list(arguments))
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return call


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("cli") / "run"
    result = CliRunner().invoke(main, ["triads", "run", TRIAD, *SMALL, "--out", str(out)])
    assert result.exit_code in (0, 3), result.output
    return out


def refused(result, message: str, status: int = 1) -> None:
    assert result.exit_code == status, result.output
    assert message in result.stderr
    assert "Traceback" not in result.output


def commands():
    yield ()
    for name in COMMANDS:
        yield (name,)
    for name in ("list", "show", "check", "compose", "run"):
        yield ("triads", name)


@pytest.mark.parametrize("command", list(commands()), ids="-".join)
def test_every_command_has_help_with_an_example(invoke, command):
    result = invoke(*command, "--help")

    assert result.exit_code == 0
    assert "Example:\n" in result.output
    assert "  plurigrid-ff " in result.output


@pytest.mark.parametrize(
    "command", [c for c in commands() if c not in ((), ("triads",))], ids="-".join
)
def test_every_command_prints_json_for_programs(invoke, command):
    assert "--json" in invoke(*command, "--help").output


@pytest.mark.parametrize("arguments", [["--help"], ["skills"], ["triads", "list"], ["plugins"]])
def test_looking_around_does_not_load_torch(arguments):
    code = (
        "import sys; from plurigrid_ff.cli import main; main(sys.argv[1:], standalone_mode=False);"
        "sys.exit('torch' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_version_is_printed(invoke):
    assert __version__ in invoke("--version").output


def test_python_dash_m_is_the_command_line():
    done = subprocess.run(
        [sys.executable, "-m", "plurigrid_ff", "--version"], capture_output=True, check=True
    )

    assert __version__.encode() in done.stdout


def test_a_misspelt_command_gets_the_nearest(invoke):
    refused(invoke("trian"), "no command 'trian'; did you mean 'train'?", status=2)


def test_training_writes_a_run_and_says_where(invoke, tmp_path):
    result = invoke("train", *SMALL, "--out", "mine")

    assert result.exit_code == 0
    assert "round 1/2" in result.output
    assert "test accuracy" in result.output
    assert "no validator" in result.output
    assert (tmp_path / "mine" / "report.html").is_file()


def test_training_prints_the_report_as_json_and_nothing_else(invoke, tmp_path):
    result = invoke("train", *SMALL, "--out", "mine", "--json")

    assert json.loads(result.stdout) == json.loads((tmp_path / "mine/report.json").read_text())


def test_a_run_file_is_read_and_options_override_it(invoke, tmp_path):
    (tmp_path / "run.toml").write_text(
        f'triad = "{TRIAD}"\nseed = 5\n[network]\nhidden = [20]\n[training]\nepochs = 2\n'
    )

    result = invoke("train", "run.toml", "--seed", "6", "--set", "training.decay=none", "--json")

    report = json.loads(result.stdout)
    assert report["seed"] == 6
    assert report["triad"]["name"] == TRIAD
    assert len(report["layers"]) == 1
    assert 'decay = "none"' in (tmp_path / "runs/latest/run.toml").read_text()


def test_the_run_file_of_a_run_repeats_it(invoke, run_folder, tmp_path):
    invoke("train", str(run_folder / "run.toml"), "--out", "again")

    for name in ("run.toml", "rounds.jsonl", "network.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (run_folder / name).read_bytes()


def test_three_skills_in_any_order_run_as_a_triad(invoke, tmp_path):
    skills = ["open-games", "forward-forward-learning", "persistent-homology"]

    result = invoke("triads", "run", *skills, *SMALL, "--out", "mine", "--json")

    triad = json.loads(result.stdout)["triad"]
    assert triad["validator"] == "persistent-homology"
    assert result.exit_code in (0, 3)


def test_a_validator_that_says_no_is_exit_status_three(invoke):
    strict = ["--set", "skills.persistent-homology.limit=0.01"]

    result = invoke("triads", "run", TRIAD, *SMALL, *strict, "--out", "mine", "--json")

    verdict = json.loads(result.stdout)["verdict"]
    assert result.exit_code == 3
    assert verdict["passed"] is False
    assert verdict["measure"] > verdict["limit"] == 0.01


def test_a_run_can_be_resumed_without_repeating_its_settings(invoke, tmp_path, monkeypatch):
    from plurigrid_ff.host import rounds

    save = rounds.save_checkpoint

    def interrupt(*arguments):
        save(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(rounds, "save_checkpoint", interrupt)
    stopped = invoke("triads", "run", TRIAD, *SMALL, "--seed", "4", "--out", "mine")
    monkeypatch.setattr(rounds, "save_checkpoint", save)
    refused(stopped, "interrupted; nothing is lost: the same command with --resume", status=130)
    refused(invoke("train", "--out", "mine"), "holds an unfinished run; --resume to go on")

    result = invoke("train", "--resume", "--out", "mine", "--json")

    report = json.loads(result.stdout)
    assert report["seed"] == 4
    assert report["triad"]["name"] == TRIAD
    assert not (tmp_path / "mine.partial").exists()


def test_evaluating_prints_accuracy_in_all_and_by_layer(invoke, run_folder):
    report = json.loads((run_folder / "report.json").read_text())

    human = invoke("evaluate", str(run_folder))
    machine = json.loads(invoke("evaluate", str(run_folder), "--json").stdout)

    assert f"{report['test_accuracy']:.2%}" in human.output
    assert "24 -> 16" in human.output
    assert machine["accuracy"] == report["test_accuracy"]
    assert machine["confusion"] == report["confusion"]


def test_predicting_writes_csv_or_json(invoke, run_folder, tmp_path):
    np.savez(tmp_path / "new.npz", x=np.random.default_rng(0).random((3, 64), np.float32))

    lines = invoke("predict", str(run_folder), "new.npz").stdout.splitlines()
    machine = json.loads(invoke("predict", str(run_folder), "new.npz", "--json").stdout)
    invoke("predict", str(run_folder), "new.npz", "--out", "labels.csv")

    assert lines[0] == "sample,label,probability"
    assert [line.split(",")[1] for line in lines[1:]] == [item["label"] for item in machine]
    assert (tmp_path / "labels.csv").read_text().splitlines() == lines


def test_skills_shows_ten_and_which_are_installed(invoke):
    listed = {item["name"]: item for item in json.loads(invoke("skills", "--json").stdout)}

    assert len(listed) >= 10
    assert listed["open-games"]["state"] == "installed"
    assert listed["sheaf-cohomology"]["state"] == "not installed"
    assert {item["trit"] for item in listed.values()} == {-1, 0, 1}
    assert "not installed" in invoke("skills").output


def test_without_plugins_no_skill_is_installed(invoke):
    listed = json.loads(invoke("--no-plugins", "skills", "--json").stdout)

    assert {item["state"] for item in listed} == {"not installed"}
    refused(
        invoke("--no-plugins", "train", "--out", "x"),
        "'forward-forward-learning' (generator, trit +1) is not installed",
    )


def test_the_allow_list_is_read_from_the_environment(invoke, monkeypatch):
    monkeypatch.setenv("PLURIGRID_FF_PLUGINS", "open-games")

    records = {item["name"]: item for item in json.loads(invoke("plugins", "--json").stdout)}

    assert records["open-games"]["status"] == "loaded"
    assert records["persistent-homology"]["status"] == "disabled"


def test_triads_are_listed_with_their_state(invoke):
    listed = {item["name"]: item for item in json.loads(invoke("triads", "list", "--json").stdout)}

    assert len(listed) == 4
    assert listed[TRIAD]["faults"] == []
    others = [item for name, item in listed.items() if name != TRIAD]
    assert all("is not installed" in fault for item in others for fault in item["faults"])
    assert "ready" in invoke("triads", "list").output


def test_a_triad_is_shown_with_its_sum_and_ports(invoke):
    result = invoke("triads", "show", TRIAD)

    assert "= 0 in GF(3): balanced, strict, ports fit" in result.output
    assert "gains" in result.output


@pytest.mark.parametrize(
    "reference",
    [[TRIAD], ["open-games", "persistent-homology", "forward-forward-learning"]],
)
def test_checking_a_good_triad_is_exit_status_zero(invoke, reference):
    result = invoke("triads", "check", *reference)

    assert result.exit_code == 0
    assert "balanced, strict, ports fit" in result.output


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        (["open-games", "open-games", "forward-forward-learning"], "= +1 in GF(3), not 0"),
        (["open-games", "unworld", "self-evolving-agent"], "balanced but not strict"),
        (["open-games", "persistent-homology", "jaxlife-open-ended"], "is not installed"),
        (["open-gams", "persistent-homology", "forward-forward-learning"], "mean 'open-games'"),
        (["open-games", "persistent-homology"], "got 2 arguments"),
        (["sheaf-cohomology-sheaf-laplacian-forward-forward"], "'sheaf-cohomology' is not install"),
        (["no-such-triad"], "unknown triad 'no-such-triad'"),
        (["absent.toml"], "absent.toml: cannot be read"),
    ],
)
def test_checking_a_bad_triad_says_why(invoke, reference, message):
    refused(invoke("triads", "check", *reference), message)


def test_a_triad_file_with_a_skill_in_the_wrong_slot_is_refused(invoke, tmp_path):
    (tmp_path / "bad.toml").write_text(
        'name = "bad"\nvalidator = "forward-forward-learning"\ncoordinator = "open-games"\n'
        'generator = "persistent-homology"\n'
    )

    refused(
        invoke("triads", "run", "bad.toml"),
        "'forward-forward-learning' is a generator, but it fills the validator slot",
    )


def test_composing_writes_a_file_that_checks(invoke, tmp_path):
    skills = ["open-games", "persistent-homology", "forward-forward-learning"]

    composed = invoke("triads", "compose", *skills, "--name", "mine", "--out", "mine.toml")

    assert composed.exit_code == 0
    assert invoke("triads", "check", "mine.toml").exit_code == 0
    refused(invoke("triads", "compose", *skills, "--out", "mine.toml"), "exists; --overwrite")


def test_doctor_shows_what_there_is(invoke):
    human = invoke("doctor").output
    machine = json.loads(invoke("doctor", "--json").stdout)

    assert "digits" in human
    assert machine["versions"]["torch"]
    assert machine["device"]["auto"] in ("cpu", "cuda")
    assert {item["name"]: item["found"] for item in machine["data"]}["digits"]
    assert machine["plugins_failed"] == []


@pytest.mark.parametrize(
    ("arguments", "message", "status"),
    [
        (["--data", "digit"], "unknown data set 'digit'; did you mean 'digits'?", 1),
        (["--data", "mnist"], "PLURIGRID_FF_DATA", 1),
        (["--data", "absent/file.npz"], "absent/file.npz", 1),
        (["--objective", "projektion"], "did you mean 'projection'?", 1),
        (["--set", "training.epoch=3"], "training.epoch: unknown key; did you mean 'epochs'?", 1),
        (["--set", "nonsense"], "expected KEY=VALUE", 1),
        (["--set", "seed.deep=3"], "seed", 1),
        (["--epochs", "0"], "training.epochs: input should be greater than 0, got 0", 1),
        (["--hidden", "a,b"], "'a,b' is not a list of whole numbers", 2),
        (["--hidden", "0"], "network.hidden.0", 1),
        (["--device", "tpu"], "'tpu' is not one of", 2),
        (["--triad", "no-such"], "unknown triad 'no-such'", 1),
        (["--learning-rate", "1e30"], "loss of layer", 1),
        (["absent.toml"], "absent.toml: cannot be read: No such file", 1),
    ],
)
def test_bad_input_to_train_is_one_sentence(invoke, tmp_path, arguments, message, status):
    result = invoke("train", "--out", "mine", *SMALL[-2:], *arguments)

    refused(result, message, status)
    assert not (tmp_path / "mine").exists()


def test_cuda_that_is_missing_is_refused(invoke, monkeypatch):
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)

    refused(invoke("train", "--device", "cuda", "--out", "x"), "device 'cuda' was asked for")


def test_a_misspelt_key_in_a_run_file_names_file_and_key(invoke, tmp_path):
    (tmp_path / "run.toml").write_text("[training]\nepoch = 3\n")

    refused(
        invoke("train", "run.toml"),
        "run.toml: training.epoch: unknown key; did you mean 'epochs'?",
    )


def test_an_existing_run_is_refused(invoke, run_folder):
    refused(invoke("train", "--out", str(run_folder)), "holds a finished run")


def test_errors_are_json_too(invoke):
    result = invoke("train", "--data", "digit", "--json")

    error = json.loads(result.stdout)["error"]
    assert error["kind"] == "UnknownNameError"
    assert "did you mean 'digits'" in error["message"]
    assert result.exit_code == 1


def test_a_damaged_network_is_refused(invoke, run_folder, tmp_path):
    import shutil

    shutil.copytree(run_folder, tmp_path / "copy")
    network = tmp_path / "copy" / "network.safetensors"
    network.write_bytes(network.read_bytes()[:1000])

    refused(invoke("evaluate", "copy"), "cannot be read as safetensors")


def test_terminal_escapes_in_a_name_are_not_sent_to_the_terminal(invoke):
    result = invoke("triads", "check", "\x1b[31mred")

    refused(result, "unknown triad")
    assert "\x1b" not in result.output
