"""The programs that check a certificate: Coq, its checker, Narya; and our own, without any."""

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from plurigrid_ff.errors import ToolchainError
from plurigrid_ff.onchip.toolchain import find_tool
from plurigrid_ff.settings import Settings
from plurigrid_ff_proofgeneral_narya import checker
from plurigrid_ff_proofgeneral_narya.certificate import Certificate
from plurigrid_ff_proofgeneral_narya.coq import ALL_THEOREMS, format_coq
from plurigrid_ff_proofgeneral_narya.narya import format_narya

Prover = Literal["none", "coqc", "coqchk"]
TIMEOUT_S = 900
NO_AXIOMS = "Closed under the global context"
# A sealed module of the standard library, which lists its members as axioms; that no theorem
# uses one is what `Print Assumptions` says.
SEALED = "Coq.ssr.ssrunder.Under_rel."
STANDS_IN = "the integers-only checker stands in"
NARYA_MISSING = (
    "narya is not on PATH, and no distribution packages it: build it with opam (OCaml 5.3 or "
    "newer) from github.com/gwaithimirdain/narya"
)


class Check(Settings):
    """What one checker says of a certificate.

    Attributes:
        tool: Its name.
        passed: None where it could not be asked.
        message: What it said, or why it was not asked.
        seconds: Wall-clock time.
    """

    tool: str
    passed: bool | None
    message: str
    seconds: float


def check_all(certificate: Certificate, prover: Prover) -> tuple[Check, ...]:
    """Ask every checker that is there.

    Args:
        certificate: What to check.
        prover: How far Coq is asked.
    """
    checks = [check_integers(certificate), check_narya(certificate)]
    return (*checks, *check_coq(certificate, prover))


def describe_missing(prover: Prover) -> str:
    """Say which proof assistants are not here or not asked, and what stands in; else nothing."""
    missing = [] if shutil.which("narya") else [NARYA_MISSING]
    try:
        for program in _programs(prover):
            find_tool(program)
    except ToolchainError as error:
        missing.append(str(error))
    if prover == "none":
        missing.append("coqc is not asked")
    return "; ".join([*missing, STANDS_IN]) if missing else ""


def _programs(prover: Prover) -> tuple[str, ...]:
    """Name the programs of Coq that are asked."""
    return {"none": (), "coqc": ("coqc",), "coqchk": ("coqc", "coqchk")}[prover]


def check_integers(certificate: Certificate) -> Check:
    """Ask the checker that needs nothing but Python."""
    started = time.perf_counter()
    faults = checker.find_faults(json.loads(certificate.text()))
    message = faults[0] if faults else f"{len(certificate.samples)} samples hold"
    return Check(tool="integers", passed=not faults, message=message, seconds=_since(started))


def check_coq(certificate: Certificate, prover: Prover = "coqchk") -> tuple[Check, ...]:
    """Compile the Coq file; let ``coqchk`` go over what was compiled, and list its axioms."""
    try:
        programs = {name: str(find_tool(name)) for name in _programs(prover)}
    except ToolchainError as error:
        missing = f"{error}; {STANDS_IN}"
        return (Check(tool=prover, passed=None, message=missing, seconds=0.0),)
    if not programs:
        return ()
    with TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "certificate.v").write_text(format_coq(certificate), encoding="utf-8")
        compiled = _run("coqc", [programs["coqc"], "-q", "certificate.v"], place)
        if compiled.passed and NO_AXIOMS not in compiled.message:
            message = f"{ALL_THEOREMS} rests on axioms: {compiled.message:.300}"
            compiled = compiled.model_copy(update={"passed": False, "message": message})
        if not compiled.passed or "coqchk" not in programs:
            return (compiled,)
        # -norec: the standard library is taken as installed.
        arguments = [programs["coqchk"], "-silent", "-o", "-norec", "certificate"]
        return compiled, _without_axioms(_run("coqchk", arguments, place))


def check_narya(certificate: Certificate) -> Check:
    """Let Narya check its file, where it is installed."""
    narya = shutil.which("narya")
    if narya is None:
        missing = f"{NARYA_MISSING}; {STANDS_IN}"
        return Check(tool="narya", passed=None, message=missing, seconds=0.0)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "certificate.ny"
        path.write_text(format_narya(certificate), encoding="utf-8")
        return _run("narya", [narya, path.name], Path(folder))


def _without_axioms(check: Check) -> Check:
    """Refuse what rests on an axiom."""
    listed = re.search(r"\* Axioms:(.*?)\n\s*\n", check.message, re.DOTALL)
    if not check.passed:
        return check
    if listed is None:
        return check.model_copy(update={"passed": False, "message": "listed no axioms"})
    found = [name for name in listed[1].split() if not name.startswith(("<none>", SEALED))]
    message = f"axioms: {', '.join(found)}" if found else "no axioms"
    return check.model_copy(update={"passed": not found, "message": message})


def _run(tool: str, command: list[str], folder: Path) -> Check:
    """Run one program in a folder written just now."""
    started = time.perf_counter()
    try:
        done = subprocess.run(  # noqa: S603 (a program from PATH)
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        message = f"did not end within {TIMEOUT_S} s; take fewer samples"
        return Check(tool=tool, passed=None, message=message, seconds=_since(started))
    printed = (done.stdout + done.stderr).strip()
    return Check(
        tool=tool, passed=done.returncode == 0, message=printed or "ok", seconds=_since(started)
    )


def _since(started: float) -> float:
    """Return seconds since a time, for people."""
    return round(time.perf_counter() - started, 3)
