"""``plurigrid-ff predict``."""

import csv
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import clean_errors, json_option, print_json

if TYPE_CHECKING:
    from plurigrid_ff.config import Device
    from plurigrid_ff.inference import Prediction


@click.command("predict")
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.argument("samples", type=click.Path(path_type=Path))
@click.option("--label-column", help="CSV column to leave out of the features.")
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
        from plurigrid_ff.files import written_beside
        from plurigrid_ff.inference import predict

        predictions = predict(
            run_folder, samples, label_column=label_column, device=device, host=options.host
        )
        if out is not None:
            with (
                written_beside(out) as temporary,
                temporary.open("w", newline="", encoding="utf-8") as file,
            ):
                write_csv(file, predictions)
        if as_json:
            print_json([prediction.model_dump(mode="json") for prediction in predictions])
        elif out is None:
            write_csv(sys.stdout, predictions)
        else:
            click.echo(f"wrote {len(predictions)} labels to {out}")


def write_csv(file: TextIO, predictions: "list[Prediction]") -> None:
    """Write one row per sample, with a column of files where samples have files."""
    writer = csv.writer(file, lineterminator="\n")
    named = any(item.file is not None for item in predictions)
    writer.writerow(("sample", *(["file"] if named else []), "label", "probability"))
    for item in predictions:
        name = [item.file] if named else []
        writer.writerow((item.sample, *name, item.label, f"{item.probability:.6f}"))
