"""Metrics as TensorBoard shows them."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from plurigrid_ff.callbacks.rows import ALL, RoundRows
from plurigrid_ff.errors import ConfigError, MissingExtraError
from plurigrid_ff.runs import Watcher

if TYPE_CHECKING:
    from plurigrid_ff.host.log import LogEntry
    from plurigrid_ff.results import RunReport

CURVES = ("loss", "accuracy", "margin")


def tensorboard(folder: Path | str) -> Watcher:
    """Write a curve per layer of loss, accuracy and margin, and the verdict's measure.

    A step is a round. A run that is resumed, or starts anew in the same folder, hides what an
    earlier one wrote of the rounds that it repeats.

    Args:
        folder: Where event files go; ``tensorboard --logdir FOLDER`` shows them.

    Raises:
        ConfigError: The folder cannot be made.
        MissingExtraError: tensorboardX is not installed.
    """
    try:
        from tensorboardX import SummaryWriter
    except ImportError as error:
        raise MissingExtraError(
            "event files of TensorBoard need tensorboardX: pip install 'plurigrid-ff[tensorboard]'"
        ) from error
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be made: {error.strerror or error}") from error
    rounds = RoundRows()
    opened: list[Any] = []

    def entry(entry: "LogEntry") -> None:
        if not opened:
            opened.append(SummaryWriter(str(folder), purge_step=entry.round))
        (writer,) = opened
        for row in rounds.entry(entry):
            name = "all layers" if row.layer == ALL else f"layer {row.layer}"
            for curve in CURVES:
                value = getattr(row, curve)
                if value is not None:
                    writer.add_scalar(f"{curve}/{name}", value, row.round)
        measure = entry.summary.get("measure")
        if entry.role == "validator" and isinstance(measure, int | float):
            writer.add_scalar("verdict/measure", measure, entry.round)
        writer.flush()

    def finish(report: "RunReport") -> None:
        for writer in opened:
            if report.test_accuracy is not None:
                writer.add_scalar("test accuracy/all layers", report.test_accuracy, report.rounds)
            writer.close()

    return Watcher(on_start=rounds.start, on_entry=entry, on_finish=finish)
