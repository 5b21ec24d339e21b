"""``plurigrid-ff triads lint``."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import (
    EXIT_REFUSED,
    clean_errors,
    json_option,
    print_json,
    print_table,
)
from plurigrid_ff.gf3 import format_trit
from plurigrid_ff.text import printable

if TYPE_CHECKING:
    from plurigrid_ff.cards.results import LintReport, Resolve


@click.command("lint")
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--resolve",
    type=click.Choice(["own", "registry", "role"]),
    help="Who decides where claims of a trit differ; the choices are printed.",
)
@click.option("--strict", is_flag=True, help="List every claim of every conflict.")
@click.option("--pattern", default="SKILL.md", show_default=True, help="File names that are cards.")
@json_option
@click.pass_obj
def lint(
    options: Options,
    path: Path,
    resolve: "Resolve | None",
    strict: bool,
    pattern: str,
    as_json: bool,
) -> None:
    """Check a folder of skill cards: trits, triad lines, names and heads. Exit 3 on findings.

    Nothing is inferred where claims of a trit differ: it is a finding, until --resolve makes
    an explicit choice. JSON holds every claim with file and line.

    \b
    Example:
      plurigrid-ff triads lint skills/ --json
      plurigrid-ff triads lint skills/ --resolve registry
    """
    from plurigrid_ff.cards.lint import lint as check

    if strict and resolve:
        raise click.UsageError("--strict accepts no choice: leave out --resolve")
    with clean_errors(as_json):
        report = check(path, options.host.registry, resolve=resolve, pattern=pattern)
        if as_json:
            print_json(report.model_dump(mode="json"))
        else:
            _print_report(report, strict=strict)
        if not report.clean:
            sys.exit(EXIT_REFUSED)


def _print_report(report: "LintReport", *, strict: bool) -> None:
    """Print findings as a table, choices, and how many of each kind there are."""
    from plurigrid_ff.cards.results import KINDS

    rows = []
    for finding in report.findings:
        kind = f"({finding.kind})" if finding.resolved else finding.kind
        place = f"{finding.file}:{finding.line}"
        rows.append((place, kind, finding.name or "", finding.message))
        if strict:
            rows += [
                (f"  {claim.file}:{claim.line}", f"  {claim.source}", claim.name, claim.text)
                for claim in finding.claims
            ]
    if rows:
        print_table(("where", "finding", "skill", "what"), rows)
    if report.resolutions:
        print_table(
            ("skill", "chosen", "by", "claimed"),
            [
                (
                    item.name,
                    "nothing" if item.trit is None else format_trit(item.trit),
                    item.by,
                    ", ".join(map(format_trit, item.claimed)),
                )
                for item in report.resolutions
            ],
        )
    for claim in report.bindings:
        text = f"{claim.name}@{format_trit(claim.trit)}"
        click.echo(printable(f"bound: {text} at {claim.file}:{claim.line}"))
    click.echo(
        f"{report.files} cards, {report.read} of them read: {report.claims} claims of a trit, "
        f"{report.triad_lines} triad lines, {report.distinct_triads} of them distinct"
    )
    for kind, meaning in KINDS.items():
        if kind in report.counts:
            click.echo(f"{report.counts[kind]:>6}  {kind}: {meaning}")
    if report.clean:
        click.echo("no findings" if not report.findings else "no findings that are not resolved")
