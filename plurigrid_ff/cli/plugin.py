"""``plurigrid-ff plugin``."""

from pathlib import Path
from typing import cast

import click

from plurigrid_ff.cli.output import clean_errors, json_option, print_json
from plurigrid_ff.scaffold import KINDS, Kind, write_plugin
from plurigrid_ff.text import printable


@click.group("plugin")
def command() -> None:
    """Start a plugin of your own.

    `plurigrid-ff plugins` lists those that are installed.

    \b
    Example:
      plurigrid-ff plugin new margin-watch
    """


@command.command("new")
@click.argument("name")
@click.option(
    "--role",
    default="validator",
    show_default=True,
    type=click.Choice(KINDS),
    help="What the plugin offers: a skill of this role, or an objective.",
)
@click.option(
    "--out",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Folder to make; plurigrid_ff_NAME here if not given.",
)
@json_option
def new(name: str, role: str, out: Path | None, as_json: bool) -> None:
    """Write a plugin that offers NAME, with tests that pass. Change it from there.

    NAME is what triads and run files will call the skill or objective: lower-case words
    joined by hyphens.

    \b
    Example:
      plurigrid-ff plugin new margin-watch
      python -m pytest plurigrid_ff_margin_watch
    """
    with clean_errors(as_json):
        written = write_plugin(name, cast(Kind, role), out)
        if as_json:
            print_json(written.model_dump(mode="json"))
            return
        lines = [f"{written.folder}:", *(f"  {file}" for file in written.files)]
        lines += ["Next:", f"  python -m pytest {written.folder}"]
        lines += [f"  pip install -e {written.folder}"]
        click.echo(printable("\n".join(lines)))
