"""``plurigrid-ff nca grow`` and ``nca animate``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plurigrid_ff.cli.output import clean_errors, console, json_option, print_json
from plurigrid_ff.errors import ConfigError

if TYPE_CHECKING:
    from plurigrid_ff_nca.growing.training import Grower

SAVE_EVERY = 25  # rollouts: a few seconds of work


@click.command()
@click.argument("image", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--size", default=40, show_default=True, type=int, help="Cells in each direction.")
@click.option("--rollouts", type=int, help="How long to train; 600 by default.")
@click.option(
    "--learner",
    type=click.Choice(["goodness-difference", "one-step-backprop", "backprop-through-time"]),
    help="goodness-difference by default; the others are rivals with the same aids.",
)
@click.option("--sketch", is_flag=True, help="Perceive 48 -> 128, update -> 16, without aids.")
@click.option("--seed", default=0, show_default=True, type=int)
@click.option(
    "--out",
    default=Path("grown.safetensors"),
    show_default=True,
    type=click.Path(path_type=Path),
    help="Where the automaton is saved, also while it trains.",
)
@click.option("--resume", is_flag=True, help="Go on with what --out holds, exactly.")
@click.option("--film", type=click.Path(path_type=Path), help="Also write .gif, .png or .mp4.")
@json_option
def grow(
    image: Path,
    size: int,
    rollouts: int | None,
    learner: str | None,
    sketch: bool,
    seed: int,
    out: Path,
    resume: bool,
    film: Path | None,
    as_json: bool,
) -> None:
    """Train an automaton that grows IMAGE, which has transparency, from one cell.

    The learner is local regression of a goodness difference, on states that the automaton's own
    rollouts visit; half of the image may be erased, and it grows again.

    \b
    Example:
      plurigrid-ff nca grow lizard.png --out lizard.safetensors --film lizard.gif
      plurigrid-ff nca grow lizard.png --out lizard.safetensors --resume
    """
    with clean_errors(as_json):
        from plurigrid_ff.films import check_film
        from plurigrid_ff_nca.growing.checkpoint import save_grower

        if film is not None:
            check_film(film)
        given: dict[str, Any] = {"size": size, "seed": seed}
        given |= {"rollouts": rollouts} if rollouts is not None else {}
        given |= {"learner": learner} if learner is not None else {}
        grower = _resumed(out, rollouts) if resume else _begun(image, given, sketch, out)
        _train(grower, out, quiet=as_json)
        save_grower(grower, out)
        scores = grower.automaton.score()
        if film is not None:
            _write(grower, film, steps=250, erase_at=150)
        if as_json:
            print_json(
                {
                    "config": grower.config.model_dump(mode="json"),
                    "scores": scores.model_dump(mode="json"),
                    "rollouts": grower.rollouts,
                    "cpu_seconds": grower.cpu_seconds,
                    "out": str(out),
                }
            )
            return
        click.echo(f"learner     {grower.config.learner}, {grower.rollouts} rollouts")
        click.echo(
            f"error       {scores.steps_96:.4f} after 96 steps, {scores.steps_300:.4f} after 300"
        )
        click.echo(f"regrown     {scores.regrown:.4f}; an empty grid {scores.empty:.4f}")
        click.echo(f"written     {out}" + (f", {film}" if film else ""))


@click.command()
@click.argument("automaton", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--steps", default=250, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--erase-at", type=int, help="Erase the left half after so many steps.")
@click.option(
    "--scale", default=8, show_default=True, type=click.IntRange(1), help="Pixels a cell."
)
@click.option("--seed", default=0, show_default=True, type=click.IntRange(0))
@click.option(
    "--out",
    default=Path("grown.gif"),
    show_default=True,
    type=click.Path(path_type=Path),
    help=".gif, .png (animated) or .mp4, for which ffmpeg must be installed.",
)
@json_option
def animate(
    automaton: Path,
    steps: int,
    erase_at: int | None,
    scale: int,
    seed: int,
    out: Path,
    as_json: bool,
) -> None:
    """Write a film of AUTOMATON, which `nca grow` has saved, growing from one cell.

    \b
    Example:
      plurigrid-ff nca animate lizard.safetensors --erase-at 150 --out lizard.gif
    """
    with clean_errors(as_json):
        from plurigrid_ff.films import check_film
        from plurigrid_ff_nca.growing.checkpoint import load_grower

        check_film(out)
        grower = load_grower(automaton)
        frames = _write(grower, out, steps=steps, erase_at=erase_at, scale=scale, seed=seed)
        if as_json:
            print_json({"out": str(out), "frames": frames})
        else:
            click.echo(f"written {out}: {frames} frames")


def _begun(image: Path, given: dict[str, Any], sketch: bool, out: Path) -> "Grower":
    """Start a training, unless one is there already."""
    from plurigrid_ff_nca.growing.config import SKETCH, GrowConfig
    from plurigrid_ff_nca.growing.target import read_target
    from plurigrid_ff_nca.growing.training import Grower

    if out.exists():
        raise ConfigError(f"{out}: exists; go on with it with --resume, or choose another --out")
    base = SKETCH.model_dump() if sketch else {}
    config = GrowConfig.parse({**base, **given}, where="nca grow")
    return Grower(read_target(image, size=config.size), config)


def _resumed(out: Path, rollouts: int | None) -> "Grower":
    """Load a training."""
    from plurigrid_ff_nca.growing.checkpoint import load_grower

    return load_grower(out, rollouts=rollouts)


def _train(grower: "Grower", out: Path, *, quiet: bool) -> None:
    """Train with a bar, and save now and then."""
    import sys

    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from plurigrid_ff_nca.growing.checkpoint import save_grower

    columns = (TextColumn("growing {task.fields[error]}"), BarColumn(), TimeRemainingColumn())
    shown = not quiet and sys.stdout.isatty()
    with Progress(*columns, console=console(), transient=True, disable=not shown) as bar:
        task = bar.add_task("rollouts", total=grower.config.rollouts, error="")

        def report(done: int, error: float) -> None:
            bar.update(task, completed=done, error=f"{error:.5f}")
            if done % SAVE_EVERY == 0:
                save_grower(grower, out)

        grower.train(report)


def _write(
    grower: "Grower",
    path: Path,
    *,
    steps: int,
    erase_at: int | None,
    scale: int = 8,
    seed: int = 0,
) -> int:
    """Write a film, and return how many frames it has."""
    from plurigrid_ff_nca.films import film, write_film

    frames = film(grower.automaton, steps=steps, erase_at=erase_at, seed=seed)
    write_film(path, frames, scale=scale)
    return len(frames)
