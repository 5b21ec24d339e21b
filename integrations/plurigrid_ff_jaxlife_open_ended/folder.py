"""A world in its folder: begun or gone on with, and what it leaves."""

from collections.abc import Callable
from pathlib import Path

from plurigrid_ff.errors import ConfigError, RunFolderError
from plurigrid_ff.files import write_text
from plurigrid_ff_jaxlife_open_ended.checkpoint import load_simulation, save_simulation
from plurigrid_ff_jaxlife_open_ended.config import WorldConfig
from plurigrid_ff_jaxlife_open_ended.exchange import load_brain
from plurigrid_ff_jaxlife_open_ended.records import Record, Report
from plurigrid_ff_jaxlife_open_ended.simulation import Simulation

STATE_FILE = "world.safetensors"
REPORT_FILE = "report.json"
Watch = Callable[[Record], None]


def start(
    folder: Path,
    config: WorldConfig,
    *,
    shadow: bool = True,
    brain: Path | None = None,
    watch: Watch = lambda record: None,
    progress: Callable[[int], None] = lambda step: None,
) -> Report:
    """Begin a world in a new folder and run it.

    Args:
        folder: Where.
        config: Its settings.
        shadow: Whether its neutral shadow runs beside it.
        brain: File of a brain that all agents begin with; None: each with a random one.
        watch: Told of every window.
        progress: Told of every step.

    Raises:
        RunFolderError: Something lies there already.
        CheckpointError: The file holds no brain for this world.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunFolderError(
            f"{folder}: exists already; choose another --out, or go on with "
            f"`plurigrid-ff world resume {folder}` if it is a world"
        )
    ancestor = None if brain is None else load_brain(brain, config.hidden)
    simulation = Simulation.begin(config, shadow=shadow, ancestor=ancestor)
    folder.mkdir(parents=True, exist_ok=True)
    return _run(folder, simulation, watch, progress)


def go_on(
    folder: Path,
    *,
    steps: int | None = None,
    watch: Watch = lambda record: None,
    progress: Callable[[int], None] = lambda step: None,
) -> Report:
    """Run what is left of a world, from its last record on.

    Args:
        folder: Where it lies.
        steps: Run to this step in all instead of to the one that was planned.
        watch: Told of every window.
        progress: Told of every step.

    Raises:
        RunFolderError: The folder holds no world.
        CheckpointError: Its file is damaged.
        ConfigError: It is past that step.
    """
    simulation = open_world(folder)
    if steps is not None:
        if steps < simulation.steps:
            raise ConfigError(
                f"{folder}: is at step {simulation.steps} already, got steps {steps}; name a later "
                "one, or begin another world"
            )
        simulation.config = simulation.config.model_copy(update={"steps": steps})
    return _run(folder, simulation, watch, progress)


def open_world(folder: Path) -> Simulation:
    """Take up the world in a folder.

    Raises:
        RunFolderError: The folder holds none.
        CheckpointError: Its file is damaged.
    """
    path = folder / STATE_FILE
    if not path.is_file():
        raise RunFolderError(
            f"{folder}: not a world (no {STATE_FILE}); make one with `plurigrid-ff world run`"
        )
    return load_simulation(path)


def _run(
    folder: Path, simulation: Simulation, watch: Watch, progress: Callable[[int], None]
) -> Report:
    """Run to the end, saving every window."""

    def record(window: Record) -> None:
        save_simulation(simulation, folder / STATE_FILE)
        watch(window)

    simulation.run(record, progress)
    report = simulation.report()
    write_text(folder / REPORT_FILE, report.model_dump_json(indent=2) + "\n")
    return report
