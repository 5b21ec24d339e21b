"""Recipes: run files with a name, a source, and what was reached with them.

A recipe is one TOML file: a run file, complete or partial, and a table ``[recipe]``.
Those in this folder are shipped; a file of one's own is given by its path.
"""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any, Self

from pydantic import Field, model_validator

from plurigrid_ff.config import SKILL_NAME, RunConfig, Settings, read_toml
from plurigrid_ff.errors import ConfigError, unknown_name
from plurigrid_ff.files import read_text
from plurigrid_ff.host.triad import parse_run

__all__ = ["Head", "Published", "Reached", "Recipe", "RecipeCard", "find_recipe", "shipped_recipes"]

HEAD = "recipe"


class Published(Settings):
    """What the source says it reached. It may be of another network: ``on`` says so."""

    accuracy: float = Field(gt=0, le=1, description="Share of test samples.")
    on: str = Field(min_length=1, description="Data set and network it was measured on.")


class Reached(Settings):
    """What this project measured with the recipe's settings."""

    accuracy: float = Field(gt=0, le=1, description="Mean share of test samples over seeds.")
    spread: float | None = Field(
        None, ge=0, description="Standard deviation over seeds; none for a single seed."
    )
    seeds: int = Field(ge=1, description="Number of seeds, 0 onwards.")
    results: str = Field(min_length=1, description="File in the repository that has every run.")


class Head(Settings):
    """The table ``[recipe]``: what the rest of the file is for."""

    name: str = Field(pattern=SKILL_NAME, max_length=64)
    summary: str = Field(min_length=1, max_length=200)
    paper: str = Field(min_length=1, description="Authors, year and title of the source.")
    arxiv: str | None = Field(
        None, pattern=r"^\d{4}\.\d{4,5}$", description="Its arXiv identifier, if it has one."
    )
    link: str | None = Field(
        None, pattern=r"^https://\S+$", max_length=200, description="Its page, where it has none."
    )
    published: Published | None = None
    reached: Reached | None = None

    @property
    def page(self) -> str:
        """Page of the source."""
        return self.link or f"https://arxiv.org/abs/{self.arxiv}"

    @model_validator(mode="after")
    def _require_a_page(self) -> Self:
        """Require one way to the source."""
        if (self.arxiv is None) == (self.link is None):
            raise ValueError("expected the source's arxiv or its link, one of them")
        return self


class RecipeCard(Head):
    """A recipe as programs see it: its head, and the settings that its file names."""

    url: str = Field(description="Page of the source.")
    run: dict[str, Any] = Field(description="What a run file says; all else has its default.")


class Recipe(Settings):
    """One recipe, parsed.

    Attributes:
        head: What it is for.
        run: Its settings; what the file leaves open has its default.
        text: The file itself.
    """

    head: Head
    run: RunConfig
    text: str

    @property
    def values(self) -> dict[str, Any]:
        """The settings that the file names, and no others, as a run file has them."""
        return self.run.model_dump(mode="json", exclude_unset=True)

    @property
    def card(self) -> RecipeCard:
        """What it says of itself."""
        return RecipeCard(
            **self.head.model_dump(),
            url=self.head.page,
            run=self.values,
        )


def shipped_recipes() -> dict[str, Recipe]:
    """Read the recipes that come with the package, by name."""
    return {name: find_recipe(name) for name in _shipped()}


def find_recipe(reference: str) -> Recipe:
    """Look a recipe up by the name of a shipped one, or read it from a file.

    Raises:
        UnknownNameError: No shipped recipe has that name, and it is no file.
        ConfigError: The file is not a recipe.
    """
    shipped = _shipped()
    if reference in shipped:
        text = shipped[reference].read_text("utf-8")
        return _parse(tomllib.loads(text), text, where=f"{reference}.toml")
    path = Path(reference)
    if path.suffix != ".toml" and not path.is_file():
        raise unknown_name("recipe", reference, shipped)
    return _parse(read_toml(path), read_text(path), where=str(path))


def _shipped() -> dict[str, Any]:
    """Name the files in this folder without reading them."""
    resources = sorted(files(__name__).iterdir(), key=lambda item: item.name)
    return {
        item.name.removesuffix(".toml"): item for item in resources if item.name.endswith(".toml")
    }


def _parse(values: dict[str, Any], text: str, *, where: str) -> Recipe:
    """Take the head off and validate both parts.

    Raises:
        ConfigError: No head, or a key that is unknown, missing or out of range.
        UnknownNameError: It names a triad that is not there.
    """
    head = values.pop(HEAD, None)
    if not isinstance(head, dict):
        raise ConfigError(
            f"{where}: no table [{HEAD}], so it is no recipe; a plain run file goes to "
            f"`plurigrid-ff train {where}`"
        )
    return Recipe(
        head=Head.parse(head, where=f"{where}: {HEAD}"),
        run=parse_run(values, where=where),
        text=text,
    )
