"""``plurigrid-ff drift``."""

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
