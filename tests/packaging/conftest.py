"""Build the distribution once, install it into fresh environments without a network."""

import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NO_PATH_FROM_OUTSIDE = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "PLURIGRID_FF_PLUGINS")


def run(*command, cwd, **options):
    """Run a command that must succeed, and return what it prints on stdout."""
    environment = {k: v for k, v in os.environ.items() if k not in NO_PATH_FROM_OUTSIDE}
    environment |= {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "UV_OFFLINE": "1"}
    environment |= {"PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1"} | options.get("env", {})
    answer = subprocess.run(
        [str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True
    )
    assert answer.returncode == 0, f"{command}\n{answer.stdout}\n{answer.stderr}"
    return answer.stdout


@dataclass(frozen=True)
class Environment:
    """A fresh virtual environment that sees the libraries of this one after its own."""

    folder: Path

    @property
    def python(self):
        return self.folder / "bin" / "python"

    @property
    def site_packages(self):
        (found,) = self.folder.glob("lib/python*/site-packages")
        return found

    def install(self, *what):
        """Install with pip; this environment's pip and hatchling are visible in there."""
        flags = ["--quiet", "--ignore-installed", "--no-deps", "--no-build-isolation"]
        run(self.python, "-m", "pip", "install", *flags, *what, cwd=self.folder)

    def install_with_uv(self, *what):
        flags = ["--quiet", "--no-cache", "--no-config", "--no-deps", "--no-build-isolation"]
        uv = [sys.executable, "-m", "uv", "pip", "install", *flags, "--python", self.python]
        run(*uv, *what, cwd=self.folder)

    def run(self, *arguments, **options):
        return run(self.python, *arguments, cwd=self.folder, **options)

    def plurigrid_ff(self, *arguments, **options):
        """Run the installed command."""
        command = self.folder / "bin" / "plurigrid-ff"
        return run(command, *arguments, cwd=self.folder, **options)

    def plurigrid_ff_mcp(self, *arguments, **options):
        """Run the installed server's command."""
        command = self.folder / "bin" / "plurigrid-ff-mcp"
        return run(command, *arguments, cwd=self.folder, **options)


def build(target, source, out):
    """Build ``wheel`` or ``sdist`` of a tree with the hatchling of this environment."""
    run(sys.executable, "-m", "hatchling", "build", "-t", target, "-d", out, cwd=source)
    (built,) = out.glob({"wheel": "*.whl", "sdist": "*.tar.gz"}[target])
    return built


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    return build("wheel", ROOT, tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session")
def sdist(tmp_path_factory):
    return build("sdist", ROOT, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="session")
def unpacked_sdist(sdist, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (tree,) = folder.iterdir()
    return tree


@pytest.fixture(scope="session")
def wheel_from_sdist(unpacked_sdist, tmp_path_factory):
    return build("wheel", unpacked_sdist, tmp_path_factory.mktemp("wheel_from_sdist"))


@pytest.fixture(scope="session")
def make_environment(tmp_path_factory):
    """Make environments that need no download.

    A .pth file appends this interpreter's site-packages behind the new environment's own.
    Python does not read .pth files of a folder that came from a .pth file, so an editable
    install of the project out here is not importable in there.
    """

    def make(name):
        environment = Environment(tmp_path_factory.mktemp(name) / "venv")
        venv.create(environment.folder, with_pip=False, symlinks=True)
        outside = sysconfig.get_path("purelib")
        (environment.site_packages / "outside.pth").write_text(f"{outside}\n", "utf-8")
        return environment

    return make


@pytest.fixture(scope="session")
def wheel_environment(make_environment, wheel):
    environment = make_environment("wheel")
    environment.install(wheel)
    return environment
