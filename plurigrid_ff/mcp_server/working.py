"""Tools that compute: checked here, done in a worker process."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from plurigrid_ff.config import RunConfig
from plurigrid_ff.errors import WorkingFolderError
from plurigrid_ff.host.checkpoints import list_checkpoints
from plurigrid_ff.host.folder import RunFolder, read_run_config
from plurigrid_ff.host.plugins import Host
from plurigrid_ff.host.triad import parse_run
from plurigrid_ff.mcp_server.answers import ObjectiveList, Predictions
from plurigrid_ff.mcp_server.arguments import (
    EvaluateArguments,
    NoArguments,
    PredictArguments,
    ReplayArguments,
    ReproduceArguments,
    ReproduceJob,
    RunSettings,
    TrainArguments,
    TrainJob,
)
from plurigrid_ff.mcp_server.door import Door, Report
from plurigrid_ff.mcp_server.launching import StoppedError
from plurigrid_ff.mcp_server.listing import find_triad, recipe_reference
from plurigrid_ff.recipes import find_recipe
from plurigrid_ff.replay import ReplayReport
from plurigrid_ff.reproduction import Reproduction
from plurigrid_ff.results import Assessment, RunReport

SEEDS_LEFT = "finished seeds are kept: the same call trains what is missing"

logger = logging.getLogger(__name__)


async def train(door: Door, arguments: TrainArguments, report: Report) -> RunReport:
    """Train one network."""
    host = await door.host()
    job = await anyio.to_thread.run_sync(_allowed_training, door, host, arguments)
    out = Path(job.out)
    with door.claims.hold(out), _saying_what_is_left("train", lambda: _rounds_left(door, out)):
        return await door.work(door.training, "train", job, RunReport, report)


async def reproduce(door: Door, arguments: ReproduceArguments, report: Report) -> Reproduction:
    """Train a recipe on several seeds."""
    job = await anyio.to_thread.run_sync(_allowed_reproduction, door, arguments)
    with door.claims.hold(Path(job.out)), _saying_what_is_left("reproduce", lambda: SEEDS_LEFT):
        return await door.work(door.training, "reproduce", job, Reproduction, report)


async def evaluate(door: Door, arguments: EvaluateArguments, report: Report) -> Assessment:
    """Measure a finished run."""
    job = await anyio.to_thread.run_sync(_allowed_evaluation, door, arguments)
    return await door.work(door.computing, "evaluate", job, Assessment, report)


async def replay(door: Door, arguments: ReplayArguments, report: Report) -> ReplayReport:
    """Derive a finished run again and compare."""
    job = await anyio.to_thread.run_sync(_allowed_replay, door, arguments)
    return await door.work(door.training, "replay", job, ReplayReport, report)


async def predict(door: Door, arguments: PredictArguments, report: Report) -> Predictions:
    """Label samples."""
    job = await anyio.to_thread.run_sync(_allowed_prediction, door, arguments)
    if job.out is None:
        return await door.work(door.computing, "predict", job, Predictions, report)
    with door.claims.hold(Path(job.out)):
        return await door.work(door.computing, "predict", job, Predictions, report)


async def list_objectives(door: Door, arguments: NoArguments, report: Report) -> ObjectiveList:
    """Describe all objectives; asked once, because that needs torch."""
    if door.objectives is None:
        job = "list_objectives"
        door.objectives = await door.work(door.computing, job, arguments, ObjectiveList, report)
    return door.objectives


def _allowed_training(door: Door, host: Host, arguments: TrainArguments) -> TrainJob:
    """Gather the settings and require that they may be trained."""
    out = door.folder.run(arguments.out, where="out")
    if not arguments.resume:
        RunFolder(door.absolute(out)).require_free(overwrite=arguments.overwrite)
    values: dict[str, Any] = {}
    if arguments.recipe is not None:
        values = find_recipe(recipe_reference(door, arguments.recipe, where="recipe")).values
    elif arguments.resume:
        values = RunFolder(door.absolute(out)).settings()
    if arguments.triad is not None:
        values = {**values, "triad": find_triad(door, host, arguments.triad).model_dump()}
    return TrainJob(
        config=_allowed_settings(door, values, arguments, where="train"),
        out=str(out),
        resume=arguments.resume,
        overwrite=arguments.overwrite,
    )


def _allowed_reproduction(door: Door, arguments: ReproduceArguments) -> ReproduceJob:
    """Gather the settings and require that they may be trained."""
    recipe = recipe_reference(door, arguments.recipe, where="recipe")
    values = find_recipe(recipe).values
    return ReproduceJob(
        recipe=recipe,
        config=_allowed_settings(door, values, arguments, where="reproduce"),
        out=str(door.folder.run(arguments.out, where="out")),
        seeds=arguments.seeds,
    )


def _allowed_settings(
    door: Door, base: dict[str, Any], asked: RunSettings, *, where: str
) -> RunConfig:
    """Put what is asked for over a base, and require that this server allows it."""
    config = parse_run(merged(base, asked.asked()), where=where)
    door.limits.require(config)
    door.require_data(config.data.source, where="data.source")
    door.require_graph(config.society.graph, where="society.graph")
    if config.warm_start is not None:
        door.folder.run(config.warm_start.run, where="warm_start.run")
    return config


def merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Put settings over others, table by table."""
    result = dict(base)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            value = merged(below, value)
        result[key] = value
    return result


def _allowed_evaluation(door: Door, arguments: EvaluateArguments) -> EvaluateArguments:
    """Require a run and data that may be read."""
    if arguments.data is None:
        run = door.usable_run(arguments.run, where="run")
    else:
        run = door.finished_run(arguments.run)
        door.require_data(arguments.data, where="data")
    return arguments.model_copy(update={"run": str(run)})


def _allowed_replay(door: Door, arguments: ReplayArguments) -> ReplayArguments:
    """Require a run that may be trained here."""
    run = door.usable_run(arguments.run, where="run")
    config = read_run_config(door.absolute(run))
    door.limits.require(config)
    door.require_graph(config.society.graph, where=f"{run}/run.toml: society.graph")
    return ReplayArguments(run=str(run))


def _allowed_prediction(door: Door, arguments: PredictArguments) -> PredictArguments:
    """Require a run and samples that may be read, and a free place for the labels."""
    run = door.finished_run(arguments.run)
    samples = door.folder.tree(arguments.samples, where="samples")
    out = None
    if arguments.out is not None:
        path = door.folder.file(arguments.out, ".csv", where="out")
        if door.absolute(path).exists() and not arguments.overwrite:
            raise WorkingFolderError(f"{path}: exists; --overwrite to replace it")
        out = str(path)
    return arguments.model_copy(update={"run": str(run), "samples": str(samples), "out": out})


@contextmanager
def _saying_what_is_left(tool: str, left: Callable[[], str]) -> Iterator[None]:
    """Say how to go on with a training that did not get to its end.

    A cancelled call has no answer, so that is said in the server's log; whoever calls train
    again with the same ``out`` is told too.
    """
    try:
        yield
    except StoppedError as error:
        raise StoppedError(f"{error}; {left()}") from error
    except anyio.get_cancelled_exc_class():
        logger.warning("%s: cancelled; %s", tool, left())
        raise


def _rounds_left(door: Door, out: Path) -> str:
    """Say whether there is something to go on with."""
    if list_checkpoints(RunFolder(door.absolute(out)).partial):
        return f"{out}.partial holds the rounds that were done: resume=true goes on with them"
    return "no round was complete, so nothing is lost by starting again"
