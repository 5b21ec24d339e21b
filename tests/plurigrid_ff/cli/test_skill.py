import json
from pathlib import Path

import click
import pytest

from plurigrid_ff.agents.shipped import SKILL_NAME, shipped_skill
from plurigrid_ff.cli import skill as module


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)
    return tmp_path / "home"


@pytest.fixture
def terminal(monkeypatch):
    """Pretend that there is a person, who gives this answer."""

    def answer(yes):
        asked = []
        monkeypatch.setattr(module, "on_a_terminal", lambda: True)
        monkeypatch.setattr(click, "confirm", lambda text, err: asked.append(text) or yes)
        return asked

    return answer


def test_export_writes_a_skill_that_validates(invoke, tmp_path):
    exported = invoke("skill", "export", "out")
    checked = invoke("skill", "validate", f"out/{SKILL_NAME}")

    assert exported.exit_code == 0
    assert f"out/{SKILL_NAME}: wrote " in exported.output
    assert checked.exit_code == 0
    assert f"{SKILL_NAME}: valid (" in checked.output
    assert (tmp_path / "out" / SKILL_NAME / "SKILL.md").read_bytes() == (
        shipped_skill() / "SKILL.md"
    ).read_bytes()


def test_export_does_not_replace_another_version_unasked(invoke, tmp_path, refused):
    invoke("skill", "export", "out")
    changed = tmp_path / "out" / SKILL_NAME / "SKILL.md"
    changed.write_text(changed.read_text("utf-8") + "mine\n", "utf-8")

    refused(invoke("skill", "export", "out"), "--overwrite to replace it")
    again = json.loads(invoke("skill", "export", "out", "--overwrite", "--json").stdout)

    assert again["written"] is True
    assert again["changed"] == ["SKILL.md"]
    assert "up to date" in invoke("skill", "export", "out").output


def test_install_copies_to_the_clients_folder_and_says_so_to_programs(invoke, home):
    result = invoke("skill", "install", "--for", "claude", "--yes", "--json")

    report = json.loads(result.stdout)
    assert result.exit_code == 0
    assert report["client"] == "claude"
    assert report["folder"] == str(home / ".claude" / "skills" / SKILL_NAME)
    assert (home / ".claude" / "skills" / SKILL_NAME / "SKILL.md").is_file()


@pytest.mark.parametrize("extra", [[], ["--json"]])
def test_install_does_not_ask_where_nobody_can_answer(invoke, home, refused, extra):
    refused(invoke("skill", "install", "--for", "codex", *extra), "add --yes to agree")

    assert not home.exists()


def test_install_shows_what_it_would_write_and_asks(invoke, home, terminal):
    asked = terminal(True)

    result = invoke("skill", "install", "--for", "gemini")

    assert asked == ["Go on?"]
    assert f"{home}/.gemini/skills/{SKILL_NAME}:\n  write    SKILL.md" in result.stderr
    assert (home / ".gemini" / "skills" / SKILL_NAME / "SKILL.md").is_file()
    assert "Start a new session" in result.output


def test_install_that_is_declined_writes_nothing(invoke, home, terminal, refused):
    terminal(False)

    refused(invoke("skill", "install", "--for", "cursor"), "left as it was")

    assert not home.exists()


def test_install_again_asks_nothing(invoke, home):
    invoke("skill", "install", "--for", "project", "--yes")

    result = invoke("skill", "install", "--for", "project")

    assert result.exit_code == 0
    assert ".agents/skills/forward-forward-learning: up to date" in result.output


def test_an_unknown_client_is_bad_usage(invoke, refused):
    refused(invoke("skill", "install", "--for", "emacs"), "'emacs' is not one of", status=2)


def test_validate_names_every_fault_and_escapes_what_it_prints(invoke, tmp_path):
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "SKILL.md").write_text(
        "---\nname: b\x1b[31m\nversion: 1\n---\nbody\n", "utf-8"
    )

    result = invoke("skill", "validate", "bad")
    printed = json.loads(invoke("skill", "validate", "bad", "--json").stdout)

    assert result.exit_code == 1
    assert "Error: bad: description: is missing" in result.stderr
    assert "Error: bad: version: is no field of a skill" in result.stderr
    assert "\x1b" not in result.output
    assert printed["valid"] is False
    assert {fault["where"] for fault in printed["faults"]} == {"name", "description", "version"}


def test_validate_of_nothing_is_one_sentence(invoke, refused):
    refused(invoke("skill", "validate", "absent"), "expected a folder that holds a SKILL.md")


def test_a_name_that_cannot_be_shown_is_bad_usage(invoke, refused):
    refused(invoke("skill", "export", "a\udcff"), r"'a\udcff' is not UTF-8", status=2)


def test_help_keeps_the_two_kinds_of_skills_apart(invoke):
    assert "plurigrid-ff skills" in invoke("skill", "--help").output
    assert "plurigrid-ff skill " in invoke("skills", "--help").output
