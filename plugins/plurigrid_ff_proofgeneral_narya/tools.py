"""Certificates, for agents."""

from pathlib import Path
from typing import Annotated

from annotated_types import Len
from pydantic import Field

from plurigrid_ff.host.agent_tools import AgentTool, ReadPath, RunPath, ToolContext, WritePath
from plurigrid_ff.settings import Settings
from plurigrid_ff_proofgeneral_narya.certificate import read_certificate
from plurigrid_ff_proofgeneral_narya.certifying import CertificateReport, certify_run, report_on
from plurigrid_ff_proofgeneral_narya.provers import Prover, check_all

PROVER = (
    "How far Coq is asked, where it is installed: not at all, coqc, or coqchk over what coqc "
    "compiled, which takes minutes. Plain integers are checked in any case."
)


class CertifyArguments(Settings):
    """Which run, and what its certificate holds."""

    run: RunPath = Field(description="Folder of a finished run.")
    out: WritePath = Field(description="The new folder of the certificate.")
    radius: Annotated[str, Len(1, 20)] = Field(
        "1/64", description="Half the width of each box, in units of a sample's root mean square."
    )
    samples: int = Field(20, ge=1, le=1000, description="Test samples at most.")
    agent: Annotated[str, Len(1, 100)] | None = Field(
        None, description="Whose network, in a society; the best by default."
    )
    prover: Prover = Field("none", description=PROVER)
    overwrite: bool = Field(False, description="Replace the folder of an older certificate.")


class CheckArguments(Settings):
    """Which certificate."""

    file: ReadPath = Field(description="A certificate.json.")
    prover: Prover = Field("none", description=PROVER)


def _certify(asked: CertifyArguments, context: ToolContext) -> CertificateReport:
    return certify_run(
        Path(asked.run),
        Path(asked.out),
        radius=asked.radius,
        samples=asked.samples,
        agent=asked.agent,
        prover=asked.prover,
        overwrite=asked.overwrite,
        host=context.host,
    )


def _check(asked: CheckArguments, context: ToolContext) -> CertificateReport:
    certificate = read_certificate(Path(asked.file))
    return report_on(certificate, check_all(certificate, asked.prover))


CERTIFY_RUN = AgentTool(
    title="Certify a run",
    description="Write the certificate of a finished run, for Coq, Narya and plain Python: on "
    "which boxes round test samples the first layer provably keeps the true class ahead, and "
    "that log and keys add up. It says nothing of layers that have no integer form.",
    arguments=CertifyArguments,
    result=CertificateReport,
    call=_certify,
    writes=True,
)
CHECK_CERTIFICATE = AgentTool(
    title="Check a certificate",
    description="Check a certificate anew, from its numbers. holds is false if a checker rejects "
    "it; one that is missing or was not asked rejects nothing.",
    arguments=CheckArguments,
    result=CertificateReport,
    call=_check,
)
