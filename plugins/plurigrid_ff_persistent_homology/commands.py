"""``plurigrid-ff topology``."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import clean_errors, json_option, print_json, print_table

if TYPE_CHECKING:
    from plurigrid_ff_persistent_homology.distances import DiagramDistance

ROUND = re.compile(r"(?P<run>.+)@(?P<round>[0-9]{1,9})")

SAMPLES = click.option(
    "--samples", default=500, show_default=True, type=click.IntRange(4, 5000), help="At most."
)
LANDMARKS = click.option(
    "--landmarks",
    default=128,
    show_default=True,
    type=click.IntRange(4, 500),
    help="Points that H1 is computed on, at most.",
)
SEED = click.option(
    "--seed", default=0, show_default=True, type=click.IntRange(0), help="Chooses the samples."
)


@click.group("topology")
def topology() -> None:
    """Compare and draw the topology of layers: persistent homology of their activities.

    \b
    Example:
      plurigrid-ff topology compare runs/digits runs/other
    """


@topology.command("compare")
@click.argument("run_a")
@click.argument("run_b")
@click.option("--layer", type=int, help="Only this layer, counted from 1.")
@SAMPLES
@LANDMARKS
@SEED
@json_option
@click.pass_context
def compare(
    context: click.Context,
    /,
    run_a: str,
    run_b: str,
    layer: int | None,
    samples: int,
    landmarks: int,
    seed: int,
    as_json: bool,
) -> None:
    """Measure how far apart the persistence diagrams of two runs' layers are.

    Both networks see the held-out samples of RUN_A. H0 is exact; H1 is computed on
    landmarks, and its bottleneck distance is known to the stated uncertainty.

    RUN@ROUND names a round of a run whose validator was persistent-homology: the diagrams
    it kept, of the probes it judged by. Round 0 is before any training.

    \b
    Example:
      plurigrid-ff topology compare runs/digits runs/other --layer 1 --json
      plurigrid-ff topology compare runs/digits@1 runs/digits@10
    """
    options: Options = context.obj
    with clean_errors(as_json):
        named = [_run_and_round(text) for text in (run_a, run_b)]
        if any(round is not None for _, round in named):
            _compare_rounds(context, named, layer, as_json)
            return
        from plurigrid_ff_persistent_homology.compare import compare_runs

        found = compare_runs(
            run_a,
            run_b,
            layer=layer,
            most_samples=samples,
            landmarks=landmarks,
            seed=seed,
            host=options.host,
        )
        if as_json:
            print_json(found.model_dump(mode="json"))
            return
        click.echo(f"{found.samples} held-out samples of {found.data}; A {run_a}, B {run_b}")
        _print_distances((*found.layers, *found.steps))


@topology.command("rounds")
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.option("--layer", type=int, help="Only this layer, counted from 1.")
@json_option
def rounds(run_folder: Path, layer: int | None, as_json: bool) -> None:
    """Measure how far the layers of RUN_FOLDER moved from each round to the next.

    RUN_FOLDER is a run whose validator was persistent-homology: it keeps the diagrams of
    every round. Round 0 is before any training. report.html draws the same.

    \b
    Example:
      plurigrid-ff topology rounds runs/digits --layer 2
    """
    with clean_errors(as_json):
        from plurigrid_ff_persistent_homology.rounds import follow_rounds

        found = follow_rounds(run_folder, layer=layer)
        if as_json:
            print_json(found.model_dump(mode="json"))
            return
        click.echo(f"{found.probes} probes, rounds {', '.join(map(str, found.rounds))}")
        _print_distances(found.moves)


@topology.command("curves")
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="SVG file to write.")
@SAMPLES
@LANDMARKS
@SEED
@json_option
@click.pass_obj
def curves(
    options: Options,
    /,
    run_folder: Path,
    out: Path,
    samples: int,
    landmarks: int,
    seed: int,
    as_json: bool,
) -> None:
    """Draw the Betti curves of the input and of every layer of RUN_FOLDER.

    \b
    Example:
      plurigrid-ff topology curves runs/digits --out betti.svg
    """
    with clean_errors(as_json):
        from plurigrid_ff_persistent_homology.curves import draw_betti_curves

        seen = draw_betti_curves(
            run_folder,
            out,
            most_samples=samples,
            landmarks=landmarks,
            seed=seed,
            host=options.host,
        )
        if as_json:
            print_json({"out": str(out), "samples": seen})
        else:
            click.echo(f"wrote {out}, of {seen} held-out samples")


def _run_and_round(text: str) -> tuple[str, int | None]:
    """Take ``RUN@ROUND`` apart; a folder that is called so is a folder."""
    match = ROUND.fullmatch(text)
    if match is None or Path(text).exists():
        return text, None
    return match["run"], int(match["round"])


def _compare_rounds(
    context: click.Context,
    named: list[tuple[str, int | None]],
    layer: int | None,
    as_json: bool,
) -> None:
    """Compare kept rounds; what they were made of is settled."""
    from plurigrid_ff_persistent_homology.rounds import compare_rounds

    (run_a, round_a), (run_b, round_b) = named
    if round_a is None or round_b is None:
        without = run_a if round_a is None else run_b
        raise click.UsageError(
            f"{without!r} names no round, and the other run does: diagrams of rounds are of probes "
            "chosen back then; write both as RUN@ROUND, or neither"
        )
    for name in ("samples", "landmarks", "seed"):
        if context.get_parameter_source(name) is not click.core.ParameterSource.DEFAULT:
            raise click.UsageError(f"--{name}: diagrams of rounds are kept as they were; leave out")
    found = compare_rounds(run_a, round_a, run_b, round_b, layer=layer)
    if as_json:
        print_json(found.model_dump(mode="json"))
        return
    click.echo(f"{found.probes} probes; A {run_a}, B {run_b}")
    _print_distances(found.layers)


def _print_distances(distances: "Sequence[DiagramDistance]") -> None:
    """Print a row per pair of layers."""
    columns = ("diagrams of", "and of", "H0 bottleneck", "H0 Wasserstein", "H1 bottleneck")
    rows = [
        (
            item.first,
            item.second,
            f"{item.bottleneck_h0:.4f}",
            f"{item.wasserstein_h0:.3f}",
            f"{item.bottleneck_h1:.4f} ± {item.uncertainty_h1:.2f}",
            f"{item.wasserstein_h1:.3f}",
        )
        for item in distances
    ]
    print_table((*columns, "H1 Wasserstein"), rows)
