"""Options that make up a run's settings, shared by ``train`` and ``triads run``."""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from plurigrid_ff.config import read_toml
from plurigrid_ff.errors import ConfigError

if TYPE_CHECKING:
    from plurigrid_ff.runs import Watcher

F = TypeVar("F", bound=Callable[..., Any])

# option name -> dotted key of the run file
KEYS = {
    "data": "data.source",
    "label_column": "data.label_column",
    "hidden": "network.hidden",
    "objective": "network.objective",
    "negatives": "network.negatives",
    "readout": "network.readout",
    "epochs": "training.epochs",
    "batch_size": "training.batch_size",
    "learning_rate": "training.learning_rate",
    "optimizer": "training.optimizer",
    "schedule": "training.schedule",
    "patience": "training.patience",
    "precision": "training.precision",
    "agents": "society.agents",
    "graph": "society.graph",
    "shards": "society.shards",
    "start": "society.start",
    "warm_start": "warm_start.run",
    "seed": "seed",
    "device": "device",
}


set_option = click.option(
    "--set",
    "assignments",
    multiple=True,
    metavar="KEY=VALUE",
    help="Any key of the run file: --set training.decay=none.",
)


def parse_widths(ctx: click.Context, param: click.Parameter, value: str | None) -> list[int] | None:
    """Parse ``500,500`` into a list of widths."""
    try:
        return None if value is None else [int(part) for part in value.split(",")]
    except ValueError as error:
        message = f"{value!r} is not a list of whole numbers such as 500,500"
        raise click.BadParameter(message, ctx, param) from error


def parse_rates(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> float | list[float] | None:
    """Parse ``0.002`` into a number, ``0.002,0.001`` into a list."""
    try:
        rates = [] if value is None else [float(part) for part in value.split(",")]
    except ValueError as error:
        message = f"{value!r} is not a number, or a list of numbers such as 0.002,0.001"
        raise click.BadParameter(message, ctx, param) from error
    return rates if len(rates) > 1 else next(iter(rates), None)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a run goes and how it begins there: what is no setting of the run itself.

    Attributes:
        out: The run folder.
        resume: Go on with an unfinished run.
        overwrite: Replace a finished one.
        metrics: Files for a row per layer and round.
        tensorboard: Folder for event files.
        assignments: Of ``--set``.
    """

    out: Path
    resume: bool
    overwrite: bool
    metrics: tuple[Path, ...]
    tensorboard: Path | None
    assignments: tuple[str, ...]

    @classmethod
    def take(cls, options: dict[str, Any]) -> "Destination":
        """Take these out of the options that :func:`run_options` adds; settings are left."""
        return cls(**{name: options.pop(name) for name in cls.__slots__})

    def writers(self) -> "list[Watcher]":
        """Open the files that metrics go to; torch loads here."""
        from plurigrid_ff.callbacks import metrics_file, tensorboard

        events = [] if self.tensorboard is None else [tensorboard(self.tensorboard)]
        return [*map(metrics_file, self.metrics), *events]


def run_options(command: F) -> F:
    """Add the options of a run to a command."""
    for option in reversed(
        [
            click.option(
                "--data",
                help="digits, mnist, cifar10, fsdd, or a path: .npz, .csv, idx folder, or a folder "
                "or .tar of images or .wav files, one folder per class.",
            ),
            click.option("--label-column", help="CSV column that holds the labels."),
            click.option("--hidden", callback=parse_widths, help="Widths of the layers: 500,500."),
            click.option(
                "--objective", help="Local objective: `plurigrid-ff objectives` has them."
            ),
            click.option("--negatives", help="What positives are told from: hardest-label, ..."),
            click.option(
                "--readout", type=click.Choice(["goodness", "probe", "head"]), help="Predicts."
            ),
            click.option("--epochs", type=int, help="Passes over the training samples."),
            click.option("--batch-size", type=int, help="Samples per update."),
            click.option(
                "--learning-rate",
                callback=parse_rates,
                help="Step size, or one per layer: 0.002,0.001.",
            ),
            click.option("--optimizer", help="adam, adamw or sgd."),
            click.option("--schedule", help="simultaneous, greedy or staggered layers."),
            click.option(
                "--patience", type=int, help="Rounds without a better accuracy to wait for."
            ),
            click.option("--precision", help="float32 or bfloat16, of the layers' products."),
            click.option(
                "--agents", type=int, help="Networks, each with its shard of the samples."
            ),
            click.option(
                "--graph",
                help="Who talks to whom: complete, cycle, path, star, circulant:1,2, grid:2x4, "
                "hypercube:3, regular:3, erdos-renyi:0.4, or a file.",
            ),
            click.option("--shards", help="iid, or classes:5: each agent sees 5 of the classes."),
            click.option(
                "--start", type=click.Choice(["different", "common"]), help="Initial weights."
            ),
            click.option("--warm-start", help="Folder of a finished run whose networks go on."),
            click.option("--seed", type=int, help="Every draw derives from it."),
            click.option("--device", type=click.Choice(["auto", "cpu", "cuda"])),
            set_option,
            click.option(
                "--out",
                default=Path("runs/latest"),
                show_default=True,
                type=click.Path(path_type=Path),
                help="Where the finished run will lie.",
            ),
            click.option(
                "--metrics",
                multiple=True,
                type=click.Path(path_type=Path),
                help="Write a row per layer and round: FILE.csv or FILE.jsonl.",
            ),
            click.option(
                "--tensorboard",
                type=click.Path(path_type=Path),
                help="Write event files for TensorBoard into a folder.",
            ),
            click.option("--resume", is_flag=True, help="Go on with an unfinished run."),
            click.option(
                "--overwrite", is_flag=True, help="Replace a finished run, once this one is whole."
            ),
        ]
    ):
        command = option(command)
    return command


def gather(
    run_file: Path | None,
    out: Path,
    *,
    resume: bool,
    assignments: tuple[str, ...],
    options: dict[str, Any],
    recipe: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Merge a run file, ``--set`` and options into raw settings; the last one named wins.

    A recipe's settings stand in for a run file. A resumed run without either starts from the
    settings it began with.

    Raises:
        ConfigError: The run file cannot be read, or an assignment is malformed.
    """
    from plurigrid_ff.host.folder import RunFolder

    values: dict[str, Any] = {}
    if run_file is not None:
        values = read_toml(run_file)
        if "recipe" in values:
            raise ConfigError(
                f"{run_file}: has a table [recipe], so it is no run file; "
                f"`plurigrid-ff train --recipe {run_file}` trains it"
            )
    elif recipe is not None:
        values = recipe
    elif resume:
        values = RunFolder(out).settings()
    assign(values, assignments)
    for name, value in options.items():
        if value is not None:
            _assign(values, KEYS[name], value, where=f"--{name.replace('_', '-')}")
    return values


def assign(values: dict[str, Any], assignments: tuple[str, ...]) -> None:
    """Set what every ``--set`` says, in order.

    Raises:
        ConfigError: An assignment is malformed, or names a table below a value.
    """
    for assignment in assignments:
        key, sign, text = assignment.partition("=")
        if not sign or not key:
            raise ConfigError(f"--set {assignment}: expected KEY=VALUE, as in training.decay=none")
        _assign(values, key, _toml_value(text), where=f"--set {assignment}")


def _assign(values: dict[str, Any], key: str, value: Any, *, where: str) -> None:
    """Set a dotted key, making tables on the way."""
    *path, last = key.split(".")
    for part in path:
        values = values.setdefault(part, {})
        if not isinstance(values, dict):
            raise ConfigError(f"{where}: {part!r} holds a value, not a table")
    values[last] = value


def _toml_value(text: str) -> Any:
    """Read a value as TOML; what is not TOML is a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except (ValueError, RecursionError, KeyError):
        return text
