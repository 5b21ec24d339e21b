"""``plurigrid-ff train``."""

import sys
from pathlib import Path
from typing import Any

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import (
    EXIT_INTERRUPTED,
    EXIT_REFUSED,
    clean_errors,
    fail,
    json_option,
    print_json,
)
from plurigrid_ff.cli.settings import gather, parse_run, run_options


@click.command("train")
@click.argument("run_file", required=False, type=click.Path(path_type=Path))
@click.option("--triad", help="A triad's name or file; without one nothing can say no.")
@run_options
@json_option
@click.pass_obj
def command(
    options: Options,
    /,
    run_file: Path | None,
    triad: str | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Train the network that RUN_FILE describes, and write a run folder.

    Without RUN_FILE the defaults are used; options override what the file says.

    \b
    Example:
      plurigrid-ff train --data digits --hidden 200,200 --epochs 30 --out runs/digits
    """
    with clean_errors(as_json):
        train(options, run_file, {"triad": triad} if triad else {}, as_json, settings)


def train(
    options: Options,
    run_file: Path | None,
    extra: dict[str, Any],
    as_json: bool,
    settings: dict[str, Any],
) -> None:
    """Gather settings, run, print the outcome, and exit with its status."""
    out: Path = settings.pop("out")
    resume: bool = settings.pop("resume")
    overwrite: bool = settings.pop("overwrite")
    assignments: tuple[str, ...] = settings.pop("assignments")
    values = gather(run_file, out, resume=resume, assignments=assignments, options=settings)
    config = parse_run(values | extra, where=str(run_file or "settings"))

    from plurigrid_ff import runs  # torch loads in there, not for --help
    from plurigrid_ff.cli.watching import print_outcome, watching

    try:
        with watching(quiet=as_json) as watcher:
            report = runs.train(
                config,
                out,
                host=options.host,
                resume=resume,
                overwrite=overwrite,
                watcher=watcher,
            )
    except KeyboardInterrupt:
        message = f"interrupted; nothing is lost: the same command with --resume goes on ({out})"
        fail("Interrupted", message, as_json=as_json, status=EXIT_INTERRUPTED)
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        print_outcome(report, out)
    if report.verdict is not None and not report.verdict.passed:
        sys.exit(EXIT_REFUSED)
