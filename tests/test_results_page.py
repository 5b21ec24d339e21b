"""The page of results is what the stored results say."""

import importlib.util
from pathlib import Path

import pytest

from plurigrid_ff.recipes import shipped_recipes

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("results_page", ROOT / "tools/results_page.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_is_up_to_date(tool):
    assert tool.main(["--check"]) == 0


def test_every_recipe_is_on_the_page(tool):
    page = tool.PAGE.read_text("utf-8")

    assert all(f"`{name}`" in page for name in shipped_recipes())


def test_a_result_is_taken_in_with_its_figures(tool, tmp_path, monkeypatch):
    found = next(iter(tool.found_results().values()))
    recipes = tmp_path / "recipes"
    recipes.mkdir()
    recipe = tool.RECIPES / f"{found.recipe}.toml"
    (recipes / recipe.name).write_text(recipe.read_text("utf-8").replace("accuracy", "old"))
    monkeypatch.setattr(tool, "RECIPES", recipes)
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    monkeypatch.setattr(tool, "RESULTS", tmp_path / "benchmarks" / "results" / "recipes")

    tool.take_in(found.model_copy(update={"changed": ()}))

    text = (recipes / recipe.name).read_text("utf-8")
    assert text.count("[recipe.reached]") == 1
    assert f"accuracy = {found.reached.accuracy:.4f}" in text
    assert f'results = "benchmarks/results/recipes/{found.recipe}.json"' in text


def test_what_is_below_its_source_is_said(tool):
    found = next(f for f in tool.found_results().values() if not f.changed)
    below = found.reached.model_copy(update={"accuracy": 0.5})
    page = tool.render(
        shipped_recipes(), {found.recipe: found.model_copy(update={"reached": below})}
    )

    assert f"- `{found.recipe}`: " in page.partition("## What falls short")[2]
