"""What ``plurigrid-ff world`` says: a bar, the columns of a record, a report."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plurigrid_ff.cli.output import console, print_json

if TYPE_CHECKING:
    from plurigrid_ff_jaxlife_open_ended.records import Openness, Record, Report

Advance = Callable[[int], None]


@contextmanager
def watched(steps: int, *, quiet: bool) -> "Iterator[tuple[Callable[[Record], None], Advance]]":
    """Show a bar with what the last record said."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.fields[told]}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    shown = not quiet and sys.stdout.isatty()
    with Progress(*columns, console=console(), transient=True, disable=not shown) as bar:
        task = bar.add_task("steps", total=steps, told="world")

        def watch(record: "Record") -> None:
            bar.update(task, told=f"{record.alive} agents, {_per_step(record)} food per agent-step")

        yield watch, lambda step: bar.update(task, completed=step)


def tell(report: "Report", folder: Path, as_json: bool) -> None:
    """Print a report."""
    if as_json:
        print_json({"folder": str(folder), **report.model_dump(mode="json")})
        return
    if report.extinct:
        click.echo(f"extinct     after {report.steps} steps: nobody lives")
    else:
        click.echo(
            f"alive       {report.alive} after {report.steps} steps, of {report.founders} founders"
        )
    if report.food_per_agent_step is not None:
        click.echo(
            f"food        {report.food_per_agent_step:.4f} per agent-step, "
            f"{report.deaths_per_1000_agent_steps:.2f} deaths per 1,000, late"
        )
    if report.openness is not None:
        beside = (
            "no shadow to compare with"
            if report.shadow_openness is None
            else f"its neutral shadow {report.shadow_openness:.4f}"
        )
        click.echo(f"openness    novelty x learnability {report.openness:.4f}; {beside}")
    click.echo(f"written     {folder}")


def row(record: "Record") -> tuple[str, ...]:
    """Return the plain columns of a record."""
    counts = (record.deaths, record.births)
    return (
        str(record.step),
        str(record.alive),
        str(record.founders),
        _per_step(record),
        *map(str, counts),
    )


def _per_step(record: "Record") -> str:
    """Return food per agent-step of a window."""
    return f"{record.eaten / record.agent_steps:.4f}" if record.agent_steps else "-"


def openness(record: "Record") -> tuple[str, str]:
    """Return the two last columns of a record."""

    def told(seen: "Openness | None") -> str:
        return "-" if seen is None or seen.product is None else f"{seen.product:.4f}"

    return told(record.world), told(record.shadow)
