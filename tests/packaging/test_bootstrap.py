"""tools/bootstrap.py: where torch comes from, when set-up is due, what it says on failure."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
REPORTS = ROOT / "tests" / "fixtures" / "pip_reports"


@pytest.fixture(scope="module")
def bootstrap():
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "tools" / "bootstrap.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def recorded(name):
    return json.loads((REPORTS / f"torch_{name}.json").read_text("utf-8"))


def unasked(*_):
    raise AssertionError("asked without need")


def choose(bootstrap, *, installed=None, platform="linux", has_gpu=unasked, report=unasked):
    return bootstrap.choose_torch_source(
        installed=installed, pin="2.13.0", platform=platform, has_gpu=has_gpu, report=report
    )


@pytest.mark.parametrize("installed", ["2.13.0", "2.13.0+cpu", "2.13.0+cu130"])
def test_an_installed_torch_of_the_pinned_version_stays(bootstrap, installed):
    assert choose(bootstrap, installed=installed) is bootstrap.TorchSource.PRESENT


@pytest.mark.parametrize("installed", [None, "2.12.1+cpu", "2.13.0.dev1"])
@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_other_systems_than_linux_take_what_pip_has(bootstrap, installed, platform):
    source = choose(bootstrap, installed=installed, platform=platform)

    assert source is bootstrap.TorchSource.PIP


def test_linux_with_a_gpu_takes_what_pip_has(bootstrap):
    source = choose(bootstrap, has_gpu=lambda: True)

    assert source is bootstrap.TorchSource.PIP


@pytest.mark.parametrize(("name", "expected"), [("cpu", "PIP"), ("cuda", "UV")])
def test_linux_without_a_gpu_avoids_wheels_that_bring_cuda(bootstrap, name, expected):
    source = choose(bootstrap, has_gpu=lambda: False, report=lambda: recorded(name))

    assert source is bootstrap.TorchSource[expected]


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ('nvidia-cublas-cu12==12.8.4.1; platform_system == "Linux"', True),
        ('cuda-bindings<14,>=13.0.3; platform_system == "Linux"', True),
        ('nvidia-cudnn-cu13; extra == "gpu"', False),
        ("cudatext", False),
        ("jinja2", False),
    ],
)
def test_cuda_is_told_by_the_names_of_requirements(bootstrap, requirement, expected):
    report = {"install": [{"metadata": {"name": "torch", "requires_dist": [requirement]}}]}

    assert bootstrap.brings_cuda(report) is expected


def test_a_wheel_without_requirements_brings_no_cuda(bootstrap):
    assert not bootstrap.brings_cuda({"install": [{"metadata": {"name": "torch"}}]})


def test_uv_brings_torch_alone_from_the_cpu_backend(bootstrap, monkeypatch, tmp_path):
    commands = []
    monkeypatch.setattr(
        bootstrap, "run", lambda command, hint, **_: commands.append(command) or "{}"
    )
    monkeypatch.setattr(bootstrap, "choose_torch_source", lambda **_: bootstrap.TorchSource.UV)

    bootstrap.install_torch(tmp_path, "2.13.0", tmp_path / "constraints.txt")

    pip, uv = commands
    assert pip[1:4] == ["-m", "pip", "install"]
    assert pip[-1] == "uv"
    assert uv[1:5] == ["-m", "uv", "pip", "install"]
    assert uv[-4:] == ["--no-deps", "--torch-backend", "cpu", "torch==2.13.0"]


def test_the_torch_pin_is_read_without_what_follows_it(bootstrap):
    assert bootstrap.torch_pin("sympy==1.14.0\ntorch==2.13.0\n") == "2.13.0"


def test_constraints_without_torch_are_refused(bootstrap):
    with pytest.raises(bootstrap.SetupError, match="expected a line torch==VERSION"):
        bootstrap.torch_pin("# torch==2.13.0\npytorch==1\n")


def test_pins_lose_local_suffixes_and_the_parts_of_cuda(bootstrap):
    frozen = "torch==2.13.0+cpu\nnvidia-nccl-cu13==2.28.9\nJinja2==3.1.6\nnarwhals==2.29.0\n"

    assert bootstrap.format_pins(frozen) == "Jinja2==3.1.6\nnarwhals==2.29.0\ntorch==2.13.0\n"


def test_a_frozen_line_without_a_version_is_refused(bootstrap):
    with pytest.raises(bootstrap.SetupError, match="expected name==version, got 'torch @ file"):
        bootstrap.format_pins("torch @ file:///wheels/torch.whl\n")


def test_an_old_python_is_told_which_one_to_name(bootstrap):
    sentence = bootstrap.python_too_old((3, 9, 2), "/usr/bin/python3")

    assert "Python 3.11 or newer is needed, /usr/bin/python3 is 3.9.2" in sentence
    assert "make test PYTHON=python3.12" in sentence


@pytest.fixture
def project(bootstrap, monkeypatch, tmp_path):
    """A tree to set up, whose installs are only written down."""
    tree = tmp_path / "tree"
    (tree / "plurigrid_ff").mkdir(parents=True)
    (tree / "plurigrid_ff" / "__init__.py").write_text("")
    (tree / "pyproject.toml").write_text("")
    (tree / "constraints.txt").write_text("torch==2.13.0\n")
    installs = []

    def ensure_venv(venv):
        bootstrap.python_in(venv).parent.mkdir(parents=True, exist_ok=True)
        bootstrap.python_in(venv).touch()

    monkeypatch.setattr(bootstrap, "ROOT", tree)
    monkeypatch.setattr(bootstrap, "ensure_venv", ensure_venv)
    monkeypatch.setattr(bootstrap, "install_torch", lambda *_: None)
    monkeypatch.setattr(bootstrap, "pip_install", lambda venv, *args: installs.append(args[-1]))
    return tree, tree / ".venv", installs


def test_a_second_set_up_calls_no_pip(bootstrap, project):
    tree, venv, installs = project

    bootstrap.set_up(venv, dev=False)
    bootstrap.set_up(venv, dev=False)

    assert installs == [str(tree)]


def test_what_the_checks_need_includes_what_a_run_needs(bootstrap, project):
    tree, venv, installs = project

    bootstrap.set_up(venv, dev=True)
    bootstrap.set_up(venv, dev=False)

    assert installs == [f"{tree}[dev]"]


def test_what_a_run_needs_is_not_enough_for_the_checks(bootstrap, project):
    tree, venv, installs = project

    bootstrap.set_up(venv, dev=False)
    bootstrap.set_up(venv, dev=True)

    assert installs == [str(tree), f"{tree}[dev]"]


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt", "plurigrid_ff/__init__.py"])
def test_a_changed_input_installs_again(bootstrap, project, name):
    tree, venv, installs = project
    bootstrap.set_up(venv, dev=True)

    (tree / name).write_text("torch==2.13.0\n# changed\n")
    bootstrap.set_up(venv, dev=True)

    assert len(installs) == 2


def test_an_interrupted_install_is_not_taken_for_a_whole_one(bootstrap, project, monkeypatch):
    tree, venv, installs = project
    bootstrap.set_up(venv, dev=True)
    (tree / "pyproject.toml").write_text("# changed\n")

    with monkeypatch.context() as patch:
        patch.setattr(bootstrap, "install_torch", unasked)
        with pytest.raises(AssertionError, match="without need"):
            bootstrap.set_up(venv, dev=True)
    (tree / "pyproject.toml").write_text("")  # back to what the first install saw
    bootstrap.set_up(venv, dev=True)

    assert len(installs) == 2


def test_a_failing_command_ends_with_what_to_do_next(bootstrap):
    with pytest.raises(bootstrap.SetupError, match="failed with status 7: check the network"):
        bootstrap.run([sys.executable, "-c", "raise SystemExit(7)"], bootstrap.NETWORK_HINT)


def test_main_prints_the_sentence_and_exits_with_one(bootstrap, project, monkeypatch, capsys):
    tree, venv, _ = project
    (tree / "constraints.txt").write_text("")

    status = bootstrap.main(["dev", "--venv", str(venv)])

    assert status == 1
    assert capsys.readouterr().err.startswith("bootstrap: constraints.txt: expected a line")


@pytest.mark.packaging
@pytest.mark.slow
def test_an_environment_is_made_once_and_remade_when_it_is_broken(bootstrap, tmp_path):
    venv = tmp_path / "venv"
    bootstrap.ensure_venv(venv)
    (venv / "keepsake").touch()

    bootstrap.ensure_venv(venv)
    kept = (venv / "keepsake").exists()
    bootstrap.python_in(venv).unlink()
    bootstrap.python_in(venv).symlink_to(tmp_path / "gone")
    bootstrap.ensure_venv(venv)

    assert kept
    assert not (venv / "keepsake").exists()
    subprocess.run([bootstrap.python_in(venv), "-m", "pip", "--version"], check=True)
