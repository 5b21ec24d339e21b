"""Runs: what every door (Python, command line) calls. One run, one folder."""

import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from plurigrid_ff import __version__
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
from plurigrid_ff.host.triad import resolve_triad
from plurigrid_ff.report.reading import read_report
from plurigrid_ff.results import Assessment, RunReport
from plurigrid_ff.settings import flat_settings
from plurigrid_ff.warm_start import WarmStart, open_warm_start

if TYPE_CHECKING:
    from plurigrid_ff.data.dataset import Dataset
    from plurigrid_ff.host.log import LogEntry
    from plurigrid_ff.host.rounds import Outcome

GENERATOR = "forward-forward-learning"
VERSIONED = (
    "torch",
    "numpy",
    "scipy",
    "scikit-learn",
    "gudhi",
    "networkx",
    "pydantic",
    "pillow",
    "kaldi-native-fbank",
)


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
    skills = _resolve(config, host)
    join_plugins(host)
    config = _resolved(config, skills)
    graph = build_graph(config.society.graph, config.society.agents, seed=config.seed)
    folder = RunFolder(out)
    if resume and folder.is_complete and not folder.is_begun:
        _require_same(config, read_run_config(out), out)
        return read_report(out)
    begun = resume and folder.is_begun
    if begun:
        _require_same(config, read_run_config(folder.partial), folder.partial)
        start = folder.partial / START_FOLDER
    else:
        folder.require_free(overwrite=overwrite)
    config, warm = _opened_start(config, skills, list(graph), start)
    data = _load_data(config)
    watcher.on_data(data)
    _require_buildable(config, data)
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


def join_plugins(host: Host) -> None:
    """Let networks use the objectives and the blocks that plugins offer.

    Raises:
        PluginError: A plugin offers one under a name that is taken.
    """
    from plurigrid_ff.learning.blocks import offer_blocks
    from plurigrid_ff.learning.objectives import offer_objectives

    offer_objectives(host.objectives)
    offer_blocks(host.blocks)


def open_settings(config: RunConfig, host: Host) -> tuple[RunConfig, "Dataset"]:
    """Fill in what a run's settings leave open and load its data; write nothing.

    Args:
        config: The settings.
        host: Skills, objectives and blocks to choose from.

    Raises:
        PlurigridError: What :func:`train` would refuse before it begins.
    """
    skills = _resolve(config, host)
    join_plugins(host)
    config = _resolved(config, skills)
    data = _load_data(config)
    _require_buildable(config, data)
    return config, data


def _resolve(config: RunConfig, host: Host) -> dict[Role, Skill]:
    """Find the run's skills and require that its tables belong to them."""
    if config.triad is not None:
        skills = resolve_triad(config.triad, host.registry)
    else:
        skills = {Role.GENERATOR: host.registry.skill(GENERATOR)}
    names = {skill.name for skill in skills.values()}
    for name in config.skills:
        if name not in names:
            host.registry.role(name, where="skills: ")
            raise ConfigError(
                f"skills.{name}: settings for a skill that this run does not use; it uses "
                f"{', '.join(sorted(names))}"
            )
    return skills


def _resolved(config: RunConfig, skills: dict[Role, Skill]) -> RunConfig:
    """Fill in what was left open: the device, and the skills' defaults."""
    from plurigrid_ff.learning.devices import resolve_device
    from plurigrid_ff.learning.negatives import NONE, find_negatives
    from plurigrid_ff.learning.objectives import parse_options

    tables = {
        skill.name: skill.parse_config(config.skills, where="run").model_dump(mode="json")
        for skill in skills.values()
    }
    options = parse_options(config.network.objective, config.network.options)
    negatives = find_negatives(config.network)
    scaling = config.network.scaling
    if scaling == "auto":
        scaling = "standard" if config.data.source.lower().endswith(".csv") else "none"
    network = config.network.model_copy(
        update={
            "options": options.model_dump(mode="json"),
            "negatives": negatives.name if negatives else NONE,
            "scaling": scaling,
        }
    )
    device = resolve_device(config.device).type
    update: dict[str, Any] = {"skills": tables, "network": network, "device": device}
    return config.model_copy(update=update)


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


def _require_buildable(config: RunConfig, data: "Dataset") -> None:
    """Refuse what samples of this shape, or the device, cannot have, before anything is written.

    Raises:
        ConfigError: What does not fit, and what would.
    """
    import torch

    from plurigrid_ff.learning.network import FFNetwork
    from plurigrid_ff.learning.requirements import require_trainable

    with torch.device("meta"):
        network = FFNetwork(config.network, data.feature_shape, data.num_classes, seed=0)
    require_trainable(config.training, network, torch.device(config.device))


def _require_same(asked: RunConfig, saved: RunConfig, folder: Path) -> None:
    """Refuse to go on with a run of other settings.

    Raises:
        ConfigError: The first setting that differs.
    """
    want, have = (
        flat_settings(asked.model_dump(mode="json")),
        flat_settings(saved.model_dump(mode="json")),
    )
    if asked.warm_start is not None and asked.warm_start.log_head is None:
        have.pop("warm_start.log_head", None)  # filled in when the run began
        want.pop("warm_start.log_head")
    for key in sorted(want.keys() | have.keys()):
        if want.get(key) != have.get(key):
            raise ConfigError(
                f"{folder}: its {key} is {have.get(key)!r}, but {want.get(key)!r} was asked for; "
                "resume with the settings it began with, or take another --out"
            )


def _load_data(config: RunConfig) -> "Dataset":
    """Read and check the data set."""
    from plurigrid_ff.data.load import load_dataset

    return load_dataset(config.data, seed=config.seed)


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


def installed_versions() -> dict[str, str]:
    """Versions of what a result depends on, without importing any of it."""
    versions = {"python": platform.python_version(), "plurigrid-ff": __version__}
    for name in VERSIONED:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            versions[name] = "not installed"
    return versions


def describe_machine() -> dict[str, str]:
    """Say what bits depend on beside versions: processor, system, and torch's threads."""
    import torch

    return {
        "machine": platform.machine(),
        "system": platform.system(),
        "processor": _processor(),
        "threads": str(torch.get_num_threads()),
    }


def _processor() -> str:
    """Return the processor's name, as well as the system tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())
