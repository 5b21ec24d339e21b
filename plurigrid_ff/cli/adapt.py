"""``plurigrid-ff adapt``: classes that arrive in turns, and streams that drift."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from plurigrid_ff.cli.output import clean_errors, console, json_option, print_json, print_table
from plurigrid_ff.cli.settings import parse_widths
from plurigrid_ff.errors import ConfigError


def _names(ctx: click.Context, option: click.Parameter, value: str | None) -> list[str] | None:
    """Read names with commas."""
    return None if value is None else [name.strip() for name in value.split(",")]


def _shared(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that both commands have."""
    for option in (
        json_option,
        click.option("--plot", type=click.Path(path_type=Path), help="Write an SVG as well."),
        click.option("--seed", type=int, help="Every draw derives from it.  [default: 0]"),
        click.option("--learning-rate", type=float, help="Step size of every learner."),
        click.option("--batch-size", type=int, help="New samples per step."),
        click.option("--hidden", callback=parse_widths, help="Widths of the layers, with commas."),
        click.option("--replay", type=int, help="Samples remembered per class.  [default: 0]"),
        click.option("--learners", callback=_names, help="Whom to compare, with commas."),
    ):
        command = option(command)
    return command


@click.group("adapt")
def command() -> None:
    """Go on learning: classes that arrive in turns, and streams that drift.

    \b
    Example:
      plurigrid-ff adapt stream rbf --plot rbf.svg
    """


@command.command("classes")
@click.option("--data", help="Data set, as for train.  [default: digits]")
@click.option("--classes-per-task", type=int, help="Arrive together.  [default: 2]")
@click.option("--epochs", type=int, help="Passes over every task.  [default: 5]")
@_shared
def classes(plot: Path | None, as_json: bool, data: str | None, **options: Any) -> None:
    """Learn the classes of a data set in turns; test on all of them after each turn.

    Learners: subspaces, class-goodness, projection, distance; backprop, backprop-masked; and the
    controls nearest-mean, nearest-mean-untrained and lda, which learn sums and no layer.

    \b
    Example:
      plurigrid-ff adapt classes --data digits --replay 5 --plot classes.svg
    """
    with clean_errors(as_json):
        from plurigrid_ff.continual.picture import draw_classes
        from plurigrid_ff.continual.settings import ClassesSettings
        from plurigrid_ff.continual.tasks import learn_classes

        if data is not None:
            options["data"] = {"source": data}
        _require_place(plot)
        settings = ClassesSettings.parse(_given(options), where="adapt classes")
        with _bar(quiet=as_json) as progress:
            report = learn_classes(settings, progress)
        if plot is not None:
            plot.write_bytes(draw_classes(report))
        if as_json:
            print_json(report.model_dump(mode="json"))
            return
        rows = [
            (name, f"{found.average_accuracy:.2%}", f"{found.forgetting:.2%}")
            for name, found in report.found.items()
        ]
        title = f"{len(report.tasks)} tasks, {settings.replay} samples remembered per class"
        print_table(("learner", "average accuracy", "forgetting"), rows, title=title)
        _say_where(plot)


@command.command("stream")
@click.argument("stream")
@click.option("--samples", type=int, help="Length of the stream.  [default: 6000]")
@click.option("--warmup", type=int, help="First samples, not counted.  [default: 1000]")
@_shared
def stream(plot: Path | None, as_json: bool, **options: Any) -> None:
    """Follow STREAM, which drifts: every sample is predicted, then learned.

    `plurigrid-ff adapt streams` lists the streams. Learners are those of `adapt classes`, and
    frozen, which stops learning after the warm-up.

    \b
    Example:
      plurigrid-ff adapt stream agrawal --learners projection,frozen,backprop --json
    """
    with clean_errors(as_json):
        from plurigrid_ff.continual.picture import draw_stream
        from plurigrid_ff.continual.prequential import follow_stream
        from plurigrid_ff.continual.settings import StreamSettings

        _require_place(plot)
        settings = StreamSettings.parse(_given(options), where="adapt stream")
        with _bar(quiet=as_json) as progress:
            report = follow_stream(settings, progress)
        if plot is not None:
            plot.write_bytes(draw_stream(report))
        if as_json:
            print_json(report.model_dump(mode="json"))
            return
        rows = [(name, f"{found.accuracy:.2%}") for name, found in report.found.items()]
        rows.append(("(the commonest class)", f"{report.majority:.2%}"))
        title = (
            f"{settings.stream}: {settings.samples - settings.warmup} samples after a warm-up of "
            f"{settings.warmup}"
        )
        print_table(("learner", "prequential accuracy"), rows, title=title)
        _say_where(plot)


@command.command("streams")
@json_option
def streams(as_json: bool) -> None:
    """List the streams.

    \b
    Example:
      plurigrid-ff adapt streams
    """
    from plurigrid_ff.continual.streams import STREAMS

    if as_json:
        print_json([{"name": name, "summary": line} for name, (_, line) in STREAMS.items()])
    else:
        print_table(("stream", "what it is"), [(name, line) for name, (_, line) in STREAMS.items()])


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """Leave out what was not given."""
    return {key: value for key, value in values.items() if value is not None}


@contextmanager
def _bar(*, quiet: bool) -> Iterator[Callable[[str, float], None]]:
    """Show each learner's progress on a terminal."""
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
        console=console(),
        transient=True,
        disable=quiet or not sys.stdout.isatty(),
    )
    with bar:
        task = bar.add_task("", total=1.0)
        yield lambda name, share: bar.update(task, description=name, completed=share)


def _require_place(plot: Path | None) -> None:
    """Refuse a picture in a folder that is not there, before any work.

    Raises:
        ConfigError: Which folder.
    """
    if plot is not None and not plot.parent.is_dir():
        raise ConfigError(f"--plot: {plot.parent} is no folder; make it, or choose another")


def _say_where(plot: Path | None) -> None:
    """Say where the picture is."""
    if plot is not None:
        click.echo(f"plot {plot}")
