import pytest

import plurigrid_ff
from plurigrid_ff.agents.shipped import SKILL_NAME, shipped_skill
from plurigrid_ff.errors import AgentSkillError


def test_the_skill_is_found(tmp_path):
    assert shipped_skill().name == SKILL_NAME
    assert (shipped_skill() / "SKILL.md").is_file()


def test_inside_the_package_comes_before_beside_it(tmp_path, monkeypatch):
    package = tmp_path / "plurigrid_ff"
    monkeypatch.setattr(plurigrid_ff, "__file__", str(package / "__init__.py"))
    for skills in (package / "skills", tmp_path / "skills"):
        (skills / SKILL_NAME).mkdir(parents=True)
        (skills / SKILL_NAME / "SKILL.md").write_text("")

    assert shipped_skill() == package / "skills" / SKILL_NAME


def test_an_installation_without_it_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(plurigrid_ff, "__file__", str(tmp_path / "plurigrid_ff" / "__init__.py"))

    with pytest.raises(AgentSkillError, match="found none; reinstall plurigrid-ff"):
        shipped_skill()
