"""``plurigrid-ff replay``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import EXIT_REFUSED, clean_errors, console, json_option, print_json
from plurigrid_ff.text import printable

if TYPE_CHECKING:
    from plurigrid_ff.replay import ReplayReport


@click.command("replay")
@click.argument("run_folder", type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def command(options: Options, /, run_folder: Path, as_json: bool) -> None:
    """Derive the run of RUN_FOLDER again and compare every step. Exit 3 if one differs.

    Settings, log and networks are compared; the folder is not touched. Bits are promised to be
    the same on one machine with one torch version and thread count, draws everywhere.

    \b
    Example:
      plurigrid-ff replay runs/digits
    """
    with clean_errors(as_json):
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        from plurigrid_ff.replay import replay

        bar = Progress(
            TextColumn("replaying"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeRemainingColumn(),
            console=console(),
            transient=True,
            disable=as_json or not sys.stdout.isatty(),
        )
        with bar:
            task = bar.add_task("replay", total=1.0)
            report = replay(
                run_folder,
                host=options.host,
                on_progress=lambda share: bar.update(task, completed=share),
            )
        if as_json:
            print_json(report.model_dump(mode="json"))
        else:
            _print(report)
    if not report.identical:
        sys.exit(EXIT_REFUSED)


def _print(report: "ReplayReport") -> None:
    """Print a report for people."""
    if report.identical:
        click.echo(f"identical: {report.entries} log entries and every weight")
    elif report.difference is not None:
        place = [f"round {report.difference.round}"] if report.difference.round else []
        place += [report.difference.role] if report.difference.role else []
        where = f"{', '.join(place)}: " if place else ""
        click.echo(printable(f"differs: {where}{report.difference.what}"))
        click.echo(f"the {report.entries} entries before are the same")
    for change in report.environment:
        click.echo(printable(f"changed since: {change}"))
    if report.environment and not report.identical:
        click.echo("bits are promised on the same machine, torch version and thread count only")
