"""``plurigrid-ff certify``."""

import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import click

from plurigrid_ff.cli import Options
from plurigrid_ff.cli.output import (
    EXIT_REFUSED,
    clean_errors,
    console,
    json_option,
    print_json,
    print_table,
)
from plurigrid_ff.text import printable
from plurigrid_ff_proofgeneral_narya.certificate import read_certificate
from plurigrid_ff_proofgeneral_narya.certifying import CertificateReport, certify_run, report_on
from plurigrid_ff_proofgeneral_narya.provers import Prover, check_all

prover_option = click.option(
    "--prover",
    default="coqc",
    show_default=True,
    type=click.Choice(["none", "coqc", "coqchk"]),
    help="How far Coq is asked; coqchk goes over what coqc compiled, and takes minutes.",
)


class RunOrSubcommand(click.Group):
    """A group whose first argument may be a run folder: ``certify RUN_DIR``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read what is no command's name as the argument of ``run``."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group("certify", cls=RunOrSubcommand)
def certify() -> None:
    """Write a run's certificate, for Coq, Narya and plain Python; or check one.

    \b
    Example:
      plurigrid-ff certify runs/digits --out proofs --radius 1/32
      plurigrid-ff certify check proofs/certificate.json --prover coqchk
    """


@certify.command("run")
@click.argument("run_folder", type=click.Path(path_type=Path))
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The new folder.")
@click.option(
    "--radius",
    default="1/64",
    show_default=True,
    help="Half the width of each box, in units of a sample's root mean square.",
)
@click.option(
    "--samples",
    default=20,
    show_default=True,
    type=click.IntRange(1, 1000),
    help="Test samples at most.",
)
@click.option("--agent", help="Whose network, in a society; the best by default.")
@click.option("--overwrite", is_flag=True, help="Replace the folder of an older certificate.")
@prover_option
@json_option
@click.pass_obj
def run(
    options: Options,
    /,
    run_folder: Path,
    out: Path,
    radius: str,
    samples: int,
    agent: str | None,
    overwrite: bool,
    prover: Prover,
    as_json: bool,
) -> None:
    """Write the certificate of RUN_FOLDER. Exit 3 if a checker rejects it.

    \b
    Example:
      plurigrid-ff certify runs/digits --out proofs --radius 1/32 --samples 10
    """
    with clean_errors(as_json), _waiting(as_json):
        report = certify_run(
            run_folder,
            out,
            radius=radius,
            samples=samples,
            agent=agent,
            prover=prover,
            overwrite=overwrite,
            host=options.host,
        )
    _finish(report, as_json)


@certify.command("check")
@click.argument("file", type=click.Path(path_type=Path))
@prover_option
@json_option
def check(file: Path, prover: Prover, as_json: bool) -> None:
    """Check a certificate, anew and from its numbers. Exit 3 if a checker rejects it.

    \b
    Example:
      plurigrid-ff certify check proofs/certificate.json
    """
    with clean_errors(as_json), _waiting(as_json):
        certificate = read_certificate(file)
        report = report_on(certificate, check_all(certificate, prover))
    _finish(report, as_json)


def _waiting(as_json: bool) -> AbstractContextManager[object]:
    """Show that the proof assistants are at work; they do not say how far they are."""
    quiet = as_json or not sys.stdout.isatty()
    return nullcontext() if quiet else console().status("proving")


def _finish(report: CertificateReport, as_json: bool) -> None:
    """Print what was found, and exit with its status."""
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        _print(report)
    if not report.holds:
        sys.exit(EXIT_REFUSED)


def _print(report: CertificateReport) -> None:
    """Print a report for people."""
    if report.layer is not None:
        rows = [(s.radius, f"{s.shared:.1%}", f"{s.separate:.1%}") for s in report.shares]
        columns = ("radius", "one point for both", "a point each")
        title = f"layer {report.layer}, {report.objective}: share of {report.samples} test samples"
        print_table(columns, rows, title=title)
    click.echo(
        f"log: {report.entries} entries, trits sum to {report.trit_sum} (mod 3); "
        f"{report.derivations} derived keys"
    )
    for note in report.notes:
        click.echo(printable(f"note: {note}"))
    words = {True: "accepts", False: "REJECTS", None: "not asked"}
    for check in report.checks:
        click.echo(printable(f"{check.tool}: {words[check.passed]} ({check.message:.300})"))
