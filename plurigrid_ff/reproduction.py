"""Reproductions: a recipe on several seeds, beside its rival and what was published."""

import os
import platform
import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from plurigrid_ff.config import DataConfig, Device, NetworkConfig, RunConfig, TrainingConfig
from plurigrid_ff.errors import ConfigError, DataError, RunFolderError
from plurigrid_ff.files import read_text, write_text
from plurigrid_ff.host.folder import RunFolder, read_run_config
from plurigrid_ff.host.plugins import Host, load_host
from plurigrid_ff.provenance import installed_versions
from plurigrid_ff.recipes import Published, Reached, Recipe
from plurigrid_ff.results import RunReport
from plurigrid_ff.runs import Watcher, train
from plurigrid_ff.settings import Result, flat_settings

REPRODUCTION_FILE = "reproduce.json"

Watch = Callable[[int, Path], AbstractContextManager[Watcher]]


class Figure(Result):
    """One method's test accuracy over seeds."""

    accuracy: float = Field(description="Mean over seeds.")
    spread: float | None = Field(description="Standard deviation; None for a single seed.")
    lowest: float
    seeds: int


class SeedResult(Result):
    """One seed: a run folder, and the rival on the same split."""

    seed: int
    folder: str = Field(description="Its run folder, beside the file of the reproduction.")
    test_accuracy: float
    layers: tuple[float, ...] = Field(description="Test accuracy of each layer alone.")
    seconds: float = Field(description="Of all rounds, their measurements included.")
    rival_accuracy: float
    rival_seconds: float = Field(description="Of training backprop and measuring it once.")
    untrained_accuracy: float | None = Field(
        None, description="Of the same read-out on untrained layers; None without a read-out."
    )
    verdict: Literal["passed", "failed", "undecidable"] | None


class Reproduction(Result):
    """reproduce.json: what a recipe reached here, and what stands beside it."""

    format: Literal[1] = 1
    recipe: str
    paper: str
    source: str = Field(description="Page of the paper.")
    changed: tuple[str, ...] = Field(
        description="Settings other than the recipe's: with any, the figures are of something else."
    )
    reached: Figure
    rival: Figure = Field(description="Backprop on the same layers, splits and batches.")
    untrained: Figure | None = Field(
        None, description="The same read-out on untrained layers; None for goodness."
    )
    recorded: Reached | None = Field(description="What this project reached before.")
    published: Published | None
    runs: tuple[SeedResult, ...]
    epochs: int
    data: str
    device: str
    machine: str
    versions: dict[str, str]


class RivalResult(Result):
    """What a rival reached on one seed, and all that its accuracy depends on.

    Backprop trains every layer in every epoch, whatever a coordinator has decided.
    """

    kind: Literal["backprop", "untrained"]
    data: DataConfig
    data_digest: str
    network: NetworkConfig = Field(description="For backprop nothing but layers and scaling.")
    training: TrainingConfig
    seed: int
    device: Device
    versions: dict[str, str]
    accuracy: float
    seconds: float

    @property
    def measured(self) -> dict[str, Any]:
        """What the settings do not decide."""
        return {name: getattr(self, name) for name in ("versions", "accuracy", "seconds")}


def reproduce(
    recipe: Recipe,
    out: Path | str,
    *,
    config: RunConfig | None = None,
    seeds: int = 3,
    host: Host | None = None,
    watch: Watch | None = None,
    on_seed: Callable[[SeedResult], None] = lambda result: None,
) -> Reproduction:
    """Train a recipe on several seeds, and its rival on the same splits.

    Seed ``k`` is the run folder ``OUT/seed-k``. One that is finished is not trained again,
    one that is not goes on where it stopped.

    Args:
        recipe: What to train.
        out: Folder of the runs and of ``reproduce.json``.
        config: Settings in place of the recipe's own.
        seeds: How many, from the settings' seed onwards.
        host: Skills to choose from; None loads every installed plugin.
        watch: Given a seed and its folder, who watches that run.
        on_seed: Called with every seed's result.

    Raises:
        PlurigridError: Anything the user can put right; finished seeds stay.
    """
    if seeds < 1:
        raise ConfigError(f"seeds: expected at least 1, got {seeds}")
    out = Path(out)
    config = config or recipe.run
    if config.warm_start is not None and seeds > 1:
        raise ConfigError(
            f"seeds: a run with [warm_start] shares the seed of {config.warm_start.run!r}, which "
            f"it goes on from, so there is one, got {seeds}; use --seeds 1, or leave [warm_start] "
            "out"
        )
    host = host or load_host()
    if out.exists() and not out.is_dir():
        raise RunFolderError(f"{out}: is a file, expected a folder; choose another --out")
    if RunFolder(out).is_complete:
        raise RunFolderError(f"{out}: holds a run itself; choose another --out for several")
    results, reports = [], []
    for seed in range(config.seed, config.seed + seeds):
        folder = out / f"seed-{seed}"
        with watch(seed, folder) if watch else nullcontext(Watcher()) as watcher:
            report = train(
                config.model_copy(update={"seed": seed}),
                folder,
                host=host,
                resume=True,
                watcher=watcher,
            )
        if report.test_accuracy is None:
            raise ConfigError(
                f"{folder}: its generator reports no test accuracy, so there is nothing to "
                "compare; take a recipe whose generator classifies"
            )
        result = _seed_result(seed, folder, report, report.test_accuracy)
        on_seed(result)
        results.append(result)
        reports.append(report)
    floors = [r.untrained_accuracy for r in results if r.untrained_accuracy is not None]
    reproduction = Reproduction(
        recipe=recipe.head.name,
        paper=recipe.head.paper,
        source=recipe.head.page,
        changed=_changed(recipe.run, config),
        reached=_figure([result.test_accuracy for result in results]),
        rival=_figure([result.rival_accuracy for result in results]),
        untrained=_figure(floors) if floors else None,
        recorded=recipe.head.reached,
        published=recipe.head.published,
        runs=tuple(results),
        epochs=config.training.epochs,
        data=reports[-1].data,
        device=reports[-1].device,
        machine=_machine(reports[-1].device),
        versions=reports[-1].versions,
    )
    write_text(out / REPRODUCTION_FILE, reproduction.model_dump_json(indent=2) + "\n")
    return reproduction


def _seed_result(seed: int, folder: Path, report: RunReport, accuracy: float) -> SeedResult:
    """Set a finished run beside its rivals, trained where they have not been yet."""
    rival = _rival("backprop", folder, report)
    untrained = None
    if report.readout != "goodness":
        untrained = _rival("untrained", folder, report).accuracy
    return SeedResult(
        seed=seed,
        folder=folder.name,
        test_accuracy=accuracy,
        layers=tuple(layer.accuracy for layer in report.layers),
        seconds=report.seconds,
        rival_accuracy=rival.accuracy,
        rival_seconds=rival.seconds,
        untrained_accuracy=untrained,
        verdict=report.verdict.outcome if report.verdict else None,
    )


def _rival(kind: Literal["backprop", "untrained"], folder: Path, report: RunReport) -> RivalResult:
    """Train a rival of a finished run, or read what it reached before.

    Raises:
        DataError: The data is not what the run was trained on.
    """
    from plurigrid_ff.data.load import load_dataset
    from plurigrid_ff.learning.backprop import backprop_accuracy
    from plurigrid_ff.learning.devices import resolve_device
    from plurigrid_ff.learning.untrained import untrained_accuracy

    config = read_run_config(folder)
    network = config.network
    if kind == "backprop":
        network = NetworkConfig(hidden=network.hidden, scaling=network.scaling)
    result = RivalResult(
        kind=kind,
        data=config.data,
        data_digest=report.data_digest,
        network=network,
        training=config.training,
        seed=config.seed,
        device=config.device,
        versions=installed_versions(),
        accuracy=0.0,
        seconds=0.0,
    )
    path = folder.with_name(f"{folder.name}.{kind}.json")
    before = _read_rival(path)
    if before is not None and before.model_copy(update=result.measured) == result:
        return before
    data = load_dataset(config.data, seed=config.seed)
    if data.digest != report.data_digest:
        raise DataError(
            f"{config.data.source}: has changed since {folder} was trained on it; take another "
            "--out"
        )
    started = time.perf_counter()
    measure = backprop_accuracy if kind == "backprop" else untrained_accuracy
    accuracy = measure(
        data,
        network,
        config.training,
        seed=config.seed,
        device=resolve_device(config.device),
    )
    seconds = round(time.perf_counter() - started, 3)
    result = result.model_copy(update={"accuracy": accuracy, "seconds": seconds})
    write_text(path, result.model_dump_json(indent=2) + "\n")
    return result


def _machine(device: str) -> str:
    """Say what computes."""
    import torch

    host = f"{platform.machine()}, {os.cpu_count()} cores, {torch.get_num_threads()} threads"
    return f"{torch.cuda.get_device_name()}; {host}" if device == "cuda" else host


def _read_rival(path: Path) -> RivalResult | None:
    """Read what the rival reached; None where that is not to be had."""
    try:
        return RivalResult.model_validate_json(read_text(path))
    except (OSError, UnicodeDecodeError, ValidationError):
        return None  # it is trained again, which costs time and nothing else


def _changed(recipe: RunConfig, config: RunConfig) -> tuple[str, ...]:
    """Name the settings that differ from the recipe's."""
    own, asked = (flat_settings(run.model_dump(mode="json")) for run in (recipe, config))
    return tuple(key for key in sorted(own.keys() | asked.keys()) if own.get(key) != asked.get(key))


def _figure(accuracies: Sequence[float]) -> Figure:
    """Sum up one method's seeds."""
    return Figure(
        accuracy=statistics.mean(accuracies),
        spread=statistics.stdev(accuracies) if len(accuracies) > 1 else None,
        lowest=min(accuracies),
        seeds=len(accuracies),
    )
