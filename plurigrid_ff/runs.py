"""Runs: what every door (Python, command line) calls. One run, one folder."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plurigrid_ff.config import RunConfig
from plurigrid_ff.digest import digest
from plurigrid_ff.errors import ConfigError, RunFolderError
from plurigrid_ff.files import write_text
from plurigrid_ff.host.folder import (
    NETWORK_FILE,
    REPORT_FILE,
    START_FOLDER,
    RunFolder,
    read_run_config,
)
from plurigrid_ff.host.graphs import build_graph
from plurigrid_ff.host.plugins import Host, load_host
from plurigrid_ff.host.ports import WARM_START
from plurigrid_ff.host.skill import Documents, Role, RunContext, Skill, Trained, TrainedSociety
from plurigrid_ff.host.society import build_society
from plurigrid_ff.host.society_report import report_society, save_networks
from plurigrid_ff.provenance import describe_machine, installed_versions
from plurigrid_ff.report.reading import read_report
from plurigrid_ff.results import Assessment, RunReport
from plurigrid_ff.run_settings import (
    join_plugins,
    load_data,
    require_buildable,
    require_same,
    resolve_settings,
    resolve_skills,
)
from plurigrid_ff.warm_start import WarmStart, open_warm_start

if TYPE_CHECKING:
    from plurigrid_ff.data.dataset import Dataset
    from plurigrid_ff.host.log import LogEntry
    from plurigrid_ff.host.rounds import Outcome


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who wants to see a run going on.

    Attributes:
        on_data: Called once with the data set, before anything is written; may refuse it by
            raising.
        on_start: Called once, with the number of rounds.
        on_progress: Called with the share of all rounds that is done.
        on_entry: Called with every log entry.
        on_finish: Called once, with the report, when the run folder is complete.
    """

    on_data: "Callable[[Dataset], None]" = lambda data: None
    on_start: Callable[[int], None] = lambda rounds: None
    on_progress: Callable[[float], None] = lambda share: None
    on_entry: "Callable[[LogEntry], None]" = lambda entry: None
    on_finish: Callable[[RunReport], None] = lambda report: None


def train(
    config: RunConfig,
    out: Path | str,
    *,
    host: Host | None = None,
    resume: bool = False,
    overwrite: bool = False,
    watcher: Watcher | None = None,
    start: Path | None = None,
    pipeline: Callable[[Any], Any] | None = None,
) -> RunReport:
    """Train as the config says, alone or through its triad, and write the run folder.

    Args:
        config: The run's settings.
        out: Where the finished run will lie. Until then it grows in ``OUT.partial``.
        host: Skills to choose from; None loads every installed plugin.
        resume: Go on with an unfinished run of the same settings; start if there is none.
        overwrite: Replace a finished run, once this one is complete.
        watcher: Told what is going on.
        start: Where the run that ``config.warm_start`` names lies now, if it was moved.
        pipeline: Spreads the layers over processes, as
            :class:`~plurigrid_ff.distributed.leader.Leader` does; None: all are in this one.

    Returns:
        The report, as written to ``OUT/report.json``.

    Raises:
        PlurigridError: Anything the user can put right; nothing is lost by it.
    """
    out = Path(out)
    host = host or load_host()
    watcher = watcher or Watcher()
    if pipeline is not None and config.society.agents > 1:
        raise ConfigError(
            f"society.agents: processes divide the layers of one network, got "
            f"{config.society.agents} agents; take 1, or train them in one process"
        )
    skills = resolve_skills(config, host)
    join_plugins(host)
    config = resolve_settings(config, skills)
    graph = build_graph(config.society.graph, config.society.agents, seed=config.seed)
    folder = RunFolder(out)
    if resume and folder.is_complete and not folder.is_begun:
        require_same(config, read_run_config(out), out)
        return read_report(out)
    begun = resume and folder.is_begun
    if begun:
        require_same(config, read_run_config(folder.partial), folder.partial)
        start = folder.partial / START_FOLDER
    else:
        folder.require_free(overwrite=overwrite)
    config, warm = _opened_start(config, skills, list(graph), start)
    data = load_data(config)
    watcher.on_data(data)
    require_buildable(config, data)
    if warm is not None:
        warm.require_data(data)
    society = build_society(config, data, graph)
    context = RunContext(config, data, society, pipeline=pipeline)
    try:
        if not begun:
            folder.begin(config, warm.copy_to if warm else None)
        report = _run(context, skills, folder.partial, watcher, warm)
        folder.finish()
    except OSError as error:
        raise RunFolderError(
            f"{folder.partial}: cannot be written: {error.strerror or error}; what was at {out} "
            "is untouched: put that right and go on with --resume"
        ) from error
    watcher.on_finish(report)
    return report


def _opened_start(
    config: RunConfig, skills: dict[Role, Skill], agents: list[str], start: Path | None
) -> tuple[RunConfig, WarmStart | None]:
    """Open the run that this one begins with, if it does, and fill in the end of its log."""
    if config.warm_start is None:
        return config, None
    place = start or Path(config.warm_start.run)
    warm = open_warm_start(config, agents, skills[Role.GENERATOR].card, place)
    known = config.warm_start.model_copy(update={"log_head": warm.log_head})
    return config.model_copy(update={"warm_start": known}), warm


def _run(
    context: RunContext,
    skills: dict[Role, Skill],
    partial: Path,
    watcher: Watcher,
    warm: WarmStart | None,
) -> RunReport:
    """Run the rounds and write what a finished run consists of."""
    from plurigrid_ff.host.checkpoints import remove_checkpoints
    from plurigrid_ff.host.rounds import Rounds
    from plurigrid_ff.report import write_report

    rounds = Rounds(
        skills,
        context,
        partial,
        start={WARM_START.name: warm.weights()} if warm else {},
        on_progress=watcher.on_progress,
        on_entry=watcher.on_entry,
    )
    watcher.on_start(rounds.total)
    outcome = rounds.run()
    report = _report(context, skills, outcome, partial)
    for skill in outcome.built.values():
        if isinstance(skill, Documents):
            skill.save_files(partial)
    write_text(partial / REPORT_FILE, report.model_dump_json(indent=2) + "\n")
    write_report(partial)
    remove_checkpoints(partial)
    return report


def _report(
    context: RunContext, skills: dict[Role, Skill], outcome: "Outcome", partial: Path
) -> RunReport:
    """Put together what the run found, and save the networks."""
    config, data = context.run, context.data
    generator = outcome.built[Role.GENERATOR]
    society = None
    assessed: Assessment | None = None
    if config.society.agents > 1:
        networks = generator.networks if isinstance(generator, TrainedSociety) else {}
        save_networks(networks, outcome.society, partial)
        society, assessed = report_society(context, outcome.society, networks, outcome.log.entries)
    elif isinstance(generator, Trained):
        generator.save_network(partial / NETWORK_FILE)
        assessed = generator.assess()
    planned = config.training.rounds
    triad = None
    if config.triad is not None:
        triad = {"name": config.triad.name}
        triad |= {role.slot: skill.name for role, skill in skills.items()}
    return RunReport(
        triad=triad,
        trit_sum=outcome.log.trit_sum,
        verdict=outcome.verdict,
        society=society,
        test_accuracy=assessed.accuracy if assessed else None,
        layers=assessed.layers if assessed else (),
        confusion=assessed.confusion if assessed else (),
        class_names=data.class_names,
        rounds=outcome.rounds,
        planned_rounds=planned if outcome.rounds < planned else None,
        kept_round=assessed.kept_round if assessed else None,
        negatives=config.network.negatives,
        readout=config.network.readout,
        locality=config.network.locality,
        readout_layers=assessed.readout_layers if assessed else None,
        parameters=generator.num_parameters if isinstance(generator, Trained) else 0,
        data=data.name,
        data_digest=data.digest,
        seed=config.seed,
        device=config.device,
        warm_start=config.warm_start,
        versions=installed_versions(),
        machine=describe_machine(),
        settings_digest=digest(config),
        seconds=round(outcome.seconds, 3),
        log_head=outcome.log.head,
    )
