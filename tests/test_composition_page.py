"""The page on composition is true: its findings, its file and its commands exist."""

import json
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from plurigrid_ff.cards.results import KINDS
from plurigrid_ff.cli.triads import command
from plurigrid_ff.host.parts import CompositionFile

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "composition.md").read_text("utf-8")
COMMANDS = [
    shlex.split(line, comments=True)[2:]
    for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines()
]


def test_the_page_lists_every_finding_in_order():
    table = PAGE.partition("| finding |")[2].partition("\n\n")[0]

    assert re.findall(r"^\| `([a-z-]+)` \|", table, re.MULTILINE) == list(KINDS)


def test_the_file_on_the_page_is_a_composition():
    (text,) = re.findall(r"^```\n(name = .*?)```", PAGE, re.DOTALL | re.MULTILINE)

    held = CompositionFile.model_validate(tomllib.loads(text))

    assert held.name == "two"
    assert set(held.parts) == {"first"}


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
def test_every_command_on_the_page_is_one(arguments):
    name, *others = arguments

    context = command.commands[name].make_context(name, others)

    assert context.params


def test_the_figures_of_the_lint_are_those_that_were_measured():
    found = json.loads((ROOT / "benchmarks" / "results" / "lint.json").read_text("utf-8"))

    assert found["cards"] == 500
    assert f"take {found['lint_cpu_s']['median']:.2f} s of CPU time" in PAGE
    assert f"({found['lint_cpu_s']['least']:.2f} to {found['lint_cpu_s']['most']:.2f} over" in PAGE
    assert all(seed["planted"] == seed["found"] for seed in found["seeds"])
    assert all(seed["found_otherwise"] == {} for seed in found["seeds"])
