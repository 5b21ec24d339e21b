"""The page on societies says what is so."""

import re
import tomllib
from pathlib import Path

from plurigrid_ff.config import SocietyConfig
from plurigrid_ff.host.graphs import FAMILIES

PAGE = (Path(__file__).parents[1] / "docs" / "societies.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_settings_on_the_page_are_all_there_are():
    (text,) = blocks("toml")
    table = tomllib.loads(text)["society"]

    SocietyConfig.parse(table, where="docs/societies.md")
    for name, field in SocietyConfig.model_fields.items():
        assert name in table
        assert re.search(rf"\| `{name}` \| `?{field.default}`? \|", PAGE)


def test_the_page_has_every_family_of_graphs():
    for family in FAMILIES.values():
        assert f"`{family.example}`" in PAGE
