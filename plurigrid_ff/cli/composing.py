"""``plurigrid-ff triads compose``, ``nest`` and ``suggest``: triads put together."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import EXIT_ERROR, clean_errors, json_option, print_json, print_table
from plurigrid_ff.errors import TriadError
from plurigrid_ff.gf3 import format_trit
from plurigrid_ff.text import printable

if TYPE_CHECKING:
    from plurigrid_ff.host.parts import Composition, Part

out_option = click.option(
    "--out", type=click.Path(path_type=Path), help="Write it to this .toml file."
)
overwrite_option = click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")


@click.command("compose")
@click.argument("parts", nargs=-1, required=True)
@click.option("--name", help="Name of the triad or composition that is written.")
@out_option
@overwrite_option
@json_option
@click.pass_obj
def compose(
    options: Options,
    parts: tuple[str, ...],
    name: str | None,
    out: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Put three skills into the slots of their roles, or triads one after the other.

    PARTS is three skill names in any order; or an expression, in which 'a * b * c' is a triad,
    'x then y' a sequence, and a part may be a skill, a triad or a .toml file. Exit 1 if an
    expression does not sum to 0.

    \b
    Example:
      plurigrid-ff triads compose open-games forward-forward-learning persistent-homology \\
          --name mine --out mine.toml
      plurigrid-ff triads compose mine.toml then mine.toml
    """
    with clean_errors(as_json):
        if len(parts) == 3 and _are_skills(parts):
            _compose_triad(options, parts, name, out, overwrite, as_json)
        else:
            _compose_expression(options, " ".join(parts), name, out, overwrite, as_json)


@click.command("nest")
@click.argument("parts", nargs=3)
@click.option("--name", help="Name of the composition that is written.")
@out_option
@overwrite_option
@json_option
@click.pass_obj
def nest(
    options: Options,
    parts: tuple[str, ...],
    name: str | None,
    out: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Make a triad of three PARTS: skills, triads, .toml files or expressions.

    Exit 1 if it does not sum to 0.

    \b
    Example:
      plurigrid-ff triads nest sheaf-cohomology \\
          "persistent-homology * open-games * forward-forward-learning" gay-mcp
    """
    with clean_errors(as_json):
        expression = " * ".join(f"({part})" for part in parts)
        _compose_expression(options, expression, name, out, overwrite, as_json)


@click.command("suggest")
@click.argument("skills", nargs=-1, required=True)
@json_option
@click.pass_obj
def suggest(options: Options, skills: tuple[str, ...], as_json: bool) -> None:
    """Say what a set of skills lacks to be triads, and which skills would fit, best first.

    \b
    Example:
      plurigrid-ff triads suggest open-games forward-forward-learning
    """
    from plurigrid_ff.host.suggestion import suggest as find

    with clean_errors(as_json):
        advice = find(skills, options.host.registry)
        if as_json:
            print_json(advice.model_dump(mode="json"))
            return
        terms = " + ".join(f"({format_trit(trit)} {name})" for name, trit in advice.trits.items())
        click.echo(f"{terms} = {format_trit(advice.trit_sum)} in GF(3)")
        if advice.lacks:
            wanted = ", ".join(f"{count} {slot}" for slot, count in advice.lacks.items())
            click.echo(f"lacks: {wanted}, to split into strict triads")
        if not advice.balanced:
            trit = format_trit(advice.balancing_trit)
            click.echo(f"lacks: one skill of trit {trit}, to balance")
        for port in advice.open_ports:
            writers = ", ".join(port.written_by) or "no installed skill writes it"
            readers = ", ".join(port.read_by)
            click.echo(f"lacks: port {port.port!r}, which {readers} consumes ({writers})")
        for fault in advice.faults:
            click.echo(printable(f"ports do not fit: {fault}"))
        rows = [
            (
                item.skill if item.replaces is None else f"{item.skill} for {item.replaces}",
                f"{item.role} {format_trit(item.trit)}",
                str(item.well_typed_triads),
                "; ".join(item.reasons),
            )
            for item in advice.suggestions
        ]
        if rows:
            print_table(("would fit", "role", "well-typed triads", "because"), rows)
        elif not advice.faults and advice.strict:
            click.echo("lacks nothing")


def _are_skills(names: tuple[str, ...]) -> bool:
    """Whether these look like three skill names rather than an expression."""
    return not any(part in ("then", "*") or set("()*⊗@. ") & set(part) for part in names)


def _compose_triad(
    options: Options,
    skills: tuple[str, ...],
    name: str | None,
    out: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Put three skills into the slots of their roles."""
    from plurigrid_ff.host.triad import check_triad, compose_triad, write_triad

    registry = options.host.registry
    triad = compose_triad(skills, registry, name=name)
    if out is not None:
        write_triad(triad, out, overwrite=overwrite)
    check = check_triad(triad, registry)
    if as_json:
        print_json(check.model_dump(mode="json"))
        return
    print_sum(check)
    for fault in check.faults:
        click.echo(f"note: {printable(fault)}")
    if out is not None:
        click.echo(f"wrote {out}")


def _compose_expression(
    options: Options,
    expression: str,
    name: str | None,
    out: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Evaluate an expression, show its sums, and write it if asked."""
    from plurigrid_ff.host.nesting import compose, write_composition

    if (name is None) != (out is None):
        raise TriadError("--name and --out go together: the file carries the name")
    composition = compose(expression, options.host.registry)
    if name is not None and out is not None:
        write_composition(name, composition.expression, out, overwrite=overwrite)
    if as_json:
        print_json(composition.model_dump(mode="json"))
    else:
        _print_composition(composition)
        if out is not None:
            click.echo(f"wrote {out}")
    if not composition.balanced:
        click.echo(
            f"Error: does not balance: the sum is {format_trit(composition.trit_sum)} in GF(3), "
            "not 0",
            err=True,
        )
        sys.exit(EXIT_ERROR)


def _print_composition(composition: "Composition") -> None:
    """Print the tree of parts with the sum of each, and the sum that is conserved."""
    from plurigrid_ff.host.parts import format_sum

    for line in _tree(composition.root):
        click.echo(printable(line))
    words = "balanced" if composition.balanced else "not balanced"
    strict = "every triad strict" if composition.strict else "not every triad strict"
    click.echo(printable(f"{format_sum(composition.root)} in GF(3): {words}, {strict}"))


def _tree(part: "Part") -> list[str]:
    """Draw a part with its own parts below it."""
    lines = [_label(part)]
    for child in part.parts:
        last = child is part.parts[-1]
        first, *others = _tree(child)
        lines.append(("└─ " if last else "├─ ") + first)
        lines += [("   " if last else "│  ") + line for line in others]
    return lines


def _label(part: "Part") -> str:
    """Name a part, with its sum and what is known of it; an expression goes by its kind."""
    words: list[str] = [] if part.kind == "skill" else [part.kind]
    if part.strict is not None:
        words.append("strict" if part.strict else "not strict")
    if part.well_typed is not None:
        words.append("ports fit" if part.well_typed else "ports do not fit")
    if part.bound:
        words.append("trit as given")
    name = [] if " " in part.name else [part.name]
    notes = [f"({', '.join(words)})"] if words else []
    return "  ".join([f"{format_trit(part.trit_sum):>2}", *name, *notes])


def print_sum(check: Any) -> None:
    """Print the sum of the trits and what follows from it."""
    terms = " + ".join(
        f"({format_trit(check.trits[name])} {name})" for name in check.skills.values()
    )
    words = ["balanced" if check.balanced else "not balanced"]
    words.append("strict" if check.strict else "not strict")
    if check.well_typed is not None:
        words.append("ports fit" if check.well_typed else "ports do not fit")
    click.echo(printable(f"{terms} = {format_trit(check.trit_sum)} in GF(3): {', '.join(words)}"))
