"""What the wheel and the sdist hold."""

import configparser
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
ROOMS = ("plugins", "integrations", "triads")

pytestmark = [pytest.mark.packaging, pytest.mark.xdist_group("packaging")]


def contents(wheel):
    """File names and bytes, without the time stamps of the archive."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def source_files():
    """Files of all packages in the tree, as they should lie in site-packages."""
    packages = [(ROOT, ROOT / "plurigrid_ff")]
    packages += [(ROOT / room, p) for room in ROOMS for p in (ROOT / room).glob("plurigrid_ff_*")]
    files = {
        path.relative_to(base).as_posix()
        for base, package in packages
        for path in package.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    return files | {f"plurigrid_ff/{path}" for path in agent_skill_files()}


def agent_skill_files():
    """Files of the skill for coding agents, which lies beside the package in the tree."""
    return {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "skills" / "forward-forward-learning").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_every_file_of_every_package_and_nothing_else(wheel):
    files = {name for name in contents(wheel) if ".dist-info/" not in name}

    assert files == source_files()


def test_the_wheel_holds_what_is_read_at_run_time(wheel):
    files = set(contents(wheel))

    assert "plurigrid_ff/py.typed" in files
    assert "plurigrid_ff/report/template.html" in files
    triads = [name for name in files if name.startswith("plurigrid_ff_triads/")]
    assert any(name.endswith(".toml") for name in triads)
    assert "plurigrid_ff/recipes/mnist-projection.toml" in files


def test_the_wheel_puts_only_our_packages_into_site_packages(wheel):
    roots = {name.split("/")[0] for name in contents(wheel)}

    roots = {root for root in roots if not root.endswith(".dist-info")}
    assert "plurigrid_ff" in roots
    assert all(root == "plurigrid_ff" or root.startswith("plurigrid_ff_") for root in roots)


def test_every_entry_point_names_a_package_in_the_wheel(wheel):
    files = contents(wheel)
    (name,) = (name for name in files if name.endswith(".dist-info/entry_points.txt"))
    entry_points = configparser.ConfigParser(delimiters="=")
    entry_points.read_string(files[name].decode())

    modules = set(entry_points["plurigrid_ff"].values())

    assert modules == set(PYPROJECT["project"]["entry-points"]["plurigrid_ff"].values())
    assert {f"{module}/__init__.py" for module in modules} <= set(files)


def test_every_plugin_in_the_tree_has_an_entry_point():
    named = set(PYPROJECT["project"]["entry-points"]["plurigrid_ff"].values())

    packages = {
        path.parent.name
        for room in ("plugins", "integrations")
        for path in (ROOT / room).glob("plurigrid_ff_*/__init__.py")
    }

    assert packages == named


def test_the_wheel_names_its_licence(wheel):
    files = contents(wheel)
    (name,) = (name for name in files if name.endswith(".dist-info/licenses/LICENSE"))

    assert files[name] == (ROOT / "LICENSE").read_bytes()


def test_the_wheel_from_the_sdist_equals_the_wheel_from_the_tree(wheel, wheel_from_sdist):
    assert wheel_from_sdist.name == wheel.name
    assert contents(wheel_from_sdist) == contents(wheel)


def test_the_sdist_keeps_the_folders_of_the_tree(sdist):
    with tarfile.open(sdist) as archive:
        files = {name.partition("/")[2] for name in archive.getnames()}

    assert {f"{room}/README.md" for room in ROOMS} <= files
    assert agent_skill_files() <= files
    assert {".claude-plugin/marketplace.json", ".claude-plugin/plugin.json"} <= files
    assert "tests/packaging/test_build.py" in files
    assert not any(".venv/" in name or "__pycache__/" in name for name in files)
