"""``plurigrid-ff export``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import (
    EXIT_ERROR,
    clean_errors,
    json_option,
    print_json,
    print_table,
    whose_network,
)
from plurigrid_ff.exports import FORMATS
from plurigrid_ff.text import printable

if TYPE_CHECKING:
    from plurigrid_ff.results import BuildCheck, CExportReport, ExportReport

C_FORMAT = "c"


@click.command("export")
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.option("--format", "format_", required=True, type=click.Choice([C_FORMAT, *FORMATS]))
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), help="The file, or for c the folder."
)
@click.option("--agent", help="Whose network, in a society; the best on validation by default.")
@click.option("--overwrite", is_flag=True, help="Replace what an export wrote there before.")
@click.option("--train", "learns", is_flag=True, help="c: with ff_learn, to learn on the device.")
@click.option("--untrained", is_flag=True, help="c: start from the run's initial weights.")
@click.option(
    "--halvings",
    type=click.IntRange(0, 30),
    help="c: halve the step size so often to begin with; 0 untrained, 4 trained.",
)
@click.option(
    "--budget-kb", "ram_kb", type=click.IntRange(min=1), help="c: KiB of RAM, stack included."
)
@click.option("--flash-kb", type=click.IntRange(min=1), help="c: KiB of flash.")
@click.option("--data", help="c: another data set to choose scales on and measure with.")
@click.option("--no-check", is_flag=True, help="c: do not build and run what is written.")
@json_option
@click.pass_obj
def command(
    options: Options,
    /,
    run_folder: Path,
    format_: str,
    out: Path,
    agent: str | None,
    overwrite: bool,
    as_json: bool,
    **for_c: Any,
) -> None:
    """Write the network of RUN_FOLDER for another runtime.

    c: a folder of C99 without heap, float or library that predicts and, with --train, learns
    with int8 weights; built and run with the compilers that are there. onnx: one graph from
    samples to the goodness of every class and the best label, for any batch size.
    safetensors: the weights, with the settings that rebuild the network.

    \b
    Example:
      plurigrid-ff export runs/digits --format onnx --out digits.onnx
      plurigrid-ff export runs/digits --format c --train --budget-kb 64 --out chip
    """
    if format_ != C_FORMAT:
        _require_no_c_options(format_, for_c)
    elif not for_c["learns"]:
        _require_no_learning_options(for_c)
    with clean_errors(as_json):
        if format_ == C_FORMAT:
            report = _export_c(options, run_folder, out, agent=agent, overwrite=overwrite, **for_c)
        else:
            from plurigrid_ff.exports import export_run

            report = export_run(
                run_folder,
                out,
                format=format_,
                agent=agent,
                overwrite=overwrite,
                host=options.host,
            )
        if as_json:
            print_json(report.model_dump(mode="json"))
        else:
            if report.agent is not None:
                click.echo(whose_network(report.agent, agent))
            print_report(report, out)
        if format_ == C_FORMAT and any(check.passed is False for check in report.checks):
            sys.exit(EXIT_ERROR)


def _require_no_c_options(format_: str, for_c: dict[str, Any]) -> None:
    """Refuse options that only the C export has."""
    names = {"learns": "train", "ram_kb": "budget-kb"}
    for name, value in for_c.items():
        if value is not None and value is not False:
            option = names.get(name, name.replace("_", "-"))
            raise click.UsageError(f"--{option} goes with --format c, not {format_}")


def _require_no_learning_options(for_c: dict[str, Any]) -> None:
    """Refuse options that do nothing, or harm, where nothing is learned."""
    if for_c["halvings"] is not None:
        raise click.UsageError("--halvings goes with --train: it sets a step size")
    if for_c["untrained"]:
        raise click.UsageError("--untrained goes with --train: such a network has yet to learn")


def _export_c(
    options: Options, folder: Path, out: Path, *, data: str | None, no_check: bool, **settings: Any
) -> Any:
    """Export to C; torch loads here."""
    from plurigrid_ff.inference import data_like
    from plurigrid_ff.onchip.export import export_c

    other = data_like(folder, data) if data else None
    return export_c(folder, out, data=other, check=not no_check, host=options.host, **settings)


def print_report(report: "ExportReport", out: Path) -> None:
    """Say what was written, for people."""
    from plurigrid_ff.results import CExportReport

    shape = " x ".join(map(str, report.feature_shape))
    classes = f"samples of {shape} -> {len(report.class_names)} classes of {report.data}"
    if isinstance(report, CExportReport):
        click.echo(printable(f"wrote {out}  ({len(report.files)} files); {classes}"))
        print_device(report)
        return
    for file in report.files:
        click.echo(printable(f"wrote {out.with_name(file.name)}  ({file.bytes:,} bytes)"))
    click.echo(printable(classes))


def print_device(report: "CExportReport") -> None:
    """Print what the network takes on the device, computed beside measured."""
    gone = [
        f"{share:.2%} of layer {layer + 1}'s {kind}"
        for kind, shares in (
            ("weights", report.clipped_weights),
            ("activities", report.saturated_activities),
        )
        for layer, share in enumerate(shares)
        if share >= 1e-4
    ]
    click.echo(
        f"accuracy  {report.integer_accuracy:.2%} in integers, {report.float_accuracy:.2%} in float"
        + (f"; clamped: {', '.join(gone)}" if gone else "")
    )
    memory = report.memory
    measured = next((c for c in report.checks if c.flash is not None), None)
    columns = ["bytes", "computed", f"measured ({measured.target})" if measured else "measured"]
    rows = [
        ("flash, at most", memory.flash, measured and measured.flash),
        ("RAM", memory.ram, measured and measured.ram),
        ("stack, at most", memory.stack, measured and measured.stack),
    ]
    print_table(columns, [[name, f"{a:,}", "-" if b is None else f"{b:,}"] for name, a, b in rows])
    for check in report.checks:
        click.echo(printable(f"{check.target:10} {outcome(check)}"))


def outcome(check: "BuildCheck") -> str:
    """Put one build's check into words."""
    if check.passed is None:
        return f"not checked: {check.message}"
    return check.message if check.passed else f"FAILED: {check.message}"
