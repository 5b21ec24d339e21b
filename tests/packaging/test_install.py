"""The distribution installed in fresh environments, alone and beside foreign plugins."""

import importlib.machinery
import json
import tomllib
from pathlib import Path

import pytest

from plurigrid_ff.scaffold import KINDS

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures"
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
OUR_PLUGINS = set(PYPROJECT["project"]["entry-points"]["plurigrid_ff"])
OUR_SKILLS = OUR_PLUGINS - {"color", "nca"}  # those two offer commands and hooks
OUR_TRIADS = {
    tomllib.loads(path.read_text("utf-8"))["name"]
    for path in (ROOT / "triads" / "plurigrid_ff_triads").glob("*.toml")
}
WHERE = """
import importlib.metadata as metadata, json, plurigrid_ff
distribution = metadata.distribution("plurigrid-ff")
print(json.dumps([plurigrid_ff.__file__, str(distribution.locate_file("")), distribution.version]))
"""

pytestmark = [pytest.mark.packaging, pytest.mark.xdist_group("packaging")]


def names(printed):
    return {item["name"] for item in json.loads(printed)}


def installed_skills(printed):
    return {item["name"] for item in json.loads(printed) if item["state"] == "installed"}


@pytest.fixture(scope="module", params=["wheel", "sdist", "pip -e", "uv pip -e"])
def installed(request, make_environment):
    """An environment, and the folder that the library should be imported from."""
    if request.param == "wheel":
        environment = request.getfixturevalue("wheel_environment")
        return environment, environment.site_packages
    environment = make_environment(request.param.replace(" ", ""))
    if request.param == "sdist":
        environment.install(request.getfixturevalue("sdist"))
        return environment, environment.site_packages
    if request.param == "pip -e":
        environment.install("-e", ROOT)
        return environment, ROOT
    environment.install_with_uv("-e", ROOT)
    return environment, ROOT


def test_the_library_comes_from_this_install(installed):
    environment, home = installed

    module, distribution, version = json.loads(environment.run("-c", WHERE))

    assert Path(module).parent.parent.samefile(home)
    assert Path(distribution).samefile(environment.site_packages)
    assert environment.plurigrid_ff("--version").strip().endswith(version)


def test_the_server_for_agents_is_a_command_that_needs_its_extra_only_to_serve(installed):
    environment, _ = installed

    assert "--max-epochs" in environment.plurigrid_ff_mcp("--help")


def test_the_shipped_triads_are_listed(installed):
    environment, _ = installed

    assert names(environment.plurigrid_ff("triads", "list", "--json")) >= OUR_TRIADS


def test_the_shipped_skills_are_listed(installed):
    environment, _ = installed

    assert installed_skills(environment.plurigrid_ff("skills", "--json")) >= OUR_SKILLS


def test_the_skill_for_coding_agents_can_be_exported_and_is_the_trees(installed, tmp_path):
    environment, _ = installed
    name = "forward-forward-learning"

    report = json.loads(environment.plurigrid_ff("skill", "export", tmp_path, "--json"))
    check = json.loads(environment.plurigrid_ff("skill", "validate", tmp_path / name, "--json"))

    assert report["written"]
    assert check["valid"]
    in_tree = {
        path.relative_to(ROOT / "skills" / name): path.read_bytes()
        for path in (ROOT / "skills" / name).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    exported = {
        path.relative_to(tmp_path / name): path.read_bytes()
        for path in (tmp_path / name).rglob("*")
        if path.is_file()
    }
    assert exported == in_tree


def test_an_editable_install_runs_the_trees_skill_and_leaves_no_copy(installed):
    environment, home = installed

    copies = list(environment.site_packages.glob("plurigrid_ff/skills/*"))

    assert len(copies) == (0 if home == ROOT else 1)


@pytest.mark.parametrize("name", ["plugins", "integrations", "triads", "tests", "tools", "skills"])
def test_the_folders_of_the_tree_are_no_modules(wheel_environment, name):
    site_packages = str(wheel_environment.site_packages)

    assert importlib.machinery.PathFinder.find_spec(name, [site_packages]) is None
    assert importlib.machinery.PathFinder.find_spec("plurigrid_ff", [site_packages])


@pytest.fixture(scope="module")
def crowded(make_environment, wheel):
    """The wheel, with a foreign plugin that works and one that cannot be imported."""
    environment = make_environment("crowded")
    environment.install(wheel, FIXTURES / "plurigrid_ff_echo", FIXTURES / "plurigrid_ff_broken")
    return environment


@pytest.fixture(scope="module")
def plugins(crowded):
    return {
        plugin["name"]: plugin for plugin in json.loads(crowded.plurigrid_ff("plugins", "--json"))
    }


def test_a_foreign_plugin_is_loaded(plugins, crowded):
    echo = plugins["echo"]

    assert echo["status"] == "loaded"
    assert not echo["error"]
    assert (echo["distribution"], echo["version"]) == ("plurigrid-ff-echo", "0.1.0")
    assert "echo" in installed_skills(crowded.plurigrid_ff("skills", "--json"))


def test_a_broken_plugin_is_listed_with_its_error(plugins):
    broken = plugins["broken"]

    assert broken["status"] == "failed"
    assert "this plugin is broken on purpose" in broken["error"]


def test_a_broken_plugin_takes_nothing_down(plugins, crowded):
    assert {name for name in OUR_PLUGINS if plugins[name]["status"] == "loaded"} == OUR_PLUGINS
    assert installed_skills(crowded.plurigrid_ff("skills", "--json")) >= OUR_SKILLS
    assert names(crowded.plurigrid_ff("triads", "list", "--json")) >= OUR_TRIADS
    assert "Usage" in crowded.plurigrid_ff("--help")


def test_a_foreign_skill_fits_into_a_triad_with_ours(crowded):
    skills = ["echo", "open-games", "forward-forward-learning"]

    check = json.loads(crowded.plurigrid_ff("triads", "check", *skills, "--json"))

    assert check["strict"]
    assert check["well_typed"]


def test_an_allow_list_leaves_foreign_plugins_out(crowded):
    allowed = {"PLURIGRID_FF_PLUGINS": ",".join(sorted(OUR_PLUGINS))}

    listed = json.loads(crowded.plurigrid_ff("plugins", "--json", env=allowed))
    skills = installed_skills(crowded.plurigrid_ff("skills", "--json", env=allowed))

    status = {plugin["name"]: plugin["status"] for plugin in listed}
    assert (status["echo"], status["broken"]) == ("disabled", "disabled")
    assert "echo" not in skills
    assert skills >= OUR_SKILLS


def test_without_plugins_none_is_imported(crowded):
    listed = json.loads(crowded.plurigrid_ff("--no-plugins", "plugins", "--json"))

    assert {plugin["status"] for plugin in listed} == {"disabled"}


@pytest.fixture(scope="module")
def with_new_plugins(make_environment, wheel):
    """The wheel, and a plugin of every kind that its command wrote, installed in place."""
    environment = make_environment("authoring")
    environment.install(wheel)
    for kind in KINDS:
        environment.plurigrid_ff("plugin", "new", f"fresh-{kind}", "--role", kind)
    folders = sorted(environment.folder.glob("plurigrid_ff_fresh_*"))
    environment.install(*(word for folder in folders for word in ("-e", folder)))
    return environment


def test_new_plugins_install_and_load(with_new_plugins):
    listed = json.loads(with_new_plugins.plurigrid_ff("plugins", "--json"))

    fresh = {plugin["name"]: plugin["status"] for plugin in listed if "fresh" in plugin["name"]}
    assert fresh == {f"fresh-{kind}": "loaded" for kind in KINDS}


def test_the_tests_of_a_new_plugin_pass(with_new_plugins):
    printed = with_new_plugins.run("-m", "pytest", "-q", "plurigrid_ff_fresh_validator")

    assert "1 passed" in printed
