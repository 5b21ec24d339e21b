"""The folder of a certificate: for machines, for two proof assistants, and for plain Python."""

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from plurigrid_ff.files import write_text
from plurigrid_ff_proofgeneral_narya.certificate import Certificate
from plurigrid_ff_proofgeneral_narya.coq import format_coq
from plurigrid_ff_proofgeneral_narya.narya import format_narya
from plurigrid_ff_proofgeneral_narya.provers import Check

CERTIFICATE_FILE = "certificate.json"
COQ_FILE = "certificate.v"
NARYA_FILE = "certificate.ny"
CHECKER_FILE = "checker.py"
CHECKS_FILE = "checks.json"


def write_certificate(folder: Path, certificate: Certificate, checks: Sequence[Check]) -> None:
    """Write a certificate in all its forms, the checker, and what the checkers said.

    Args:
        folder: Made if it is not there; files of an older certificate are replaced.
        certificate: The certificate.
        checks: What the checkers said of it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / CERTIFICATE_FILE, certificate.text())
    write_text(folder / COQ_FILE, format_coq(certificate))
    write_text(folder / NARYA_FILE, format_narya(certificate))
    checker = files(__package__).joinpath(CHECKER_FILE).read_text("utf-8")
    write_text(folder / CHECKER_FILE, checker)
    said = [check.model_dump(mode="json", exclude={"seconds"}) for check in checks]
    write_text(folder / CHECKS_FILE, json.dumps(said, indent=2) + "\n")
