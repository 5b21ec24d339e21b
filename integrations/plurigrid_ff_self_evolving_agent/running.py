"""An evolution in its folder: begun or gone on with, and what it leaves."""

import shutil
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

from plurigrid_ff.data.load import load_dataset
from plurigrid_ff_self_evolving_agent.archive import ARCHIVE_FILE
from plurigrid_ff_self_evolving_agent.containment import evaluate_contained
from plurigrid_ff_self_evolving_agent.evolution import Evolution, best_of
from plurigrid_ff_self_evolving_agent.evolution_settings import (
    PICTURE_FILE,
    EvolutionSettings,
    begin,
    read_settings,
)
from plurigrid_ff_self_evolving_agent.picture import draw_lineage
from plurigrid_ff_self_evolving_agent.record import Record
from plurigrid_ff_self_evolving_agent.recovery import Recovery, open_or_recover
from plurigrid_ff_self_evolving_agent.workers import EvaluateAll, on_ray, one_by_one

Watch = Callable[[Record, int, int], None]
"""Called with every new record, how many there are and how many there will be."""


def start(
    folder: Path, settings: EvolutionSettings, watch: Watch, *, on_cluster: bool = False
) -> Record:
    """Begin an evolution in a new folder and run it; return the best individual.

    Args:
        folder: Where it is to lie.
        settings: What determines it.
        watch: Told of every new record.
        on_cluster: Evaluate on a Ray cluster; the archive is the same.

    Raises:
        PlurigridError: What the user can put right.
    """
    require_sound(settings)
    with workers_for(settings, on_cluster=on_cluster) as evaluate_all:
        begin(folder, settings)
        return go_on(folder, watch, evaluate_all)


def workers_for(
    settings: EvolutionSettings, *, on_cluster: bool
) -> AbstractContextManager[EvaluateAll]:
    """Return who evaluates, every individual in a process of its own.

    Raises:
        MissingExtraError: Ray is asked for and not installed.
    """
    evaluate = partial(evaluate_contained, seconds=settings.seconds, memory=settings.memory)
    return on_ray(evaluate) if on_cluster else nullcontext(one_by_one(evaluate))


def go_on(
    folder: Path,
    watch: Watch,
    evaluate_all: EvaluateAll,
    on_recovery: Callable[[Recovery], None] = lambda recovery: None,
) -> Record:
    """Run what is left of an evolution; return the best individual.

    An archive that was cut short or damaged is brought back to its last complete record first.

    Args:
        folder: Where it lies.
        watch: Told of every new record.
        evaluate_all: Who evaluates.
        on_recovery: Told what became of a damaged archive.

    Raises:
        PlurigridError: What the user can put right; what was archived stays.
    """
    settings = read_settings(folder)
    classes = load_dataset(settings.data, seed=settings.seed).num_classes
    path = folder / ARCHIVE_FILE
    archive, recovery = open_or_recover(path)
    try:
        if recovery is not None:
            on_recovery(recovery)
        evolution = Evolution(settings, archive, evaluate_all, classes=classes)
        evolution.on_record = lambda record: watch(record, len(archive), evolution.planned)
        evolution.run()
        best = best_of(archive)
        (folder / PICTURE_FILE).write_bytes(draw_lineage(archive))
        with tempfile.TemporaryDirectory(dir=folder) as beside:
            archive.save(Path(beside) / ARCHIVE_FILE)
            archive.close()
            # Rewritten in one go, its bytes do not tell how often the evolution was interrupted.
            shutil.move(Path(beside) / ARCHIVE_FILE, path)
    finally:
        archive.close()
    return best


def require_sound(settings: EvolutionSettings) -> None:
    """Refuse settings that no individual could learn with, before anything is written.

    Raises:
        PlurigridError: What does not fit.
    """
    import torch

    from plurigrid_ff.learning.network import FFNetwork
    from plurigrid_ff.learning.objectives import find_objective

    for name in settings.objectives:
        find_objective(name)
    data = load_dataset(settings.data, seed=settings.seed)
    with torch.device("meta"):
        FFNetwork(settings.network, data.feature_shape, data.num_classes, seed=0)
