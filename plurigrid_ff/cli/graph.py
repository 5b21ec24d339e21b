"""``plurigrid-ff triads graph``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import clean_errors, fail

if TYPE_CHECKING:
    from plurigrid_ff.diagrams.writing import DiagramFormat

FORMATS: "dict[str, DiagramFormat]" = {
    ".svg": "svg",
    ".png": "png",
    ".dot": "dot",
    ".gv": "dot",
    ".mmd": "mermaid",
    ".json": "json",
    ".html": "html",
}


@click.command("graph")
@click.argument("triads", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every strict triad of the installed skills.")
@click.option("--absent", is_flag=True, help="With --all: skills that are not installed, too.")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["svg", "png", "dot", "mermaid", "json", "html"]),
    help="By default that of --out, else svg.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Write it to this file.")
@click.option("--overwrite", is_flag=True, help="Replace the file if it exists.")
@click.pass_obj
def graph(
    options: Options,
    triads: tuple[str, ...],
    every: bool,
    absent: bool,
    kind: "DiagramFormat | None",
    out: Path | None,
    overwrite: bool,
) -> None:
    """Draw which skills stand in which triads: the shipped ones, TRIADS by name or file, or all.

    \b
    Example:
      plurigrid-ff triads graph --out triads.svg
      plurigrid-ff triads graph --all --format mermaid
    """
    from plurigrid_ff.diagrams.model import all_triads, make_diagram
    from plurigrid_ff.diagrams.writing import render, write_diagram
    from plurigrid_ff.host.triad import find_triad, shipped_triads

    if triads and (every or absent):
        raise click.UsageError("TRIADS and --all both say what to draw; give one")
    if absent and not every:
        raise click.UsageError("--absent goes with --all")
    chosen = kind or FORMATS.get(out.suffix.lower() if out else ".svg")
    if chosen is None:
        raise click.UsageError(f"--out {out}: unknown ending; say --format too")
    if chosen == "png" and out is None:
        raise click.UsageError("a png goes to a file: give --out")
    with clean_errors(chosen == "json"):
        registry = options.host.registry
        if every:
            found = all_triads(registry, absent=absent)
        elif triads:
            found = [find_triad(reference) for reference in triads]
        else:
            found = list(shipped_triads().values())
        names = [triad.name for triad in found]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            fail("TriadError", f"two triads are named {twice!r}; draw one", as_json=False)
        diagram = make_diagram(found, registry, alone=not every or absent)
        if out is None:
            click.echo(render(diagram, chosen).decode(), nl=False)
        else:
            write_diagram(diagram, chosen, out, overwrite=overwrite)
            click.echo(f"wrote {out}")
