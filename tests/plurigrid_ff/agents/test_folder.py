import os
from pathlib import PurePosixPath

import pytest

from plurigrid_ff.agents import folder as module
from plurigrid_ff.agents.folder import read_skill_files
from plurigrid_ff.errors import AgentSkillError


def test_files_are_read_by_their_paths_without_what_running_left(make_skill):
    skill = make_skill(files={"references/a.md": "A", "scripts/__pycache__/x": "junk"})

    assert list(read_skill_files(skill)) == [
        PurePosixPath("SKILL.md"),
        PurePosixPath("references/a.md"),
    ]


@pytest.mark.parametrize("target", ["/etc/hostname", "SKILL.md", "nowhere", "/etc"])
def test_links_are_refused_wherever_they_lead(make_skill, target):
    skill = make_skill()
    (skill / "link").symlink_to(target)

    with pytest.raises(AgentSkillError, match="link: expected a file or a folder, found a link"):
        read_skill_files(skill)


def test_a_linked_skill_is_refused(make_skill, tmp_path):
    make_skill()
    (tmp_path / "link").symlink_to("my-skill")

    with pytest.raises(AgentSkillError, match="is a symbolic link; give the folder"):
        read_skill_files(tmp_path / "link")


def test_a_pipe_does_not_block(make_skill):
    skill = make_skill()
    os.mkfifo(skill / "pipe")

    with pytest.raises(AgentSkillError, match="found a link or a device"):
        read_skill_files(skill)


def test_a_name_that_drives_the_terminal_is_refused_and_escaped(make_skill):
    skill = make_skill()
    (skill / "a\x1b[2Jb").write_text("")

    with pytest.raises(AgentSkillError, match=r"cannot be shown: 'a\\x1b\[2Jb'"):
        read_skill_files(skill)


@pytest.mark.parametrize(
    ("limit", "value", "message"),
    [
        ("MAX_FILES", 2, "more than 2 files and folders"),
        ("MAX_FILE_BYTES", 10, "larger than 10 bytes"),
        ("MAX_FOLDER_BYTES", 70, "more than 70 bytes in all"),
        ("MAX_DEPTH", 1, "more than 1 deep"),
    ],
)
def test_sizes_are_capped(make_skill, monkeypatch, limit, value, message):
    skill = make_skill(files={"references/a.md": "A" * 40})
    monkeypatch.setattr(module, limit, value)

    with pytest.raises(AgentSkillError, match=message):
        read_skill_files(skill)


def test_folders_without_files_count_too(make_skill, monkeypatch):
    skill = make_skill()
    monkeypatch.setattr(module, "MAX_FILES", 4)
    for number in range(5):
        (skill / str(number)).mkdir()

    with pytest.raises(AgentSkillError, match="more than 4 files and folders"):
        read_skill_files(skill)


def test_no_folder_is_said_to_be_none(tmp_path):
    with pytest.raises(AgentSkillError, match=r"absent: expected a folder that holds a SKILL\.md"):
        read_skill_files(tmp_path / "absent")
