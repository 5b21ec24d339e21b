"""``plurigrid-ff triads run A then B``: triads in turn."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import (
    EXIT_INTERRUPTED,
    EXIT_REFUSED,
    fail,
    print_json,
    print_table,
)
from plurigrid_ff.cli.settings import Destination, gather
from plurigrid_ff.gf3 import format_trit
from plurigrid_ff.text import printable

if TYPE_CHECKING:
    from plurigrid_ff.config import Triad
    from plurigrid_ff.runs import Watcher
    from plurigrid_ff.sequence_results import SequenceReport

NOTHING = "-"


def train_sequence(
    options: Options,
    run_file: Path | None,
    turns: "Sequence[Triad]",
    as_json: bool,
    settings: dict[str, Any],
) -> None:
    """Gather settings, run the triads, print the outcome, and exit with its status."""
    from plurigrid_ff.host.triad import parse_run

    to = Destination.take(settings)
    for name in ("metrics", "tensorboard"):
        if getattr(to, name):
            raise click.UsageError(
                f"--{name}: is of one run, and a sequence has several; every stage's rounds.jsonl "
                "has the numbers"
            )
    values = gather(run_file, to.out, resume=False, assignments=to.assignments, options=settings)
    config = parse_run(values, where=str(run_file or "settings"))

    from plurigrid_ff.sequences import run_sequence  # torch loads in there, not for --help

    @contextmanager
    def on_stage(place: int, triad: "Triad") -> "Iterator[Watcher]":
        from plurigrid_ff.cli.watching import watching

        if not as_json:
            click.echo(printable(f"triad {place} of {len(turns)}: {triad.name}"))
        with watching(quiet=as_json) as watcher:
            yield watcher

    try:
        report = run_sequence(
            config,
            turns,
            to.out,
            host=options.host,
            resume=to.resume,
            overwrite=to.overwrite,
            on_stage=on_stage,
        )
    except KeyboardInterrupt:
        message = f"interrupted; nothing is lost: the same command with --resume goes on ({to.out})"
        fail("Interrupted", message, as_json=as_json, status=EXIT_INTERRUPTED)
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        _print(report, to.out)
    if not report.passed:
        sys.exit(EXIT_REFUSED)


def _print(report: "SequenceReport", out: Path) -> None:
    """Print a row per triad, the sum that is conserved, and where the report lies."""
    rows = [
        (
            stage.folder,
            stage.name,
            format_trit(stage.trit_sum),
            NOTHING if stage.test_accuracy is None else f"{stage.test_accuracy:.2%}",
            stage.outcome or NOTHING,
        )
        for stage in report.stages
    ]
    print_table(("folder", "triad", "sum", "test accuracy", "verdict"), rows)
    terms = " + ".join(f"({format_trit(s.trit_sum)} {s.name})" for s in report.stages)
    click.echo(printable(f"{terms} = {format_trit(report.trit_sum)} in GF(3)"))
    last = report.stages[-1]
    if report.stopped:
        left = report.planned - len(report.stages)
        click.echo(printable(f"stopped       {left} of {report.planned} triads did not begin"))
    click.echo(printable(f"verdict       {last.outcome}: {last.reason}"))
    click.echo(f"report        {out / 'report.html'}")
