"""``plurigrid-ff world``: run, resume, show, animate, brain. JAX loads when a command works."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from plurigrid_ff.cli.output import (
    EXIT_INTERRUPTED,
    clean_errors,
    fail,
    json_option,
    print_json,
    print_table,
)
from plurigrid_ff.errors import ConfigError, RunFolderError
from plurigrid_ff_jaxlife_open_ended.telling import openness, row, tell, watched

FOLDER = click.argument("folder", type=click.Path(path_type=Path))


@click.group("world")
def world() -> None:
    """Run worlds of agents that learn while they live, breed and die.

    \b
    Example:
      plurigrid-ff world run --steps 2000 --out runs/world
      plurigrid-ff world animate runs/world --out world.gif
    """


@world.command("run")
@click.option("--steps", type=int, help="Steps to run.  [default: 2000]")
@click.option("--agents", type=int, help="Agents at first, and at most.  [default: 1000]")
@click.option("--size", type=int, help="Height and width in cells.  [default: 64]")
@click.option("--hidden", type=int, help="Units of a brain's layer.  [default: 16]")
@click.option("--frozen", is_flag=True, help="Nobody learns; brains only evolve.")
@click.option(
    "--inheritance",
    type=click.Choice(["learned", "innate"]),
    help="Whether children inherit what was learned.  [default: learned]",
)
@click.option("--learning-rate", type=float, help="Step size of an update.  [default: 0.05]")
@click.option("--mutation", type=float, help="Noise on a child's weights.  [default: 0.1]")
@click.option("--regrowth", type=float, help="Chance of food to grow in a cell.  [default: 0.02]")
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Any other setting.")
@click.option("--window", type=int, help="Steps between two records.  [default: 100]")
@click.option("--brain", type=click.Path(path_type=Path), help="Begin with copies of this brain.")
@click.option("--no-shadow", is_flag=True, help="Do without the neutral shadow: twice as fast.")
@click.option("--seed", type=int, help="Every draw derives from it.  [default: 0]")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder.")
@json_option
def run(
    settings: tuple[str, ...],
    frozen: bool,
    brain: Path | None,
    no_shadow: bool,
    out: Path,
    as_json: bool,
    **options: Any,
) -> None:
    """Begin a world in a new folder and run it.

    \b
    Example:
      plurigrid-ff world run --steps 2000 --seed 1 --out runs/world
      plurigrid-ff world run --frozen --set max_age=500 --out runs/frozen --json
    """
    with clean_errors(as_json), resumable(out, as_json):
        from plurigrid_ff_jaxlife_open_ended.config import WorldConfig

        given = {name: value for name, value in options.items() if value is not None}
        given |= _parse(settings) | ({"learning": False} if frozen else {})
        config = WorldConfig.parse(given, where="world run")

        from plurigrid_ff_jaxlife_open_ended.folder import start

        with watched(config.steps, quiet=as_json) as (watch, progress):
            report = start(
                out, config, shadow=not no_shadow, brain=brain, watch=watch, progress=progress
            )
        tell(report, out, as_json)


@world.command("resume")
@FOLDER
@click.option("--steps", type=click.IntRange(1), help="Run to this step in all, if not as planned.")
@json_option
def resume(folder: Path, steps: int | None, as_json: bool) -> None:
    """Go on with the world in FOLDER; it becomes what it would be without an interrupt.

    \b
    Example:
      plurigrid-ff world resume runs/world
      plurigrid-ff world resume runs/world --steps 10000
    """
    with clean_errors(as_json), resumable(folder, as_json):
        from plurigrid_ff_jaxlife_open_ended.folder import go_on, open_world

        simulation = open_world(folder)
        planned = steps or simulation.config.steps
        with watched(planned, quiet=as_json) as (watch, progress):
            report = go_on(folder, steps=steps, watch=watch, progress=progress)
        tell(report, folder, as_json)


@world.command("show")
@FOLDER
@json_option
def show(folder: Path, as_json: bool) -> None:
    """Show the records of the world in FOLDER.

    \b
    Example:
      plurigrid-ff world show runs/world
    """
    with clean_errors(as_json):
        from plurigrid_ff_jaxlife_open_ended.folder import open_world

        simulation = open_world(folder)
        report, history = simulation.report(), simulation.history
        if as_json:
            records = [record.model_dump(mode="json") for record in history]
            print_json({"report": report.model_dump(mode="json"), "history": records})
            return
        columns = ("step", "alive", "founders", "food per agent-step", "deaths", "births")
        rows = [(*row(record), *openness(record)) for record in history]
        print_table((*columns, "novelty x learnability", "its shadow's"), rows)
        tell(report, folder, as_json)


@world.command("animate")
@FOLDER
@click.option("--steps", default=200, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--from-start", is_flag=True, help="From the first step, not from where it is.")
@click.option("--every", default=1, show_default=True, type=click.IntRange(1))
@click.option("--scale", default=6, show_default=True, type=click.IntRange(1), help="Of a cell.")
@click.option("--frame-rate", default=25, show_default=True, type=click.IntRange(1, 100))
@click.option(
    "--out",
    default=Path("world.gif"),
    show_default=True,
    type=click.Path(path_type=Path),
    help=".gif, .png (animated) or .mp4, for which ffmpeg must be installed.",
)
@json_option
def animate(
    folder: Path,
    steps: int,
    from_start: bool,
    every: int,
    scale: int,
    frame_rate: int,
    out: Path,
    as_json: bool,
) -> None:
    """Write a film of the next steps of the world in FOLDER, which stays as it is.

    Food is green; agents have the colour of the founder that they descend from.

    \b
    Example:
      plurigrid-ff world animate runs/world --steps 300 --out world.gif
      plurigrid-ff world animate runs/world --from-start --out birth.png
    """
    with clean_errors(as_json):
        from plurigrid_ff.films import check_film, write_film

        check_film(out)
        from plurigrid_ff_jaxlife_open_ended.folder import open_world
        from plurigrid_ff_jaxlife_open_ended.frames import film
        from plurigrid_ff_jaxlife_open_ended.world import begin

        simulation = open_world(folder)
        config = simulation.config
        first = begin(config) if from_start else simulation.world
        with watched(steps, quiet=as_json) as (_, progress):
            frames = film(first, config, steps=steps, every=every, progress=progress)
        write_film(out, frames, scale=scale, frame_rate=frame_rate)
        if as_json:
            print_json({"out": str(out), "frames": len(frames)})
        else:
            click.echo(f"written {out}: {len(frames)} frames")


@world.command("brain")
@FOLDER
@click.option("--slot", type=click.IntRange(0), help="Of an agent; that with most energy if none.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A network file.")
@json_option
def brain(folder: Path, slot: int | None, out: Path, as_json: bool) -> None:
    """Write an agent's brain as a Forward-Forward network, with its actions for classes.

    \b
    Example:
      plurigrid-ff world brain runs/world --out brain.safetensors
      plurigrid-ff world run --brain brain.safetensors --out runs/again
    """
    with clean_errors(as_json):
        from plurigrid_ff_jaxlife_open_ended.exchange import brain_of, save_brain
        from plurigrid_ff_jaxlife_open_ended.folder import open_world

        if out.exists():
            raise RunFolderError(f"{out}: exists already; choose another --out")
        simulation = open_world(folder)
        found = brain_of(simulation.world.people, slot)
        save_brain(found.brain, simulation.config, out, updates=found.age)
        told = {"out": str(out), "slot": found.slot, "age": found.age, "energy": found.energy}
        if as_json:
            print_json(told)
        else:
            click.echo(
                f"written {out}: agent {found.slot}, {found.age} steps old, energy {found.energy}"
            )


@contextmanager
def resumable(folder: Path, as_json: bool) -> Iterator[None]:
    """Say how to go on after an interrupt."""
    try:
        yield
    except KeyboardInterrupt:
        message = (
            f"interrupted; `plurigrid-ff world resume {folder}` goes on from the last record, if "
            "there was one"
        )
        fail("Interrupted", message, as_json=as_json, status=EXIT_INTERRUPTED)


def _parse(settings: tuple[str, ...]) -> dict[str, str]:
    """Read ``KEY=VALUE``.

    Raises:
        ConfigError: No equals sign.
    """
    parsed = {}
    for text in settings:
        key, equals, value = text.partition("=")
        if not equals:
            raise ConfigError(f"--set {text!r}: expected KEY=VALUE, as in max_age=500")
        parsed[key.strip()] = value.strip()
    return parsed
