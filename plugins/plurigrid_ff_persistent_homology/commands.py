"""``plurigrid-ff topology`` and ``plurigrid-ff drift``."""

import sys
from pathlib import Path
from typing import Any

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import (
    EXIT_REFUSED,
    clean_errors,
    json_option,
    print_json,
    print_table,
)

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
@click.argument("run_a", type=click.Path(path_type=Path))
@click.argument("run_b", type=click.Path(path_type=Path))
@click.option("--layer", type=int, help="Only this layer, counted from 1.")
@SAMPLES
@LANDMARKS
@SEED
@json_option
@click.pass_obj
def compare(
    options: Options,
    /,
    run_a: Path,
    run_b: Path,
    layer: int | None,
    samples: int,
    landmarks: int,
    seed: int,
    as_json: bool,
) -> None:
    """Measure how far apart the persistence diagrams of two runs' layers are.

    Both networks see the held-out samples of RUN_A. H0 is exact; H1 is computed on
    landmarks, and its bottleneck distance is known to the stated uncertainty.

    \b
    Example:
      plurigrid-ff topology compare runs/digits runs/other --layer 1 --json
    """
    with clean_errors(as_json):
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
            for item in (*found.layers, *found.steps)
        ]
        print_table((*columns, "H1 Wasserstein"), rows)


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


@click.command("drift")
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.argument("samples", type=click.Path(path_type=Path))
@click.option("--rate", type=float, help="False alarms on clean windows; 0.05 if not given.")
@click.option("--relabelings", type=int, help="Compared with the window; 199 if not given.")
@click.option("--window", "most_window", type=int, help="Samples judged, at most; 300.")
@click.option("--seed", type=int, help="Chooses samples and relabelings; 0.")
@click.option("--label-column", help="CSV column to leave out of the features.")
@json_option
@click.pass_obj
def drift(
    options: Options,
    /,
    run_folder: Path,
    samples: Path,
    label_column: str | None,
    as_json: bool,
    **chosen: Any,
) -> None:
    """Tell whether SAMPLES have drifted from the held-out data of RUN_FOLDER.

    Exits with 3 where the topology of the layers says so. SAMPLES are read as those of
    `plurigrid-ff predict`. Mean goodness and predicted labels are judged beside it.

    \b
    Example:
      plurigrid-ff drift runs/digits monday.npz --rate 0.01
    """
    with clean_errors(as_json):
        from plurigrid_ff_persistent_homology.alarm import DriftSettings, check_drift

        given = {name: value for name, value in chosen.items() if value is not None}
        report = check_drift(
            run_folder,
            samples,
            settings=DriftSettings.parse(given, where="drift"),
            label_column=label_column,
            host=options.host,
        )
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        word = "drift" if report.alarm else "no drift"
        where = f" ({report.topology.where})" if report.alarm else ""
        click.echo(
            f"{word}{where}: {report.window_size} of {report.given} samples against "
            f"{report.reference_size} held-out ones, false-alarm rate {report.rate:g}"
        )
        rows = [
            (
                item.name,
                "alarm" if item.alarm else "quiet",
                f"{item.p_value:.3f}",
                f"{item.score:.2f}",
                f"{item.threshold:.2f}",
            )
            for item in (report.topology, *report.baselines)
        ]
        print_table(("statistic", "says", "p", "score", "threshold"), rows)
    if report.alarm:
        sys.exit(EXIT_REFUSED)
