"""What the worker process does: calls of the library, after all checks. Torch loads here."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from plurigrid_ff.cards.lint import lint
from plurigrid_ff.cards.results import LintReport
from plurigrid_ff.config import Settings
from plurigrid_ff.data.dataset import Dataset
from plurigrid_ff.errors import PluginError
from plurigrid_ff.host.agent_tools import ToolContext, check_agent_tool
from plurigrid_ff.host.nesting import compose, write_composition
from plurigrid_ff.host.parts import Composition
from plurigrid_ff.host.plugins import Host
from plurigrid_ff.inference import data_like, evaluate, predict, require_few, write_predictions
from plurigrid_ff.mcp_server.answers import ObjectiveList, Predictions
from plurigrid_ff.mcp_server.arguments import (
    EvaluateArguments,
    LintArguments,
    NestArguments,
    NoArguments,
    PluginJob,
    PredictArguments,
    ReplayArguments,
    ReproduceJob,
    TrainJob,
)
from plurigrid_ff.mcp_server.limits import Limits
from plurigrid_ff.mcp_server.working_folder import WorkingFolder
from plurigrid_ff.recipes import find_recipe
from plurigrid_ff.replay import ReplayReport, replay
from plurigrid_ff.reproduction import reproduce
from plurigrid_ff.results import Assessment
from plurigrid_ff.run_settings import join_plugins
from plurigrid_ff.runs import Watcher, train

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


def do_replay(job: ReplayArguments, desk: Desk) -> ReplayReport:
    """Derive a finished run again and compare."""
    return replay(
        job.run, host=desk.host, on_progress=lambda share: desk.report(share, "deriving again")
    )


def do_plugin_tool(job: PluginJob, desk: Desk) -> BaseModel:
    """Call the tool of a plugin."""
    offer = desk.host.tools[job.tool]
    tool = check_agent_tool(offer.load(), str(offer))
    context = ToolContext(desk.host, desk.limits.max_samples, desk.report)
    answer = tool.call(tool.arguments.parse(job.arguments, where=job.tool), context)
    if not isinstance(answer, tool.result):
        raise PluginError(
            f"{offer} answered a {type(answer).__name__}; expected {tool.result.__name__}"
        )
    return answer


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


def do_nest_triads(job: NestArguments, desk: Desk) -> Composition:
    """Evaluate an expression; files lie in the working folder, whichever file names them."""
    folder = WorkingFolder(Path())

    def locate(path: Path) -> Path:
        return folder.inside(str(path), where="expression")

    composition = compose(job.expression, desk.host.registry, locate=locate)
    if job.name is not None and job.out is not None:
        out = Path(job.out)
        write_composition(job.name, composition.expression, out, overwrite=job.overwrite)
    return composition


def do_lint_cards(job: LintArguments, desk: Desk) -> LintReport:
    """Check a folder of skill cards, and show the first findings."""
    found = lint(Path(job.path), desk.host.registry, resolve=job.resolve, pattern=job.pattern)
    return found.model_copy(update={"findings": found.findings[: job.show]})


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
    "replay": (ReplayArguments, do_replay),
    "plugin_tool": (PluginJob, do_plugin_tool),
    "predict": (PredictArguments, do_predict),
    "nest_triads": (NestArguments, do_nest_triads),
    "lint_cards": (LintArguments, do_lint_cards),
    "list_objectives": (NoArguments, do_list_objectives),
}
