"""What the worker process does: calls of the library, after all checks. Torch loads here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from plurigrid_ff.config import Settings
from plurigrid_ff.data.dataset import Dataset
from plurigrid_ff.host.plugins import Host
from plurigrid_ff.inference import data_like, evaluate, predict, require_few, write_predictions
from plurigrid_ff.mcp_server.answers import ObjectiveList, Predictions
from plurigrid_ff.mcp_server.arguments import (
    EvaluateArguments,
    NoArguments,
    PredictArguments,
    ReproduceJob,
    TrainJob,
)
from plurigrid_ff.mcp_server.limits import Limits
from plurigrid_ff.recipes import find_recipe
from plurigrid_ff.reproduction import reproduce
from plurigrid_ff.results import Assessment
from plurigrid_ff.runs import Watcher, join_plugins, train

Report = Callable[[float, str], None]


class Desk:
    """What a job works with.

    Args:
        host: Skills and objectives to choose from.
        limits: What the server allows.
        report: Told the share that is done, and a few words.
    """

    def __init__(self, host: Host, limits: Limits, report: Report) -> None:
        self.host = host
        self.limits = limits
        self.report = report

    def watcher(self, *, part: int = 0, parts: int = 1, label: str = "") -> Watcher:
        """Watch one run out of ``parts``."""
        rounds = 1

        def start(number: int) -> None:
            nonlocal rounds
            rounds = number

        def progress(share: float) -> None:
            done = min(int(share * rounds) + 1, rounds)
            self.report((part + share) / parts, f"{label}round {done} of {rounds}")

        def data(found: Dataset) -> None:
            require_few(found.num_samples, self.limits.max_samples, where=found.name)

        return Watcher(on_data=data, on_start=start, on_progress=progress)


def do_train(job: TrainJob, desk: Desk) -> BaseModel:
    """Train one network."""
    return train(
        job.config,
        job.out,
        host=desk.host,
        resume=job.resume,
        overwrite=job.overwrite,
        watcher=desk.watcher(),
    )


def do_reproduce(job: ReproduceJob, desk: Desk) -> BaseModel:
    """Train a recipe on several seeds."""

    @contextmanager
    def watch(seed: int, folder: Path) -> Iterator[Watcher]:
        part = seed - job.config.seed
        yield desk.watcher(part=part, parts=job.seeds, label=f"seed {seed}, ")

    return reproduce(
        find_recipe(job.recipe),
        job.out,
        config=job.config,
        seeds=job.seeds,
        host=desk.host,
        watch=watch,
    )


def do_evaluate(job: EvaluateArguments, desk: Desk) -> Assessment:
    """Measure a finished run."""
    return evaluate(
        job.run,
        data=data_like(job.run, job.data, label_column=job.label_column) if job.data else None,
        agent=job.agent,
        device=job.device,
        max_samples=desk.limits.max_samples,
        host=desk.host,
    )


def do_predict(job: PredictArguments, desk: Desk) -> Predictions:
    """Label samples."""
    found = predict(
        job.run,
        job.samples,
        label_column=job.label_column,
        agent=job.agent,
        device=job.device,
        max_samples=desk.limits.max_samples,
        host=desk.host,
    )
    if job.out is not None:
        write_predictions(found, Path(job.out))
    return Predictions.of(found, show=job.show, out=job.out)


def do_list_objectives(job: NoArguments, desk: Desk) -> ObjectiveList:
    """Describe all objectives."""
    from plurigrid_ff.learning.catalogue import list_objectives

    join_plugins(desk.host)
    return ObjectiveList(objectives=tuple(list_objectives()))


# What a job is called, what it is asked with, and what does it.
JOBS: dict[str, tuple[type[Settings], Callable[[Any, Desk], BaseModel]]] = {
    "train": (TrainJob, do_train),
    "reproduce": (ReproduceJob, do_reproduce),
    "evaluate": (EvaluateArguments, do_evaluate),
    "predict": (PredictArguments, do_predict),
    "list_objectives": (NoArguments, do_list_objectives),
}
