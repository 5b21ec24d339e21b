"""The README is true: its program runs and prints what it says, its table is the registry's."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from plurigrid_ff.gf3 import format_trit
from plurigrid_ff.host.listing import list_skills
from plurigrid_ff.host.plugins import load_host

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
NUMBER = re.compile(r"\d+(?:\.\d+)?")


PROGRAMS = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", README, re.DOTALL)


def test_every_program_is_followed_by_what_it_prints():
    assert len(PROGRAMS) == README.count("```python\n") == README.count("```text\n") == 2


@pytest.mark.parametrize(("program", "text"), PROGRAMS, ids=["run", "estimators"])
def test_a_program_prints_what_the_readme_says(program, text, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert NUMBER.sub("#", done.stdout) == NUMBER.sub("#", text)
    # Other versions of torch round differently; the figures stay within a few test samples.
    found, written = (list(map(float, NUMBER.findall(printed))) for printed in (done.stdout, text))
    assert found == pytest.approx(written, abs=1.5)


def test_the_table_of_skills_is_the_registrys():
    rows = re.findall(r"^\| ([a-z-]+) \| (\w+) \| ([-+0-9]+) \| ([a-z ]+) \|", README, re.MULTILINE)

    listed = list_skills(load_host().registry)

    assert rows == [
        (skill.name, skill.role, format_trit(skill.trit), skill.state) for skill in listed
    ]


def test_the_table_of_objectives_is_the_librarys():
    from plurigrid_ff.learning.objectives import known_objectives

    section = README.partition("| objective |")[2].partition("\n\n")[0]

    assert set(re.findall(r"^\| `([\w-]+)`", section, re.MULTILINE)) == set(known_objectives())
