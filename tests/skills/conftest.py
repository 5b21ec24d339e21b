"""The shipped skill, read once."""

from pathlib import Path

import pytest

from plurigrid_ff.agents.frontmatter import split_skill

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def skill_folder():
    return ROOT / "skills" / "forward-forward-learning"


@pytest.fixture(scope="session")
def skill_fields(skill_folder):
    return split_skill((skill_folder / "SKILL.md").read_text("utf-8"))[0]
