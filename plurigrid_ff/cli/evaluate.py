"""``plurigrid-ff evaluate``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import (
    clean_errors,
    json_option,
    print_json,
    print_table,
    whose_network,
)

if TYPE_CHECKING:
    from plurigrid_ff.config import Device


@click.command("evaluate")
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.option("--data", help="Another data set of the same shape; the run's own by default.")
@click.option("--label-column", help="CSV column that holds the labels; the run's own by default.")
@click.option("--agent", help="Whose network, in a society; the best on validation by default.")
@click.option("--device", default="auto", type=click.Choice(["auto", "cpu", "cuda"]))
@json_option
@click.pass_obj
def command(
    options: Options,
    /,
    run_folder: Path,
    data: str | None,
    label_column: str | None,
    agent: str | None,
    device: "Device",
    as_json: bool,
) -> None:
    """Measure the network of RUN_FOLDER on test samples: in all, and layer by layer.

    \b
    Example:
      plurigrid-ff evaluate runs/digits --json
    """
    with clean_errors(as_json):
        from plurigrid_ff.inference import data_like, evaluate
        from plurigrid_ff.report.wording import describe_readout

        other = data_like(run_folder, data, label_column=label_column) if data else None
        assessment = evaluate(run_folder, data=other, agent=agent, device=device, host=options.host)
        if as_json:
            print_json(assessment.model_dump(mode="json"))
            return
        if assessment.agent is not None:
            click.echo(whose_network(assessment.agent, agent))
        click.echo(f"accuracy {assessment.accuracy:.2%} on {assessment.samples} samples")
        click.echo(f"read-out: {describe_readout(assessment)}")
        rows = [
            (
                str(layer.index + 1),
                layer.sizes.replace("→", "->"),
                f"{layer.accuracy:.2%}",
                f"{layer.goodness_positive:.3f}",
                f"{layer.goodness_negative:.3f}",
                f"{layer.separation:.3f}",
                str(layer.updates),
                str(layer.dead_units),
            )
            for layer in assessment.layers
        ]
        columns = ("layer", "features", "accuracy", "g_pos", "g_neg", "separation")
        print_table((*columns, "updates", "dead units"), rows)
