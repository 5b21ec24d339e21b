"""The drift alarm on a finished run, with its cheap rivals beside it."""

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from plurigrid_ff.config import Settings
from plurigrid_ff.data.inputs import load_named
from plurigrid_ff.derivation import derive_key, shuffled
from plurigrid_ff.errors import DataError
from plurigrid_ff.observation import Observation, observe
from plurigrid_ff.settings import Result
from plurigrid_ff_persistent_homology import drift
from plurigrid_ff_persistent_homology.drift import Ruling
from plurigrid_ff_persistent_homology.reading import read_held_out

if TYPE_CHECKING:
    from plurigrid_ff.host.plugins import Host

FEWEST_SAMPLES = 10


class DriftSettings(Settings):
    """How windows are judged."""

    rate: float = Field(0.05, gt=0, lt=0.5, description="False alarms on clean windows.")
    relabelings: int = Field(
        199, ge=19, le=9999, description="Relabelings that the window is compared with."
    )
    most_reference: int = Field(1000, ge=50, le=5000, description="Clean samples, at most.")
    most_window: int = Field(300, ge=10, le=2000, description="Samples of the window, at most.")
    seed: int = Field(0, ge=0, description="Chooses samples and relabelings.")


class Statistic(Result):
    """What one statistic says of the window."""

    name: str
    alarm: bool
    p_value: float = Field(description="Share of labelings that score as high.")
    score: float = Field(description="Largest standardised number of the window.")
    threshold: float = Field(description="Score that raises the alarm.")
    where: str = Field("", description="The number that is furthest off.")


class DriftReport(Result):
    """Whether samples have drifted from what a run's network was made for."""

    run: str
    samples: str
    reference_size: int = Field(description="Held-out samples of the run's own data.")
    window_size: int = Field(description="Samples that were judged.")
    given: int = Field(description="Samples that were given.")
    rate: float = Field(description="Largest rate of false alarms on clean windows.")
    topology: Statistic = Field(description="The alarm.")
    baselines: tuple[Statistic, ...] = Field(description="Cheap rivals, for comparison.")

    @property
    def alarm(self) -> bool:
        """Whether the topology says that the samples have drifted."""
        return self.topology.alarm


def check_drift(
    folder: Path | str,
    samples: Path | str,
    *,
    settings: DriftSettings | None = None,
    label_column: str | None = None,
    host: "Host | None" = None,
) -> DriftReport:
    """Judge whether samples have drifted from a run's held-out data.

    Args:
        folder: The run folder.
        samples: A file or folder of samples, as ``plurigrid-ff predict`` reads them.
        settings: Rate, sizes and seed.
        label_column: CSV column to leave out.
        host: Objectives and blocks to choose from; None loads every installed plugin.

    Raises:
        PlurigridError: The run or the samples cannot be read, or there are too few of them.
    """
    from plurigrid_ff.host.plugins import load_host

    settings = settings or DriftSettings()
    held_out = read_held_out(
        folder, most=settings.most_reference, seed=settings.seed, host=host or load_host()
    )
    inputs = load_named(
        samples,
        feature_shape=held_out.network.feature_shape,
        label_column=label_column,
        data=held_out.config,
    )
    _require_enough(len(inputs.x), str(samples))
    chosen = shuffled(derive_key(settings.seed, "window"), len(inputs.x))[: settings.most_window]
    window = observe(held_out.network, inputs.x[chosen])
    topology, *baselines = compare_window(
        held_out.observe(), window, settings, held_out.class_names
    )
    return DriftReport(
        run=str(folder),
        samples=str(samples),
        reference_size=len(held_out.x),
        window_size=len(chosen),
        given=len(inputs.x),
        rate=settings.rate,
        topology=topology,
        baselines=tuple(baselines),
    )


def compare_window(
    reference: Observation,
    window: Observation,
    settings: DriftSettings,
    class_names: tuple[str, ...],
) -> tuple[Statistic, ...]:
    """Judge a window by topology, then by mean goodness, then by predicted labels.

    All three see the same relabelings.
    """
    inside = drift.relabelings(
        len(reference.goodness),
        len(window.goodness),
        count=settings.relabelings,
        key=derive_key(settings.seed, "relabelings"),
    )
    rate = settings.rate
    numbers = drift.topology_numbers(reference, window, inside)
    topology = drift.judge(numbers, rate=rate)
    goodness = drift.judge(
        drift.goodness_numbers(reference, window, inside), rate=rate, two_sided=True
    )
    labels = drift.judge(drift.label_numbers(reference, window, inside), rate=rate)
    return (
        _statistic("topology", topology, _where(topology.largest, class_names)),
        _statistic("mean goodness", goodness),
        _statistic("predicted labels", labels),
    )


def _where(number: int, class_names: tuple[str, ...]) -> str:
    """Say in words which of the topology's numbers it was."""
    layer, place = divmod(number, len(class_names) + 1)
    if place == len(class_names):
        return f"layer {layer + 1}: samples lie far from the reference"
    return f"layer {layer + 1}: the reference's class {class_names[place]!r} is not filled"


def _statistic(name: str, ruling: Ruling, where: str = "") -> Statistic:
    """Put a ruling into the report's words."""
    return Statistic(
        name=name,
        alarm=ruling.alarm,
        p_value=ruling.p_value,
        score=ruling.score,
        threshold=ruling.threshold,
        where=where,
    )


def _require_enough(count: int, where: str) -> None:
    """Refuse a window that says nothing about its population.

    Raises:
        DataError: How many samples there are, and how many it takes.
    """
    if count < FEWEST_SAMPLES:
        raise DataError(
            f"{where}: a window takes at least {FEWEST_SAMPLES} samples, got {count}; collect "
            "more (100 or more find a missing class, too)"
        )
