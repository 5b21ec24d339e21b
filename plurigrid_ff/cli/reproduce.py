"""``plurigrid-ff reproduce``."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import (
    EXIT_INTERRUPTED,
    EXIT_REFUSED,
    clean_errors,
    fail,
    json_option,
    print_json,
    print_table,
)
from plurigrid_ff.cli.settings import assign, set_option
from plurigrid_ff.text import printable

if TYPE_CHECKING:
    from plurigrid_ff.reproduction import Figure, Reproduction
    from plurigrid_ff.runs import Watcher


@click.command("reproduce")
@click.argument("name")
@click.option(
    "--seeds", default=3, show_default=True, type=click.IntRange(min=1), help="How many to train."
)
@set_option
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of the runs.  [default: runs/NAME]"
)
@json_option
@click.pass_obj
def command(
    options: Options,
    /,
    name: str,
    seeds: int,
    assignments: tuple[str, ...],
    out: Path | None,
    as_json: bool,
) -> None:
    """Train the recipe called NAME on several seeds, beside backprop and what was published.

    Each seed is a run folder below --out; the same command again trains what is missing.

    \b
    Example:
      plurigrid-ff reproduce digits-projection --seeds 5
    """
    with clean_errors(as_json):
        from plurigrid_ff.host.triad import parse_run
        from plurigrid_ff.recipes import find_recipe

        recipe = find_recipe(name)
        values = recipe.values
        assign(values, assignments)
        config = parse_run(values, where=name)
        out = out or Path("runs") / recipe.head.name

        from plurigrid_ff.reproduction import reproduce  # torch loads in there

        first = config.seed

        @contextmanager
        def watch(seed: int, folder: Path) -> Iterator["Watcher"]:
            from plurigrid_ff.cli.watching import watching
            from plurigrid_ff.host.folder import RunFolder

            if not as_json:
                done = ": trained already" if RunFolder(folder).is_complete else ""
                click.echo(f"seed {seed} ({seed - first + 1} of {seeds}){done}")
            with watching(quiet=as_json) as watcher:
                yield watcher

        try:
            found = reproduce(
                recipe,
                out,
                config=config,
                seeds=seeds,
                host=options.host,
                watch=watch,
                on_seed=lambda result: (
                    None
                    if as_json
                    else click.echo(
                        f"test accuracy {result.test_accuracy:.2%}, backprop "
                        f"{result.rival_accuracy:.2%}"
                    )
                ),
            )
        except KeyboardInterrupt:
            message = f"interrupted; nothing is lost: the same command goes on ({out})"
            fail("Interrupted", message, as_json=as_json, status=EXIT_INTERRUPTED)
        if as_json:
            print_json(found.model_dump(mode="json"))
        else:
            print_reproduction(found, out)
        if any(run.verdict not in (None, "passed") for run in found.runs):
            sys.exit(EXIT_REFUSED)


def print_reproduction(found: "Reproduction", out: Path) -> None:
    """Print what was reached beside its rival, what was recorded and what was published."""
    from plurigrid_ff.reproduction import REPRODUCTION_FILE

    rows = [
        ("reached now", *_cells(found.reached), found.recipe),
        ("backprop, same shape", *_cells(found.rival), "same splits, batches and step sizes"),
    ]
    if found.untrained is not None:
        rows.append(("untrained layers", *_cells(found.untrained), "the same read-out on them"))
    if found.recorded is not None:
        spread, seeds = found.recorded.spread, str(found.recorded.seeds)
        accuracy = _accuracy(found.recorded.accuracy, spread)
        rows.append(("recorded before", accuracy, "", seeds, found.recorded.results))
    if found.published is not None:
        accuracy = _accuracy(found.published.accuracy, None)
        rows.append(("published", accuracy, "", "", found.published.on))
    else:
        rows.append(("published", "none recorded", "", "", ""))
    click.echo()
    print_table(("figure", "test accuracy", "lowest", "seeds", "of"), rows)
    click.echo(printable(f"source   {found.paper}, {found.source}"))
    if found.changed:
        keys = ", ".join(found.changed)
        click.echo(f"changed  {keys}: not the recipe's, so compare with backprop only")
    click.echo(f"figures  {out / REPRODUCTION_FILE}")


def _cells(figure: "Figure") -> tuple[str, str, str]:
    """Accuracy, lowest and number of seeds."""
    accuracy = _accuracy(figure.accuracy, figure.spread)
    return accuracy, f"{figure.lowest:.2%}", str(figure.seeds)


def _accuracy(accuracy: float, spread: float | None) -> str:
    """Mean and standard deviation, where there is one."""
    return f"{accuracy:.2%}" + ("" if spread is None else f" ± {spread:.2%}")
