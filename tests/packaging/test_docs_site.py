"""The site of the documentation: complete, a mirror of the repository, and offline.

``make docs`` builds it, with broken links as errors; here is what that cannot see.
"""

import importlib
import importlib.util
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml
from mkdocs.exceptions import PluginError

import plurigrid_ff

ROOT = Path(__file__).resolve().parents[2]
SPEC = importlib.util.spec_from_file_location("docs_site", ROOT / "tools" / "docs_site.py")
site = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(site)


class Loader(yaml.SafeLoader):
    """Reads mkdocs.yml without building what its tags name."""


Loader.add_multi_constructor("tag:yaml.org,2002:python/", lambda *_: None)


@pytest.fixture
def settings():
    return yaml.load((ROOT / "mkdocs.yml").read_text("utf-8"), Loader)


def test_anything_broken_fails_the_build(settings):
    checks = [*settings["validation"]["links"].values(), *settings["validation"]["nav"].values()]

    assert settings["strict"]
    assert set(checks) == {"warn"}
    assert len(checks) == 7


def test_every_page_of_docs_is_in_the_navigation_once(settings, tmp_path, monkeypatch):
    (tmp_path / "docs").mkdir()
    for page in (ROOT / "docs").glob("*.md"):
        (tmp_path / "docs" / page.name).touch()
    (tmp_path / "docs" / "brand-new.md").touch()
    monkeypatch.setattr(site, "reference", dict)
    monkeypatch.setattr(site, "ROOT", tmp_path)

    nav = site.on_config(SimpleNamespace(nav=settings["nav"])).nav

    named = [name for name in site.leaves(nav) if name.startswith("docs/")]
    assert sorted(named) == sorted(f"docs/{page.name}" for page in (tmp_path / "docs").iterdir())
    assert "docs/brand-new.md" in site.group(nav, "Guides")


def test_the_reference_has_every_public_name():
    text = "\n".join(site.reference().values())

    described = set(re.findall(r"^::: ([\w.]+)$", text, re.MULTILINE))
    for name in plurigrid_ff.__all__:
        home = f"plurigrid_ff.{plurigrid_ff._HOMES[name]}"
        assert {home, f"{home}.{name}"} & described, name
        assert f"[`{name}`][{home}.{name}]" in site.reference_index()
    testing = importlib.import_module("plurigrid_ff.testing")
    assert {f"plurigrid_ff.testing.{name}" for name in testing.__all__} <= described


def test_files_that_a_page_links_to_come_along():
    files = site.linked_files(ROOT / "docs" / "locality.md")

    assert "tests/plurigrid_ff/learning/test_locality.py" in files
    assert "docs/layers.md" in files


def test_a_link_to_a_folder_becomes_its_text():
    page = SimpleNamespace(file=SimpleNamespace(src_uri="benchmarks/RESULTS.md"))

    text = site.on_page_markdown("[here](results/recipes), [it](../README.md#limits)", page=page)

    assert text == "here, [it](../README.md#limits)"


def test_roles_of_docstrings_are_shown_as_code():
    html = site.on_page_content("see :class:<code>~plurigrid_ff.learning.layers.FFLayer</code>")

    assert html == "see <code>FFLayer</code>"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("page.html", '<script src="https://cdn.example/x.js"></script>'),
        ("page.html", '<link rel="stylesheet" href="//fonts.example/css">'),
        ("style.css", "a { background: url('https://cdn.example/x.png') }"),
    ],
)
def test_a_page_that_loads_anything_from_elsewhere_fails_the_build(name, text, tmp_path):
    (tmp_path / name).write_text(text)

    with pytest.raises(PluginError, match="works offline, but it loads"):
        site.on_post_build(SimpleNamespace(site_dir=tmp_path))


def test_a_link_to_follow_is_no_load(tmp_path):
    (tmp_path / "page.html").write_text('<a href="https://arxiv.org">x</a><img src="a.svg">')

    site.on_post_build(SimpleNamespace(site_dir=tmp_path))
