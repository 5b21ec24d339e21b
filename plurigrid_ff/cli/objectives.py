"""``plurigrid-ff objectives``."""

from typing import TYPE_CHECKING

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import clean_errors, json_option, print_json, print_table
from plurigrid_ff.text import printable

if TYPE_CHECKING:
    from plurigrid_ff.results import ObjectiveCard


@click.command("objectives")
@click.argument("name", required=False)
@json_option
@click.pass_obj
def command(options: Options, /, name: str | None, as_json: bool) -> None:
    """List local objectives, or describe the one called NAME with its options.

    \b
    Example:
      plurigrid-ff objectives symba
    """
    with clean_errors(as_json):
        from plurigrid_ff.learning.catalogue import describe_objective, list_objectives
        from plurigrid_ff.run_settings import join_plugins

        join_plugins(options.host)
        if name is not None:
            card = describe_objective(name)
            print_json(card.model_dump(mode="json")) if as_json else describe(card)
            return
        cards = list_objectives()
        if as_json:
            print_json([card.model_dump(mode="json") for card in cards])
            return
        rows = [
            (
                card.name,
                card.contrast,
                card.passes,
                ", ".join(card.negatives),
                ", ".join(f"{option.name}={option.default}" for option in card.options),
                card.error or card.reference.partition(")")[0] + ")",
            )
            for card in cards
        ]
        columns = ("objective", "tells apart", "passes to predict", "negatives", "options")
        print_table((*columns, "reference"), rows)
        click.echo("plurigrid-ff objectives NAME describes one, with its options.")


def describe(card: "ObjectiveCard") -> None:
    """Print one objective for people."""
    click.echo(printable(f"{card.name}: {card.summary}\n"))
    click.echo(printable(f"tells apart        {card.contrast}"))
    click.echo(printable(f"passes to predict  {card.passes}"))
    click.echo(printable(f"negatives          {', '.join(card.negatives)} (the first by default)"))
    click.echo(printable(f"from               {card.provider}"))
    click.echo(printable(f"reference          {card.reference}\n"))
    rows = [(option.name, str(option.default), option.description) for option in card.options]
    if rows:
        print_table(("network.options", "default", "what it is"), rows)
