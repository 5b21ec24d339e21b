import os
from pathlib import PurePosixPath

import pytest

from plurigrid_ff.agents.copying import carry_out, plan_copy, require_permission
from plurigrid_ff.errors import AgentSkillError

HEAD = b"---\nname: my-skill\ndescription: d\n---\n"
FILES = {PurePosixPath("SKILL.md"): HEAD + b"body", PurePosixPath("scripts/run.py"): b"#!/bin/sh\n"}


def copy(skills, files=FILES):
    return carry_out(plan_copy(files, "my-skill", skills), files)


def test_a_copy_is_whole_and_its_scripts_can_be_run(tmp_path):
    report = copy(tmp_path / "skills")

    folder = tmp_path / "skills" / "my-skill"
    assert report.written
    assert report.state == "new"
    assert (folder / "SKILL.md").read_bytes() == FILES[PurePosixPath("SKILL.md")]
    assert os.access(folder / "scripts" / "run.py", os.X_OK)
    assert [path.name for path in (tmp_path / "skills").iterdir()] == ["my-skill"]


def test_a_second_copy_writes_nothing(tmp_path):
    copy(tmp_path)
    before = (tmp_path / "my-skill" / "SKILL.md").stat().st_mtime_ns

    report = copy(tmp_path)

    assert (report.state, report.written) == ("up to date", False)
    assert (tmp_path / "my-skill" / "SKILL.md").stat().st_mtime_ns == before


def test_another_version_is_compared_and_replaced_only_when_asked(tmp_path):
    copy(tmp_path)
    (tmp_path / "my-skill" / "mine.txt").write_text("mine")
    newer = {PurePosixPath("SKILL.md"): HEAD + b"new", PurePosixPath("references/a.md"): b"a"}

    plan = plan_copy(newer, "my-skill", tmp_path)

    assert plan.state == "different"
    assert plan.added == ("references/a.md",)
    assert plan.changed == ("SKILL.md",)
    assert plan.removed == ("mine.txt", "scripts/run.py")
    with pytest.raises(AgentSkillError, match=r"1 added, 1 changed, 2 removed\); --overwrite"):
        require_permission(plan, overwrite=False)
    require_permission(plan, overwrite=True)
    assert carry_out(plan, newer).written
    assert {path.name for path in (tmp_path / "my-skill").iterdir()} == {"SKILL.md", "references"}


@pytest.mark.parametrize("content", [None, "no head", "---\nname: other\ndescription: d\n---\nb"])
def test_a_folder_that_holds_something_else_is_left_alone(tmp_path, content):
    folder = tmp_path / "my-skill"
    folder.mkdir()
    if content is not None:
        (folder / "SKILL.md").write_text(content)

    with pytest.raises(AgentSkillError, match="found something else; move it away"):
        plan_copy(FILES, "my-skill", tmp_path)


def test_nothing_is_written_through_a_link(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".agents").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "my-skill").symlink_to(tmp_path / "elsewhere")

    for skills in (tmp_path / "home" / ".agents" / "skills", tmp_path):
        with pytest.raises(AgentSkillError, match="nothing is written through one"):
            plan_copy(FILES, "my-skill", skills, root=tmp_path / "home")


def test_the_root_itself_may_be_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "home").symlink_to("real")
    home = tmp_path / "home"

    plan = plan_copy(FILES, "my-skill", home / "skills", root=home)

    assert carry_out(plan, FILES).written
    assert (tmp_path / "real" / "skills" / "my-skill" / "SKILL.md").is_file()
