"""What a round says, as rows of numbers."""

from time import perf_counter
from typing import TYPE_CHECKING, Any, Literal

from plurigrid_ff.config import Settings

if TYPE_CHECKING:
    from plurigrid_ff.host.log import LogEntry

ALL: Literal["all"] = "all"


class Row(Settings):
    """One layer in one round, or the read-out over all layers.

    Attributes:
        round: Number of the round, from 1.
        layer: Number of the layer, from 1, or ``all``.
        loss: Mean local loss over the layer's last epoch in the round; the probe's for
            ``all``. None: the layer sat out, or there is no probe.
        accuracy: On the validation split.
        margin: Mean log-probability of the true class there, under the layer's own goodness.
        updates: Optimizer steps the layer took in the round.
        seconds: Wall-clock seconds in which the generator had its turn.
    """

    round: int
    layer: int | Literal["all"]
    loss: float | None = None
    accuracy: float | None = None
    margin: float | None = None
    updates: int | None = None
    seconds: float | None = None


class RoundRows:
    """Turns log entries into rows, and measures the time between them."""

    def __init__(self) -> None:
        self._since = perf_counter()

    def start(self, rounds: int) -> None:
        """Start the clock."""
        self._since = perf_counter()

    def entry(self, entry: "LogEntry") -> list[Row]:
        """Return the rows of a generator's entry; other roles have none."""
        now = perf_counter()
        seconds, self._since = round(now - self._since, 3), now
        if entry.role != "generator":
            return []
        layers = entry.summary.get("layers")
        # Another generator may log other numbers: what is not there is left out.
        rows = [
            _row(entry.round, number, layer, seconds)
            for number, layer in enumerate(layers if isinstance(layers, list) else [], start=1)
            if isinstance(layer, dict)
        ]
        whole = {
            "accuracy": entry.summary.get("validation_accuracy"),
            "loss": entry.summary.get("probe_loss"),
        }
        return [*rows, _row(entry.round, ALL, whole, seconds)]


def _row(round: int, layer: int | Literal["all"], numbers: dict[str, Any], seconds: float) -> Row:
    """Pick the numbers that are some."""
    updates = numbers.get("updates")
    return Row(
        round=round,
        layer=layer,
        loss=_number(numbers.get("loss")),
        accuracy=_number(numbers.get("accuracy")),
        margin=_number(numbers.get("margin")),
        updates=updates if isinstance(updates, int) else None,
        seconds=seconds,
    )


def _number(value: Any) -> float | None:
    """Return a number as it is, and None for anything else."""
    return float(value) if isinstance(value, int | float) else None
