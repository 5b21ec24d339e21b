"""``plurigrid-ff triads``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plurigrid_ff.cli import Options, composing, graph, linting
from plurigrid_ff.cli.output import EXIT_ERROR, clean_errors, json_option, print_json, print_table
from plurigrid_ff.cli.settings import run_options
from plurigrid_ff.gf3 import format_trit
from plurigrid_ff.text import printable

if TYPE_CHECKING:
    from plurigrid_ff.host.enumeration import Enumeration, TriadKind


@click.group("triads")
def command() -> None:
    """List, check, compose, draw, lint and run triads: a validator, a coordinator and a generator.

    \b
    Example:
      plurigrid-ff triads check persistent-homology open-games forward-forward-learning
    """


for subcommand in (composing.compose, composing.nest, composing.suggest, graph.graph, linting.lint):
    command.add_command(subcommand)


@command.command("list")
@click.option("--all", "every", is_flag=True, help="List every triad of the installed skills.")
@click.option("--balanced", "kind", flag_value="balanced", help="All that sum to 0 (default).")
@click.option("--strict", "kind", flag_value="strict", help="Only one skill of each role.")
@click.option("--well-typed", "kind", flag_value="well-typed", help="Only those whose ports fit.")
@click.option("--absent", is_flag=True, help="Take in known skills that are not installed.")
@json_option
@click.pass_obj
def list_triads(
    options: Options, every: bool, kind: "TriadKind | None", absent: bool, as_json: bool
) -> None:
    """List the shipped triads and whether each can run here; or all that there could be.

    --balanced, --strict, --well-typed and --absent imply --all.

    \b
    Example:
      plurigrid-ff triads list --json
      plurigrid-ff triads list --all --strict
    """
    from plurigrid_ff.host.enumeration import enumerate_triads
    from plurigrid_ff.host.triad import check_triad, shipped_triads

    with clean_errors(as_json):
        registry = options.host.registry
        if every or kind or absent:
            found = enumerate_triads(registry, kind=kind or "balanced", absent=absent)
            if as_json:
                print_json(found.model_dump(mode="json"))
            else:
                _print_enumeration(found)
            return
        checks = [check_triad(triad, registry) for triad in shipped_triads().values()]
        if as_json:
            print_json([check.model_dump(mode="json") for check in checks])
            return
        rows = []
        for check in checks:
            absent_names = [name for name, there in check.installed.items() if not there]
            state = "ready" if check.runnable else f"not installed: {', '.join(absent_names)}"
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
        composing.print_sum(check)


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
            composing.print_sum(check)
        if not check.runnable:
            for fault in check.faults:
                click.echo(f"Error: {printable(fault)}", err=True)
            sys.exit(EXIT_ERROR)


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

    REFERENCES is a triad's name, a .toml file, or three skill names in any order; or several
    joined by 'then', or a .toml file that holds such a sequence: each triad goes on from the
    networks that the one before ended with, unless its verdict is that its run failed.

    \b
    Example:
      plurigrid-ff triads run persistent-homology-open-games-forward-forward \\
          --data digits --out runs/digits
      plurigrid-ff triads run sheaf-cohomology-sheaf-laplacian-forward-forward then \\
          persistent-homology-open-games-forward-forward --agents 4 --out runs/two
    """
    from plurigrid_ff.cli.sequence import train_sequence
    from plurigrid_ff.cli.train import train
    from plurigrid_ff.host.turns import turns_from_arguments

    with clean_errors(as_json):
        turns = turns_from_arguments(references, options.host.registry)
        if len(turns) > 1:
            train_sequence(options, run_file, turns, as_json, settings)
        else:
            train(options, run_file, {"triad": turns[0].model_dump()}, as_json, settings)


def _print_enumeration(found: "Enumeration") -> None:
    """Print the triads that were listed, and how many there are of each kind."""
    words = {True: "ports fit", False: "ports do not fit", None: "not all installed"}
    rows = []
    for triad in found.triads:
        terms = (f"{format_trit(t)} {s}" for t, s in zip(triad.trits, triad.skills, strict=True))
        kind = words[triad.well_typed] if triad.strict else "balanced, not strict"
        rows.append(("  ".join(terms), kind, triad.faults[0] if triad.faults else ""))
    if rows:
        print_table(("triad", "kind", "why not"), rows)
    sizes = ", ".join(f"{len(names)} {slot}s" for slot, names in found.skills.items())
    click.echo(
        f"{sizes}: {found.balanced} balanced, {found.strict} of them strict, {found.well_typed} of "
        f"those well-typed; {found.partitions} ways to split all skills into strict triads"
    )
