"""``plurigrid-ff plugins``."""

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import clean_errors, json_option, print_json, print_table


@click.command("plugins")
@json_option
@click.pass_obj
def command(options: Options, as_json: bool) -> None:
    """List plugins: where each comes from, what it offers, and why it did not load.

    Set PLURIGRID_FF_PLUGINS to a comma-separated list of names to load only those; a minus
    before a name leaves that one out. To write one of your own, see `plurigrid-ff plugin new`.

    \b
    Example:
      plurigrid-ff plugins --json
      PLURIGRID_FF_PLUGINS=-open-games plurigrid-ff --trace-hooks plugins
    """
    from plurigrid_ff.host.hook_versions import HOOKS_VERSION

    with clean_errors(as_json):
        records = options.host.plugins
        if as_json:
            print_json([record.model_dump(mode="json") for record in records])
            return
        rows = [
            (
                record.name,
                f"{record.distribution or '?'} {record.version or ''}".strip(),
                record.status,
                ", ".join(
                    (
                        *record.skills,
                        *record.objectives,
                        *record.blocks,
                        *record.commands,
                        *record.tools,
                        *record.answers,
                    )
                ),
                record.error or "",
            )
            for record in records
        ]
        print_table(("plugin", "distribution", "status", "offers", "error"), rows)
        click.echo(f"version of the hooks: {HOOKS_VERSION}")
