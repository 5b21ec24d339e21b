"""``plurigrid-ff export``."""

from pathlib import Path

import click

from plurigrid_ff.cli.output import clean_errors, json_option, print_json, printable
from plurigrid_ff.exports import FORMATS, export_run


@click.command("export")
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.option("--format", "format_", required=True, type=click.Choice(list(FORMATS)))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file to write.")
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
@json_option
def command(run_folder: Path, format_: str, out: Path, overwrite: bool, as_json: bool) -> None:
    """Write the network of RUN_FOLDER for another runtime.

    onnx: one graph from samples to the goodness of every class and the best label, for any
    batch size. safetensors: the weights, with the settings that rebuild the network.

    \b
    Example:
      plurigrid-ff export runs/digits --format onnx --out digits.onnx
    """
    with clean_errors(as_json):
        report = export_run(run_folder, out, format=format_, overwrite=overwrite)
        if as_json:
            print_json(report.model_dump(mode="json"))
            return
        for file in report.files:
            click.echo(printable(f"wrote {out.with_name(file.name)}  ({file.bytes:,} bytes)"))
        shape = " x ".join(map(str, report.feature_shape))
        click.echo(
            printable(f"samples of {shape} -> {len(report.class_names)} classes of {report.data}")
        )
