"""``plurigrid-ff train``."""

from pathlib import Path
from typing import Any

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import (
    EXIT_INTERRUPTED,
    clean_errors,
    fail,
    json_option,
)
from plurigrid_ff.cli.settings import Destination, gather, run_options


@click.command("train")
@click.argument("run_file", required=False, type=click.Path(path_type=Path))
@click.option("--recipe", help="Start from a recipe's settings: `plurigrid-ff recipes list`.")
@click.option("--triad", help="A triad's name or file; without one nothing can say no.")
@run_options
@json_option
@click.pass_obj
def command(
    options: Options,
    /,
    run_file: Path | None,
    recipe: str | None,
    triad: str | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Train the network that RUN_FILE describes, and write a run folder.

    Without RUN_FILE or --recipe the defaults are used; options override what either says.

    \b
    Example:
      plurigrid-ff train --data digits --hidden 200,200 --epochs 30 --out runs/digits
    """
    if run_file is not None and recipe is not None:
        raise click.UsageError(
            f"RUN_FILE {str(run_file)!r} and --recipe {recipe!r} both say what to train; give one"
        )
    with clean_errors(as_json):
        extra = {"triad": triad} if triad else {}
        train(options, run_file, extra, as_json, settings, recipe=recipe)


def train(
    options: Options,
    run_file: Path | None,
    extra: dict[str, Any],
    as_json: bool,
    settings: dict[str, Any],
    *,
    recipe: str | None = None,
) -> None:
    """Gather settings, run, print the outcome, and exit with its status."""
    from plurigrid_ff.host.triad import parse_run
    from plurigrid_ff.recipes import find_recipe

    to = Destination.take(settings)
    values = gather(
        run_file,
        to.out,
        resume=to.resume,
        assignments=to.assignments,
        options=settings,
        recipe=find_recipe(recipe).values if recipe is not None else None,
    )
    config = parse_run(values | extra, where=str(run_file or recipe or "settings"))

    from plurigrid_ff import runs  # torch loads in there, not for --help
    from plurigrid_ff.callbacks import joined
    from plurigrid_ff.cli.watching import tell_outcome, watching

    writers = to.writers()
    try:
        with watching(quiet=as_json) as watcher:
            report = runs.train(
                config,
                to.out,
                host=options.host,
                resume=to.resume,
                overwrite=to.overwrite,
                watcher=joined(watcher, *writers),
            )
    except KeyboardInterrupt:
        message = f"interrupted; nothing is lost: the same command with --resume goes on ({to.out})"
        fail("Interrupted", message, as_json=as_json, status=EXIT_INTERRUPTED)
    tell_outcome(report, to.out, as_json=as_json)
