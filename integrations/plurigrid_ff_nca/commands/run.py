"""``plurigrid-ff nca run``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from plurigrid_ff.cli.output import clean_errors, json_option, print_json

if TYPE_CHECKING:
    from plurigrid_ff_nca.rules.rule import Rule
    from plurigrid_ff_nca.rules.space import Grids


@click.command()
@click.argument("rule")
@click.option(
    "--pattern", type=click.Path(path_type=Path), help=".rle, .cells, .png or .npy; else random."
)
@click.option("--steps", default=100, show_default=True, type=click.IntRange(1, 10_000))
@click.option(
    "--size",
    default=64,
    show_default=True,
    type=click.IntRange(1, 1024),
    help="At least, in cells.",
)
@click.option("--border", default="periodic", type=click.Choice(["periodic", "dead"]))
@click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="Of a random grid."
)
@click.option(
    "--scale", default=4, show_default=True, type=click.IntRange(1), help="Pixels a cell."
)
@click.option(
    "--out", type=click.Path(path_type=Path), help="A film (.gif, .png, .mp4), or .rle or .npy."
)
@json_option
def run(
    rule: str,
    pattern: Path | None,
    steps: int,
    size: int,
    border: str,
    seed: int,
    scale: int,
    out: Path | None,
    as_json: bool,
) -> None:
    """Run RULE, a notation like B3/S23 or a file that `nca learn --out` wrote.

    \b
    Example:
      plurigrid-ff nca run B3/S23 --pattern glider.rle --steps 100 --out glider.gif
      plurigrid-ff nca run life.json --size 32 --json
    """
    with clean_errors(as_json):
        from plurigrid_ff_nca.rules.files import check_output, write_output
        from plurigrid_ff_nca.rules.notation import name_rule, parse_rule
        from plurigrid_ff_nca.rules.written import load_rule

        if out is not None:
            check_output(out)
        known = load_rule(Path(rule)) if rule.endswith(".json") else parse_rule(rule)
        start = _start(known, pattern, size, seed)
        film = known.run(start, steps, border="dead" if border == "dead" else "periodic")
        if out is not None:
            write_output(out, film, known, scale=scale)
        population = [int((grid > 0).sum()) for grid in film]
        if as_json:
            print_json(
                {
                    "rule": name_rule(known),
                    "steps": steps,
                    "population": population,
                    "grid": film[-1].tolist(),
                }
            )
            return
        click.echo(f"rule        {name_rule(known) or rule}")
        click.echo(f"population  {population[0]} at first, {population[-1]} after {steps} steps")
        if out is not None:
            click.echo(f"written     {out}")
        elif film[-1].ndim == 2 and film[-1].shape[1] <= 100:
            click.echo("\n".join("".join(".O"[min(cell, 1)] for cell in row) for row in film[-1]))


def _start(rule: "Rule", pattern: Path | None, size: int, seed: int) -> "Grids":
    """Read a pattern into the middle of a grid, or draw a random one."""
    import numpy as np

    from plurigrid_ff_nca.rules.files import read_film
    from plurigrid_ff_nca.rules.rule import check_grid

    dimensions = rule.space.dimensions
    if pattern is None:
        rng = np.random.default_rng(seed)
        return rng.integers(0, rule.space.states, (size,) * dimensions, dtype=np.uint8)
    cells = read_film([pattern])[0]
    check_grid(cells, rule.space)
    grid = np.zeros([max(size, extent) for extent in cells.shape], np.uint8)
    corners = [(extent - own) // 2 for extent, own in zip(grid.shape, cells.shape, strict=True)]
    window = tuple(
        slice(corner, corner + own) for corner, own in zip(corners, cells.shape, strict=True)
    )
    grid[window] = cells
    return grid
