import json
import re
import subprocess
import sys

import numpy as np
import pytest

from plurigrid_ff import __version__
from plurigrid_ff.cli import COMMANDS, show_call
from plurigrid_ff.host.hook_calls import HookCall
from plurigrid_ff.host.hook_versions import HOOKS_VERSION

TRIAD = "persistent-homology-open-games-forward-forward"
SMALL = ["--hidden", "24,16", "--epochs", "4", "--batch-size", "32", "--device", "cpu"]


def commands():
    yield ()
    for name in COMMANDS:
        yield (name,)
    for name in ("list", "show", "check", "compose", "run"):
        yield ("triads", name)
    for name in ("list", "show"):
        yield ("recipes", name)
    for name in ("install", "export", "validate"):
        yield ("skill", name)
    yield ("plugin", "new")
    for name in ("classes", "stream", "streams"):
        yield ("adapt", name)


GROUPS = {(), *((name,) for name in ("adapt", "plugin", "recipes", "skill", "triads"))}


@pytest.mark.parametrize("command", list(commands()), ids="-".join)
def test_every_command_has_help_with_an_example(invoke, command):
    result = invoke(*command, "--help")

    assert result.exit_code == 0
    assert "Example:\n" in result.output
    assert "  plurigrid-ff " in result.output


@pytest.mark.parametrize(
    "command",
    [command for command in commands() if command not in GROUPS],
    ids="-".join,
)
def test_every_command_prints_json_for_programs(invoke, command):
    assert "--json" in invoke(*command, "--help").output


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["skills"],
        ["triads", "list"],
        ["plugins"],
        ["skill", "--help"],
        ["adapt", "streams"],
        ["recipes", "list"],
        ["recipes", "show", "mnist-projection"],
        ["plugin", "new", "margin-watch"],
    ],
)
def test_looking_around_does_not_load_torch(arguments, tmp_path):
    code = (
        "import sys; from plurigrid_ff.cli import main; main(sys.argv[1:], standalone_mode=False);"
        "sys.exit('torch' in sys.modules)"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, check=False, cwd=tmp_path
    )

    assert done.returncode == 0, done.stderr


def test_version_is_printed(invoke):
    assert __version__ in invoke("--version").output


def test_python_dash_m_is_the_command_line():
    done = subprocess.run(
        [sys.executable, "-m", "plurigrid_ff", "--version"], capture_output=True, check=True
    )

    assert __version__.encode() in done.stdout


def test_a_misspelt_command_gets_the_nearest(invoke, refused):
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


def test_a_run_can_be_resumed_without_repeating_its_settings(
    invoke, tmp_path, monkeypatch, refused
):
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
    assert "read-out: goodness, summed over all layers" in human.output
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


def test_skills_shows_ten_and_which_are_installed(invoke, monkeypatch):
    monkeypatch.setenv("PLURIGRID_FF_PLUGINS", "-sheaf-cohomology")
    listed = {item["name"]: item for item in json.loads(invoke("skills", "--json").stdout)}

    assert len(listed) >= 10
    assert listed["open-games"]["state"] == "installed"
    assert listed["sheaf-cohomology"]["state"] == "not installed"
    assert {item["trit"] for item in listed.values()} == {-1, 0, 1}
    assert "not installed" in invoke("skills").output


def test_without_plugins_no_skill_is_installed(invoke, refused):
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


def test_hook_calls_are_traced_beside_what_a_command_prints(invoke):
    plain = invoke("plugins", "--json")
    traced = invoke("--trace-hooks", "plugins", "--json")

    assert plain.stderr == ""
    assert [record["skills"] for record in json.loads(traced.stdout)] == [
        record["skills"] for record in json.loads(plain.stdout)
    ]
    assert re.fullmatch(
        r"open-games: register_skills registered open-games \(\d+\.\d\d ms\)",
        next(line for line in traced.stderr.splitlines() if line.startswith("open-games")),
    )
    assert invoke("--trace-hooks", "skills", "--json").stdout == invoke("skills", "--json").stdout


def test_a_traced_name_cannot_drive_the_terminal_or_break_the_line(capsys):
    call = HookCall(plugin="p", hook="h", registered=("\x1b[2J\nx",), seconds=0.0)

    show_call(call)

    assert capsys.readouterr().err == "p: h registered \\x1b[2J\\nx (0.00 ms)\n"


def test_the_version_of_the_hooks_is_shown(invoke):
    assert f"version of the hooks: {HOOKS_VERSION}" in invoke("plugins").output


def test_doctor_shows_what_there_is(invoke):
    human = invoke("doctor").output
    machine = json.loads(invoke("doctor", "--json").stdout)

    assert "digits" in human
    assert machine["versions"]["torch"]
    assert f"hooks  version {machine['hooks_version']}\n" in human
    assert machine["hooks_version"] == HOOKS_VERSION
    assert machine["device"]["auto"] in ("cpu", "cuda")
    assert {item["name"]: item["found"] for item in machine["data"]}["digits"]
    assert machine["plugins_failed"] == []


def test_objectives_are_listed_and_described(invoke, refused):
    listed = {item["name"]: item for item in json.loads(invoke("objectives", "--json").stdout)}
    table = invoke("objectives").output
    one = invoke("objectives", "symba").output

    assert listed["symba"]["options"][-1]["default"] == 4.0
    assert listed["self-contrastive"]["passes"] == "one, with a probe or head"
    assert "Lee & Song (2023)" in table
    assert "alpha" in one
    assert "arXiv:2303.08418" in one
    assert json.loads(invoke("objectives", "symba", "--json").stdout) == listed["symba"]
    refused(invoke("objectives", "simba"), "did you mean 'symba'?")


def test_an_unlabelled_run_is_trained_evaluated_and_used(invoke, tmp_path):
    settings = ["--objective", "self-contrastive", "--readout", "probe"]
    trained = json.loads(invoke("train", *SMALL, *settings, "--out", "mine", "--json").stdout)
    np.savez(tmp_path / "new.npz", x=np.random.default_rng(0).random((3, 64), np.float32))

    evaluated = json.loads(invoke("evaluate", "mine", "--json").stdout)
    predicted = json.loads(invoke("predict", "mine", "new.npz", "--json").stdout)

    assert (trained["readout"], trained["negatives"]) == ("probe", "other-sample")
    assert evaluated["accuracy"] == trained["test_accuracy"]
    assert len(predicted) == 3


@pytest.fixture
def paintings(tmp_path):
    """Sixty images of 8x8 in two classes, a dark one and a bright one, by class folder."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for label, low in (("dark", 0), ("bright", 150)):
        (tmp_path / "paintings" / label).mkdir(parents=True)
        for index in range(30):
            ramp = np.linspace(0, 1, 64).reshape(8, 8)[:: 1 if low else -1]
            pixels = (100 * ramp + rng.integers(low, low + 50, (8, 8))).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / "paintings" / label / f"{index:02}.png")
    return tmp_path / "paintings"


def test_a_folder_of_images_is_trained_on_evaluated_and_predicted(invoke, paintings, tmp_path):
    size = ["--set", "data.image_size=6", "--epochs", "30"]

    trained = invoke("train", "--data", "paintings", *SMALL, *size, "--out", "run")
    measured = json.loads(invoke("evaluate", "run", "--data", "paintings", "--json").stdout)
    lines = invoke("predict", "run", "paintings").stdout.splitlines()
    single = json.loads(invoke("predict", "run", "paintings/dark/03.png", "--json").stdout)

    assert trained.exit_code == 0, trained.output
    assert measured["accuracy"] > 0.9
    assert lines[0] == "sample,file,label,probability"
    assert lines[1].startswith("0,bright/00.png,bright,")
    assert len(lines) == 61
    assert [(item["file"], item["label"]) for item in single] == [("03.png", "dark")]


def test_a_recording_is_trained_on_and_predicted(invoke, tmp_path):
    pytest.importorskip("kaldi_native_fbank")
    import wave

    time = np.arange(1600) / 8000
    for label, pitch in (("low", 300), ("high", 1500)):
        (tmp_path / "tones" / label).mkdir(parents=True)
        for index in range(8):
            values = 9000 * np.sin(2 * np.pi * (pitch + 10 * index) * time)
            with wave.open(str(tmp_path / "tones" / label / f"{index}.wav"), "wb") as file:
                file.setparams((1, 2, 8000, 0, "NONE", ""))
                file.writeframes(values.astype("<i2").tobytes())

    trained = invoke("train", "--data", "tones", *SMALL, "--set", "data.frames=5", "--out", "run")
    found = json.loads(invoke("predict", "run", "tones/low/3.wav", "--json").stdout)

    assert trained.exit_code == 0, trained.output
    assert [(item["file"], item["label"]) for item in found] == [("3.wav", "low")]


def test_doctor_lists_every_named_data_set_and_where_it_lies(invoke, tmp_path, monkeypatch):
    monkeypatch.setenv("PLURIGRID_FF_DATA", str(tmp_path))
    (tmp_path / "cifar10").mkdir()

    found = {item["name"]: item for item in json.loads(invoke("doctor", "--json").stdout)["data"]}

    assert list(found) == ["digits", "mnist", "cifar10", "fsdd"]
    assert found["cifar10"]["where"] == str(tmp_path / "cifar10")
    assert not found["fsdd"]["found"]
