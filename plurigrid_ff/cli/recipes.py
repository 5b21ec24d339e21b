"""``plurigrid-ff recipes``."""

from typing import TYPE_CHECKING

import click

from plurigrid_ff.cli.output import clean_errors, json_option, print_json, print_table
from plurigrid_ff.text import printable

if TYPE_CHECKING:
    from plurigrid_ff.recipes import Reached


@click.group("recipes")
def command() -> None:
    """List and show recipes: settings with a source, and what they reached.

    \b
    Example:
      plurigrid-ff recipes show mnist-projection
    """


@command.command("list")
@json_option
def list_recipes(as_json: bool) -> None:
    """List the shipped recipes: what each reached here, and what its source published.

    \b
    Example:
      plurigrid-ff recipes list --json
    """
    with clean_errors(as_json):
        from plurigrid_ff.recipes import shipped_recipes

        recipes = shipped_recipes().values()
        if as_json:
            print_json([recipe.card.model_dump(mode="json") for recipe in recipes])
            return
        rows = [
            (
                recipe.head.name,
                format_reached(recipe.head.reached),
                f"{recipe.head.published.accuracy:.2%}" if recipe.head.published else "",
                recipe.head.summary,
            )
            for recipe in recipes
        ]
        print_table(("recipe", "reached here", "published", "what it trains"), rows)
        click.echo("plurigrid-ff train --recipe NAME trains one.")
        click.echo("Published figures may be of other networks: `plurigrid-ff recipes show NAME`.")


@command.command("show")
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """Print the recipe called NAME: its file, and where its source is found.

    What is printed is a recipe again: save it, change it, and give its path for NAME.

    \b
    Example:
      plurigrid-ff recipes show mnist-projection
    """
    with clean_errors(as_json):
        from plurigrid_ff.recipes import find_recipe

        recipe = find_recipe(name)
        if as_json:
            print_json({**recipe.card.model_dump(mode="json"), "toml": recipe.text})
            return
        click.echo(printable(f"# source: {recipe.head.paper}, {recipe.card.url}\n"))
        click.echo(printable(recipe.text.rstrip("\n")))


def format_reached(reached: "Reached | None") -> str:
    """Say what was measured here, and on how many seeds."""
    if reached is None:
        return ""
    spread = "" if reached.spread is None else f" ± {reached.spread:.2%}"
    seeds = f"{reached.seeds} seed" + ("s" if reached.seeds > 1 else "")
    return f"{reached.accuracy:.2%}{spread}, {seeds}"
