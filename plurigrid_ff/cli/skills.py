"""``plurigrid-ff skills``."""

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import clean_errors, json_option, print_json, print_table
from plurigrid_ff.gf3 import format_trit


@click.command("skills")
@json_option
@click.pass_obj
def command(options: Options, as_json: bool) -> None:
    """List the ten skills of the field and any other that is installed.

    These make up triads. `plurigrid-ff skill install` is for coding agents.

    \b
    Example:
      plurigrid-ff skills --json
    """
    from plurigrid_ff.host.listing import list_skills

    with clean_errors(as_json):
        listed = list_skills(options.host.registry)
        if as_json:
            print_json([item.model_dump(mode="json") for item in listed])
            return
        rows = [
            (item.name, item.role, format_trit(item.trit), item.state, item.summary)
            for item in listed
        ]
        print_table(("skill", "role", "trit", "state", "what it does"), rows)
