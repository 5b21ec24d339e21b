"""``plurigrid-ff triads``."""

import sys
from pathlib import Path
from typing import Any

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import EXIT_ERROR, clean_errors, json_option, print_json, print_table
from plurigrid_ff.cli.settings import run_options
from plurigrid_ff.gf3 import format_trit
from plurigrid_ff.text import printable


@click.group("triads")
def command() -> None:
    """List, check, compose and run triads: a validator, a coordinator and a generator.

    \b
    Example:
      plurigrid-ff triads check persistent-homology open-games forward-forward-learning
    """


@command.command("list")
@json_option
@click.pass_obj
def list_triads(options: Options, as_json: bool) -> None:
    """List the shipped triads, and whether each can run here.

    \b
    Example:
      plurigrid-ff triads list --json
    """
    from plurigrid_ff.host.triad import check_triad, shipped_triads

    with clean_errors(as_json):
        registry = options.host.registry
        checks = [check_triad(triad, registry) for triad in shipped_triads().values()]
        if as_json:
            print_json([check.model_dump(mode="json") for check in checks])
            return
        rows = []
        for check in checks:
            absent = [name for name, there in check.installed.items() if not there]
            state = "ready" if check.runnable else f"not installed: {', '.join(absent)}"
            rows.append((check.name, *check.skills.values(), state))
        print_table(("triad", "validator -1", "coordinator 0", "generator +1", "state"), rows)


@command.command("show")
@click.argument("triad")
@json_option
@click.pass_obj
def show(options: Options, triad: str, as_json: bool) -> None:
    """Show a triad: its skills, their trits and the ports that join them.

    \b
    Example:
      plurigrid-ff triads show persistent-homology-open-games-forward-forward
    """
    from plurigrid_ff.host.triad import check_triad, find_triad

    with clean_errors(as_json):
        registry = options.host.registry
        check = check_triad(find_triad(triad), registry)
        cards = {
            slot: registry.skills[name].card.model_dump(mode="json")
            for slot, name in check.skills.items()
            if name in registry.skills
        }
        if as_json:
            print_json({**check.model_dump(mode="json"), "cards": cards})
            return
        click.echo(printable(check.name))
        rows = []
        for slot, name in check.skills.items():
            card = cards.get(slot, {})
            ports = [", ".join(card.get(key, ())) for key in ("consumes", "feedback", "produces")]
            state = "installed" if check.installed[name] else "not installed"
            rows.append((slot, format_trit(check.trits[name]), name, *ports, state))
        print_table(("slot", "trit", "skill", "consumes", "feedback", "produces", "state"), rows)
        _print_sum(check)


@command.command("check")
@click.argument("references", nargs=-1, required=True)
@json_option
@click.pass_obj
def check_command(options: Options, references: tuple[str, ...], as_json: bool) -> None:
    """Check a triad's arithmetic, slots, installation and ports. Exit 1 if it cannot run.

    REFERENCES is a triad's name, a .toml file, or three skill names in any order.

    \b
    Example:
      plurigrid-ff triads check open-games forward-forward-learning persistent-homology
    """
    from plurigrid_ff.host.triad import check_triad, triad_from_arguments

    with clean_errors(as_json):
        registry = options.host.registry
        check = check_triad(triad_from_arguments(references, registry), registry)
        if as_json:
            print_json(check.model_dump(mode="json"))
        else:
            _print_sum(check)
        if not check.runnable:
            for fault in check.faults:
                click.echo(f"Error: {printable(fault)}", err=True)
            sys.exit(EXIT_ERROR)


@command.command("compose")
@click.argument("skills", nargs=-1, required=True)
@click.option("--name", help="Name of the triad; the three skill names by default.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the triad to this .toml file.")
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
@json_option
@click.pass_obj
def compose(
    options: Options,
    skills: tuple[str, ...],
    name: str | None,
    out: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Put three skills, in any order, into the slots of their roles.

    \b
    Example:
      plurigrid-ff triads compose open-games forward-forward-learning persistent-homology \\
          --name mine --out mine.toml
    """
    from plurigrid_ff.host.triad import check_triad, compose_triad, write_triad

    with clean_errors(as_json):
        registry = options.host.registry
        triad = compose_triad(skills, registry, name=name)
        if out is not None:
            write_triad(triad, out, overwrite=overwrite)
        check = check_triad(triad, registry)
        if as_json:
            print_json(check.model_dump(mode="json"))
            return
        _print_sum(check)
        for fault in check.faults:
            click.echo(f"note: {printable(fault)}")
        if out is not None:
            click.echo(f"wrote {out}")


@command.command("run")
@click.argument("references", nargs=-1, required=True)
@click.option("--run-file", type=click.Path(path_type=Path), help="Settings of the run, TOML.")
@run_options
@json_option
@click.pass_obj
def run(
    options: Options,
    /,
    references: tuple[str, ...],
    run_file: Path | None,
    as_json: bool,
    **settings: Any,
) -> None:
    """Train through a triad. Exit 3 if the validator does not pass the run.

    REFERENCES is a triad's name, a .toml file, or three skill names in any order.

    \b
    Example:
      plurigrid-ff triads run persistent-homology-open-games-forward-forward \\
          --data digits --out runs/digits
    """
    from plurigrid_ff.cli.train import train
    from plurigrid_ff.host.triad import triad_from_arguments

    with clean_errors(as_json):
        triad = triad_from_arguments(references, options.host.registry)
        train(options, run_file, {"triad": triad.model_dump()}, as_json, settings)


def _print_sum(check: Any) -> None:
    """Print the sum of the trits and what follows from it."""
    terms = " + ".join(
        f"({format_trit(check.trits[name])} {name})" for name in check.skills.values()
    )
    words = ["balanced" if check.balanced else "not balanced"]
    words.append("strict" if check.strict else "not strict")
    if check.well_typed is not None:
        words.append("ports fit" if check.well_typed else "ports do not fit")
    click.echo(printable(f"{terms} = {format_trit(check.trit_sum)} in GF(3): {', '.join(words)}"))
