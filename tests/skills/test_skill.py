"""The shipped skill is valid, and true of today's command line."""

import ast
import importlib.util
import re
import shlex
from pathlib import Path

import click
import pytest

from plurigrid_ff import __version__
from plurigrid_ff.agents.validation import validate_skill
from plurigrid_ff.cli import main
from plurigrid_ff.cli.settings import gather
from plurigrid_ff.gf3 import format_trit
from plurigrid_ff.host.field import FIELD
from plurigrid_ff.host.triad import parse_run

ROOT = Path(__file__).resolve().parents[2]
SKILL = ROOT / "skills" / "forward-forward-learning"
PAGES = sorted(SKILL.rglob("*.md"))
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def commands():
    """Every line of a shell block, and every piece of code in a text, that calls us."""
    for page in PAGES:
        text = page.read_text("utf-8")
        lines = [line for kind, code in FENCE.findall(text) if kind == "sh"
                 for line in code.splitlines()]  # fmt: skip
        lines += re.findall(r"`(plurigrid-ff [^`]+)`", FENCE.sub("", text))
        for line in lines:
            line = line.replace("python -m plurigrid_ff", "plurigrid-ff")
            if line.startswith("plurigrid-ff "):
                yield line.partition("  #")[0]


COMMANDS = sorted(set(commands()))


def parsed(line):
    """Let click parse a command, groups and all, without running it."""
    command, arguments = main, shlex.split(line)[1:]
    parent = None
    while True:
        context = command.make_context(command.name, arguments, parent=parent)
        if not isinstance(command, click.Group):
            return context
        name, command, arguments = command.resolve_command(
            context, [*context._protected_args, *context.args]
        )
        assert command is not None, f"no command {name!r} in {line!r}"
        parent = context


def test_the_skill_is_valid(skill_folder):
    assert validate_skill(skill_folder).faults == ()


def test_there_are_commands_to_check():
    assert len(COMMANDS) > 30


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_in_the_skill_is_one(line):
    if "--version" in line:
        with pytest.raises(click.exceptions.Exit):
            parsed(line)
        return

    assert parsed(line).command.name in line


@pytest.mark.parametrize("line", [line for line in COMMANDS if " --out runs/" in line])
def test_every_setting_in_the_skill_is_one(line):
    settings = dict(parsed(line).params)
    if "assignments" not in settings:
        return
    options = {
        name: settings[name]
        for name in ("objective", "negatives", "readout", "epochs", "hidden", "seed", "data")
    }

    values = gather(
        None, Path("absent"), resume=False, assignments=settings["assignments"], options=options
    )

    assert parse_run(values, where=line)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_python_program_in_the_skill_compiles(page):
    for kind, code in FENCE.findall(page.read_text("utf-8")):
        if kind == "python":
            compile(code, str(page), "exec")


def test_every_name_that_the_skill_imports_is_public():
    import plurigrid_ff

    text = "\n".join(page.read_text("utf-8") for page in PAGES)
    names = re.findall(r"from plurigrid_ff import ([\w, ]+)", text)

    assert names
    for name in ", ".join(names).split(", "):
        assert name in plurigrid_ff.__all__


def test_every_script_in_the_skill_is_named_and_every_named_one_exists(skill_folder):
    text = (skill_folder / "SKILL.md").read_text("utf-8")

    named = set(re.findall(r"SKILL/scripts/(\w+\.py)", text))

    assert named == {path.name for path in (skill_folder / "scripts").glob("*.py")}


def messages():
    """Every text in the library, with {} where something is filled in."""
    for folder in ("plurigrid_ff", "plugins"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    parts = (getattr(part, "value", "") for part in node.values)
                    yield "".join(part if isinstance(part, str) else "{}" for part in parts)
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def test_every_message_that_the_skill_explains_is_one(skill_folder):
    page = (skill_folder / "references" / "troubleshooting.md").read_text("utf-8")
    table = page.partition("| --- ")[2] or page.partition("|---|")[2]
    cells = re.findall(r"^\| ([^|]*`[^|]*) \|", table, re.MULTILINE)
    known = list(messages())

    explained = {code for cell in cells for code in re.findall(r"`([^`]+)`", cell)}
    explained.remove("command not found")  # the shell's

    assert len(explained) > 8
    for message in explained:
        pattern = ".*".join(re.escape(part) for part in message.split("..."))
        assert any(re.search(pattern, text, re.DOTALL) for text in known), message


def test_the_head_says_which_version_and_which_trit(skill_fields):
    trit = format_trit(int(FIELD["forward-forward-learning"].role)).removeprefix("+")

    assert skill_fields["metadata"] == {"trit": trit, "version": __version__}
    assert set(skill_fields) >= {"name", "description", "license", "compatibility"}


def test_no_generated_fact_is_stale():
    spec = importlib.util.spec_from_file_location("agent_skill", ROOT / "tools" / "agent_skill.py")
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)

    stale = [str(path) for path, text in tool.rendered() if path.read_text("utf-8") != text]

    assert stale == [], "run make facts"


def test_the_exit_statuses_are_those_of_the_command_line(skill_folder):
    from plurigrid_ff.cli import output

    text = (skill_folder / "SKILL.md").read_text("utf-8")
    (line,) = re.findall(r"^Exit status: .*(?:\n.+)*", text, re.MULTILINE)

    for status in (0, output.EXIT_ERROR, 2, output.EXIT_REFUSED, output.EXIT_INTERRUPTED):
        assert re.search(rf"\b{status} ", line), status
