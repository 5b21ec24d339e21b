"""``plurigrid-ff predict``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import clean_errors, json_option, print_json, whose_network

if TYPE_CHECKING:
    from plurigrid_ff.config import Device


@click.command("predict")
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.argument("samples", type=click.Path(path_type=Path))
@click.option("--label-column", help="CSV column to leave out of the features.")
@click.option("--agent", help="Whose network, in a society; the best on validation by default.")
@click.option("--out", type=click.Path(path_type=Path), help="Write CSV here, not to the screen.")
@click.option("--device", default="auto", type=click.Choice(["auto", "cpu", "cuda"]))
@json_option
@click.pass_obj
def command(
    options: Options,
    /,
    run_folder: Path,
    samples: Path,
    label_column: str | None,
    agent: str | None,
    out: Path | None,
    device: "Device",
    as_json: bool,
) -> None:
    """Label SAMPLES with the network of RUN_FOLDER.

    SAMPLES is an .npz file with x, a .csv file, an idx file of images, an image, a .wav
    file, or a folder or tar of images or of .wav files, labelled in sorted order.

    \b
    Example:
      plurigrid-ff predict runs/digits new.csv --out labels.csv
      plurigrid-ff predict runs/flowers photos/
    """
    with clean_errors(as_json):
        from plurigrid_ff.finished import find_network
        from plurigrid_ff.host.folder import read_run_config
        from plurigrid_ff.inference import predict, write_csv, write_predictions

        found = find_network(run_folder, read_run_config(run_folder), agent)
        predictions = predict(
            run_folder,
            samples,
            label_column=label_column,
            agent=agent,
            device=device,
            host=options.host,
        )
        if found.agent is not None:
            click.echo(whose_network(found.agent, agent), err=True)
        if out is not None:
            write_predictions(predictions, out)
        if as_json:
            print_json([prediction.model_dump(mode="json") for prediction in predictions])
        elif out is None:
            write_csv(sys.stdout, predictions)
        else:
            click.echo(f"wrote {len(predictions)} labels to {out}")
