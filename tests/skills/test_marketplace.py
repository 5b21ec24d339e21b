"""The marketplace and its plugin, in the one layout that several installers accept."""

import json
import tomllib
from pathlib import Path

from plurigrid_ff import __version__

ROOT = Path(__file__).resolve().parents[2]
MARKETPLACE = json.loads((ROOT / ".claude-plugin" / "marketplace.json").read_text("utf-8"))
PLUGIN = json.loads((ROOT / ".claude-plugin" / "plugin.json").read_text("utf-8"))


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
    assert set(PLUGIN) == {"name", "version", "description", "author", "license", "keywords"}


def test_components_stand_in_one_place_only():
    # With components in the entry as well, an installer finds two manifests and loads neither.
    assert not {"skills", "mcpServers", "strict"} & set(MARKETPLACE["plugins"][0])


def test_the_plugin_has_the_projects_licence():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]

    assert PLUGIN["license"] == project["license"]
    assert set(PLUGIN["keywords"]) <= set(project["keywords"])
