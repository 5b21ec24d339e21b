"""A run on the terminal: a bar, a line per round, and what came out."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plurigrid_ff.cli.output import EXIT_REFUSED, console, print_json, print_table
from plurigrid_ff.host.acting import EXCLUDED
from plurigrid_ff.runs import Watcher
from plurigrid_ff.text import printable

if TYPE_CHECKING:
    from plurigrid_ff.host.log import LogEntry
    from plurigrid_ff.results import RunReport
    from plurigrid_ff.society_results import SocietyReport

NOTHING = "-"
MAX_LAYERS = 8  # as many as fit on a line; the report has them all


@contextmanager
def watching(quiet: bool) -> Iterator[Watcher]:
    """Show a run going on: on a terminal with a bar, elsewhere a line per round."""
    if quiet:
        yield Watcher()
        return
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    screen = console()
    bar = Progress(
        TextColumn("training"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=screen,
        transient=True,
        disable=not sys.stdout.isatty(),
    )
    with bar:
        task = bar.add_task("run", total=1.0)
        lines = RoundLines(screen.print)
        yield Watcher(
            on_start=lines.start,
            on_progress=lambda share: bar.update(task, completed=share),
            on_entry=lines.entry,
        )


class RoundLines:
    """Gathers a round's entries into one line for people.

    Args:
        write: Called with each line.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._rounds = 0

    def start(self, rounds: int) -> None:
        """Learn how many rounds there will be."""
        self._rounds = rounds

    def entry(self, entry: "LogEntry") -> None:
        """Write a line for each step that has numbers for people."""
        width = len(str(self._rounds))
        head = f"round {entry.round:>{width}}/{self._rounds}"
        if entry.role == "generator":
            self._write(printable(f"{head}  {_generator_part(entry.summary)}"))
            for name, reason in entry.summary.get(EXCLUDED, {}).items():
                self._write(printable(f"{'':{len(head)}}  {name} excluded: {reason}"))
        elif entry.role == "validator":
            self._write(printable(f"{'':{len(head)}}  {_validator_part(entry.summary)}"))


def _generator_part(summary: dict[str, Any]) -> str:
    """Accuracy of every layer on held-out samples, and which of them sat out."""
    if isinstance(summary.get("agents"), dict):
        return _society_part(summary)
    layers = summary.get("layers")
    # Another generator may log other numbers: what is not there is left out.
    measured = [
        layer
        for layer in (layers if isinstance(layers, list) else [])
        if isinstance(layer, dict) and isinstance(layer.get("accuracy"), float)
    ]
    cells = [
        f"{layer['accuracy']:.2%}" + ("" if layer.get("updates") else " (sat out)")
        for layer in measured[-MAX_LAYERS:]
    ]
    if len(measured) > MAX_LAYERS:
        cells.insert(0, "...")
    total = summary.get("validation_accuracy")
    parts = [f"layers {' '.join(cells)}"] if cells else []
    parts += [f"all {total:.2%}"] if isinstance(total, float) else []
    return "  ".join(parts) or "generated"


def _society_part(summary: dict[str, Any]) -> str:
    """Accuracy of the agents on held-out samples."""
    agents = [agent for agent in summary["agents"].values() if isinstance(agent, dict)]
    numbers = [agent.get("validation_accuracy") for agent in agents]
    found = [number for number in numbers if isinstance(number, float)]
    if not found:
        return f"{len(agents)} agents"
    mean = sum(found) / len(found)
    return (
        f"{len(agents)} agents  mean {mean:.2%} (lowest {min(found):.2%}, highest {max(found):.2%})"
    )


def _validator_part(summary: dict[str, Any]) -> str:
    """The verdict in a few words."""
    measure, limit = summary.get("measure"), summary.get("limit")
    numbers = f" {measure:.3f}, limit {limit:.3f}" if isinstance(measure, float) else ""
    return f"verdict {summary.get('outcome')}{numbers}"


def print_society(society: "SocietyReport") -> None:
    """Print what each agent came to, and all of them together."""
    rows = [
        (
            agent.name + (" (best on validation)" if agent.name == society.best else ""),
            str(agent.samples),
            str(len(agent.classes)),
            NOTHING if agent.validation_accuracy is None else f"{agent.validation_accuracy:.2%}",
            NOTHING if agent.test_accuracy is None else f"{agent.test_accuracy:.2%}",
        )
        for agent in society.agents
    ]
    print_table(("agent", "samples", "classes", "validation", "test"), rows)
    if society.test_accuracy is not None:
        over = society.test_accuracy
        click.echo(
            f"test accuracy mean {over.mean:.2%} (lowest {over.min:.2%}, highest {over.max:.2%})"
        )
    for agent in society.agents:
        if agent.excluded is not None:
            click.echo(printable(f"excluded      {agent.name}: {agent.excluded}"))


def tell_outcome(report: "RunReport", out: Path, *, as_json: bool) -> None:
    """Print a run's report for people or programs; exit with 3 if its validator refuses it."""
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        _print_outcome(report, out)
    if report.verdict is not None and not report.verdict.passed:
        sys.exit(EXIT_REFUSED)


def _print_outcome(report: "RunReport", out: Path) -> None:
    """Print accuracy, verdict and where the report lies."""
    if report.society is not None:
        print_society(report.society)
    elif report.test_accuracy is not None:
        layers = ", ".join(f"{layer.accuracy:.2%}" for layer in report.layers)
        click.echo(f"test accuracy {report.test_accuracy:.2%} (layers {layers})")
    if report.kept_round is not None:
        ended = f" of {report.planned_rounds}, no better since" if report.planned_rounds else ""
        click.echo(f"kept          round {report.kept_round}; ran {report.rounds}{ended}")
    if report.verdict is not None:
        word = report.verdict.outcome
        click.echo(f"verdict       {word}: {printable(report.verdict.reason)}")
    else:
        click.echo("verdict       none: this run has no validator; add one with --triad")
    click.echo(f"report        {out / 'report.html'}  ({report.seconds:.1f} s of training)")
