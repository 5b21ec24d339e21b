import ast
import json
import sys
import tomllib
from importlib.metadata import EntryPoint

import pytest

from plurigrid_ff.errors import ScaffoldError
from plurigrid_ff.host import plugins
from plurigrid_ff.host.hook_versions import HOOKS_VERSION
from plurigrid_ff.host.plugins import load_host
from plurigrid_ff.host.selection import VARIABLE
from plurigrid_ff.learning.objectives import offer_objectives
from plurigrid_ff.run_settings import join_plugins
from plurigrid_ff.scaffold import KINDS, class_name, write_plugin
from plurigrid_ff.testing import check_objective, check_skill


@pytest.fixture
def load(monkeypatch):
    """Load a written plugin through its own entry point, beside no other."""

    def load_plugin(folder):
        pyproject = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
        found = [
            EntryPoint(name, value, "plurigrid_ff")
            for name, value in pyproject["project"]["entry-points"]["plurigrid_ff"].items()
        ]
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.setattr(plugins, "entry_points", lambda group: found)
        monkeypatch.delenv(VARIABLE, raising=False)
        return load_host()

    yield load_plugin
    offer_objectives({})


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_plugin_loads_through_its_entry_point_and_passes_its_check(kind, load, tmp_path):
    written = write_plugin(f"fresh-{kind}", kind, tmp_path / "new")

    host = load(tmp_path / "new")

    assert host.failures == []
    assert sys.modules[written.module].REQUIRES_HOOKS == HOOKS_VERSION
    if kind == "objective":
        join_plugins(host)
        check_objective(written.name)
    else:
        assert host.registry.role(written.name).slot == kind
        check_skill(host.registry.skill(written.name))


def test_a_new_plugin_that_is_broken_fails_its_check(load, tmp_path):
    write_plugin("spoilt", "coordinator", tmp_path / "new")
    module = tmp_path / "new" / "plurigrid_ff_spoilt" / "__init__.py"
    text = module.read_text("utf-8")
    assert "        outbox.put(SCHEDULE, schedule)\n" in text
    module.write_text(text.replace("        outbox.put(SCHEDULE, schedule)\n", ""))

    with pytest.raises(AssertionError, match=r"produces, \['schedule'\], got \[\]"):
        check_skill(load(tmp_path / "new").registry.skill("spoilt"))


@pytest.fixture
def plugin_new(monkeypatch, tmp_path):
    """Run ``plurigrid-ff plugin new`` in an empty folder."""
    from click.testing import CliRunner

    from plurigrid_ff.cli import main

    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        return CliRunner().invoke(main, ["plugin", "new", *arguments])

    return call


def test_the_command_says_what_it_wrote(plugin_new, tmp_path):
    result = plugin_new("margin-watch", "--role", "coordinator", "--out", "here", "--json")

    report = json.loads(result.stdout)
    assert (report["name"], report["kind"]) == ("margin-watch", "coordinator")
    assert report["files"] == [
        "README.md",
        "plurigrid_ff_margin_watch/__init__.py",
        "pyproject.toml",
        "tests/test_plurigrid_ff_margin_watch.py",
    ]
    assert all((tmp_path / "here" / file).is_file() for file in report["files"])


def test_the_command_refuses_in_one_sentence(plugin_new):
    result = plugin_new("Bad_Name")

    assert result.exit_code == 1
    assert "Error: plugin 'Bad_Name': expected lower-case words joined by hyphens" in result.stderr


@pytest.mark.parametrize(
    "name", ["", "Upper", "two words", "../up", "7up", "a" * 41, "a--b", "a_b"]
)
def test_a_name_that_no_host_accepts_is_refused(name, tmp_path):
    with pytest.raises(ScaffoldError, match="expected lower-case words joined by hyphens"):
        write_plugin(name, "validator", tmp_path / "new")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("unworld", "validator", "is known as a coordinator, not as a validator"),
        ("open-games", "coordinator", "a package plurigrid_ff_open_games is installed"),
        ("symba", "objective", "the library has an objective of this name"),
    ],
)
def test_a_name_that_is_taken_is_refused(name, kind, message, tmp_path):
    with pytest.raises(ScaffoldError, match=message):
        write_plugin(name, kind, tmp_path / "new")

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("make", ["mkdir", "touch"])
def test_what_is_there_already_is_left_alone(make, tmp_path):
    getattr(tmp_path / "taken", make)()

    with pytest.raises(ScaffoldError, match="taken: is there already; choose another --out"):
        write_plugin("margin-watch", "validator", tmp_path / "taken")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["skill", "field", "role", "objective", "none", "path", "tensor"])
def test_the_class_of_a_plugin_hides_nothing_it_imports(name, kind, tmp_path):
    write_plugin(name, kind, tmp_path / "new")

    for path in (tmp_path / "new").rglob("*.py"):
        body = ast.parse(path.read_text("utf-8")).body
        imports = [n for n in body if isinstance(n, (ast.Import, ast.ImportFrom))]
        imported = {alias.asname or alias.name for node in imports for alias in node.names}
        assert not imported & {node.name for node in body if isinstance(node, ast.ClassDef)}


def test_a_name_that_says_its_kind_does_not_say_it_twice():
    assert class_name("margin-watch", "validator") == "MarginWatchValidator"
    assert class_name("my-validator", "validator") == "MyValidator"
    assert class_name("objective", "objective") == "ObjectiveObjective"
