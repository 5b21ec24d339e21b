"""Metrics as TensorBoard shows them."""

from pathlib import Path
from time import time
from typing import TYPE_CHECKING, Any

from plurigrid_ff.callbacks.rows import ALL, RoundRows
from plurigrid_ff.callbacks.writing import writing
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
        # Below its SummaryWriter, whose thread may lose what an interrupt leaves in its queue.
        from tensorboardX.event_file_writer import EventsWriter
        from tensorboardX.proto.event_pb2 import Event, SessionLog
        from tensorboardX.summary import scalar
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

    def write(step: int, **content: Any) -> None:
        if not opened:
            # The name holds seconds only: a run that is resumed within one needs another.
            opened.append(EventsWriter(str(folder / "events"), f".round-{step}"))
            start = SessionLog(status=SessionLog.START)  # hides later steps of earlier files
            write(step, session_log=start)
        opened[0].write_event(Event(wall_time=time(), step=step, **content))

    def entry(entry: "LogEntry") -> None:
        rows = rounds.entry(entry)
        measure = entry.summary.get("measure")
        with writing(folder):
            for row in rows:
                name = "all_layers" if row.layer == ALL else f"layer_{row.layer}"
                for curve in CURVES:
                    value = getattr(row, curve)
                    if value is not None:
                        write(row.round, summary=scalar(f"{curve}/{name}", value))
            if entry.role == "validator" and isinstance(measure, int | float):
                write(entry.round, summary=scalar("verdict/measure", measure))
            for writer in opened:
                writer.flush()

    def finish(report: "RunReport") -> None:
        with writing(folder):
            if report.test_accuracy is not None:
                accuracy = scalar("test_accuracy/all_layers", report.test_accuracy)
                write(report.rounds, summary=accuracy)
            for writer in opened:
                writer.close()

    return Watcher(on_start=rounds.start, on_entry=entry, on_finish=finish)
