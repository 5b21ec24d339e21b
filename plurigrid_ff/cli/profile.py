"""``plurigrid-ff profile``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import clean_errors, json_option, print_json, print_table
from plurigrid_ff.cli.settings import gather, set_option

if TYPE_CHECKING:
    from plurigrid_ff.profiling import RunProfile

MIB = 1 << 20


@click.command("profile")
@click.argument("run_file", type=click.Path(path_type=Path))
@set_option
@click.option(
    "--seconds",
    default=2.0,
    show_default=True,
    type=click.FloatRange(min=0, min_open=True),
    help="Least duration of a repeat.",
)
@click.option(
    "--repeats",
    default=5,
    show_default=True,
    type=click.IntRange(min=1),
    help="Repeats of each measurement of speed; the median counts.",
)
@click.option("--threads", type=click.IntRange(min=1), help="Of torch.  [default: one per core]")
@json_option
@click.pass_obj
def command(
    options: Options,
    /,
    run_file: Path,
    assignments: tuple[str, ...],
    seconds: float,
    repeats: int,
    threads: int | None,
    as_json: bool,
) -> None:
    """Measure what training by RUN_FILE costs: memory and speed, beside backprop.

    Backprop trains the same layers plainly, with gradient checkpointing, and with gradients
    accumulated over micro-batches; each contender has processes of its own. Nothing is written.

    \b
    Example:
      plurigrid-ff profile runs/mine/run.toml --threads 1 --json
    """
    with clean_errors(as_json):
        from plurigrid_ff.host.triad import parse_run

        values = gather(run_file, Path(), resume=False, assignments=assignments, options={})
        config = parse_run(values, where=str(run_file))

        from plurigrid_ff.profiling import measure_run  # torch loads in there

        found = measure_run(
            config,
            seconds=seconds,
            repeats=repeats,
            threads=threads,
            host=options.host,
            progress=lambda name: click.echo(f"measuring {name} ...", err=True),
        )
        if as_json:
            print_json(found.model_dump(mode="json"))
        else:
            print_profile(found)


def print_profile(found: "RunProfile") -> None:
    """Print one row per contender."""
    from plurigrid_ff.profiling import CONTENDERS

    rows = []
    for name in CONTENDERS:
        one = getattr(found, name)
        rows.append(
            (
                name.replace("_", ", "),
                f"{one.samples_per_s:.0f}",
                f"{one.samples_per_s / found.backprop.samples_per_s:.2f}",
                *(
                    f"{size / MIB:.1f}"
                    for size in (
                        one.peak_bytes,
                        one.parameter_bytes,
                        one.optimizer_bytes,
                        one.activation_bytes,
                    )
                ),
                str(one.chunk_size),
            )
        )
    speed = ("contender", "samples/s", "of backprop")
    memory = ("peak MiB", "parameters", "optimizer", "the rest", "samples at once")
    print_table((*speed, *memory), rows)
    click.echo(
        f"batches of {found.batch_size} on {found.device}, {found.threads} threads, median of "
        f"{found.repeats} repeats of at least {found.seconds:g} s"
    )
