"""The marketplace and its plugin, in the one layout that several installers accept."""

import json
import tomllib
from pathlib import Path

from plurigrid_ff import __version__

ROOT = Path(__file__).resolve().parents[2]
MARKETPLACE = json.loads((ROOT / ".claude-plugin" / "marketplace.json").read_text("utf-8"))
PLUGIN = json.loads((ROOT / ".claude-plugin" / "plugin.json").read_text("utf-8"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def test_the_plugin_has_the_librarys_version_and_no_other_place_says_one():
    assert PLUGIN["version"] == __version__
    assert all("version" not in entry for entry in MARKETPLACE["plugins"])


def test_the_marketplace_offers_the_plugin_at_the_root_of_the_repository():
    (entry,) = MARKETPLACE["plugins"]

    assert entry["name"] == PLUGIN["name"] == "plurigrid-ff"
    assert entry["source"] == "./"
    assert (ROOT / "skills" / "forward-forward-learning" / "SKILL.md").is_file()


def test_installers_that_refuse_unknown_fields_find_none():
    assert set(MARKETPLACE) == {"name", "owner", "description", "plugins"}
    assert set(MARKETPLACE["plugins"][0]) == {"name", "source", "description", "category"}
    text = {"name", "version", "description", "author", "license", "keywords"}
    assert set(PLUGIN) == text | {"mcpServers"}


def test_components_stand_in_one_place_only():
    # With components in the entry as well, an installer finds two manifests and loads neither.
    assert not {"skills", "mcpServers", "strict"} & set(MARKETPLACE["plugins"][0])


def test_the_server_is_started_from_the_plugin_by_a_command_that_it_has():
    (server,) = PLUGIN["mcpServers"].values()
    program, _, extra, command = server["command"], *server["args"]

    assert program == "uvx"
    assert extra == "${CLAUDE_PLUGIN_ROOT}[mcp]"
    assert "mcp" in PROJECT["optional-dependencies"]
    assert PROJECT["scripts"][command] == "plurigrid_ff.mcp_server.command:main"


def test_the_plugin_has_the_projects_licence():
    assert PLUGIN["license"] == PROJECT["license"]
    assert set(PLUGIN["keywords"]) <= set(PROJECT["keywords"])
