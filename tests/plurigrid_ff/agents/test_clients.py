from pathlib import Path

import pytest

from plurigrid_ff.agents.clients import CLIENTS, client_folder

PLACES = {
    "claude": "home/.claude/skills",
    "codex": "home/.agents/skills",
    "cursor": "home/.cursor/skills",
    "gemini": "home/.gemini/skills",
    "project": "project/.agents/skills",
}


def test_every_client_has_a_place_here():
    assert set(PLACES) == set(CLIENTS)


@pytest.mark.parametrize("client", PLACES)
def test_a_client_looks_in_its_documented_folder(client, tmp_path, monkeypatch):
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.delenv("CLAUDE_CONFIG_DIR", raising=False)

    root, skills = client_folder(client)

    assert skills == tmp_path / PLACES[client]
    assert root in skills.parents


def test_claude_may_be_configured_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path))

    assert client_folder("claude") == (tmp_path, tmp_path / "skills")
