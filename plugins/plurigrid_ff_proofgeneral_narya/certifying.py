"""Certificates of finished runs: what the command, Python and the validator call."""

from pathlib import Path

from plurigrid_ff.errors import CertificateError, ExportError
from plurigrid_ff.files import folder_written_beside
from plurigrid_ff.host.folder import LOG_FILE
from plurigrid_ff.host.log import read_log
from plurigrid_ff.host.plugins import Host
from plurigrid_ff.inference import open_run
from plurigrid_ff.settings import Settings
from plurigrid_ff_proofgeneral_narya.building import build_certificate
from plurigrid_ff_proofgeneral_narya.certificate import Certificate
from plurigrid_ff_proofgeneral_narya.folder import CERTIFICATE_FILE, write_certificate
from plurigrid_ff_proofgeneral_narya.provers import Check, Prover, check_all


class CertifiedShare(Settings):
    """Share of a certificate's samples whose class is provably ahead.

    Attributes:
        radius: As a fraction.
        shared: Where true and wrong class read the same point of the box.
        separate: Where each reads a point of its own.
    """

    radius: str
    shared: float
    separate: float


class CertificateReport(Settings):
    """What a certificate says, and what the checkers say of it.

    Attributes:
        holds: False if any checker rejects it; one that is missing does not.
        layer: The layer whose margins are bounded; None if none has an integer form.
        proved: The radius at which Coq has a theorem per certified sample.
    """

    holds: bool
    layer: int | None
    objective: str | None
    samples: int
    proved: str
    shares: tuple[CertifiedShare, ...]
    entries: int
    trit_sum: int
    derivations: int
    notes: tuple[str, ...]
    checks: tuple[Check, ...]


def certify_run(
    folder: Path,
    out: Path,
    *,
    radius: str = "1/64",
    samples: int = 20,
    agent: str | None = None,
    prover: Prover = "coqc",
    overwrite: bool = False,
    host: Host | None = None,
) -> CertificateReport:
    """Write the certificate of a finished run into a folder, and check it.

    Args:
        folder: The run folder.
        out: The new folder.
        radius: At which theorems are written out, in units of a sample's root mean square.
        samples: Test samples, at most.
        agent: Whose network, in a society; None: the best.
        prover: How far Coq is asked.
        overwrite: Replace the folder of an older certificate.
        host: Objectives and blocks to choose from; None loads every installed plugin.

    Raises:
        ExportError: Something lies at ``out``.
        ConfigError: The radius is none.
        RunFolderError: No finished run lies in ``folder``, or its log was changed.
    """
    _require_free(out, overwrite=overwrite)
    run = open_run(folder, agent=agent, host=host)
    certificate = build_certificate(
        run.network,
        run.data.train,
        run.data.test,
        read_log(folder / LOG_FILE),
        seed=run.config.seed,
        count=samples,
        radius=radius,
    )
    checks = check_all(certificate, prover)
    with folder_written_beside(out) as new:
        write_certificate(new, certificate, checks)
    return report_on(certificate, checks)


def report_on(certificate: Certificate, checks: tuple[Check, ...]) -> CertificateReport:
    """Sum up a certificate and its checks."""
    layer, count = certificate.layer, max(len(certificate.samples), 1)
    names = {radius.steps: str(radius) for radius in certificate.radii}
    return CertificateReport(
        holds=all(check.passed is not False for check in checks),
        layer=layer.index if layer else None,
        objective=layer.objective if layer else None,
        samples=len(certificate.samples),
        proved=names.get(certificate.proved, f"{certificate.proved} steps"),
        shares=tuple(
            CertifiedShare(
                radius=str(radius),
                shared=sum(s.shared[place] > 0 for s in certificate.samples) / count,
                separate=sum(s.separate[place] > 0 for s in certificate.samples) / count,
            )
            for place, radius in enumerate(certificate.radii)
            if all(len(s.shared) == len(certificate.radii) for s in certificate.samples)
        ),
        entries=len(certificate.log),
        trit_sum=certificate.trit_sum,
        derivations=len(certificate.derivations),
        notes=certificate.notes,
        checks=checks,
    )


def require_held(checks: tuple[Check, ...], where: Path) -> None:
    """Refuse a certificate that a checker rejects.

    Raises:
        CertificateError: Which one, and why.
    """
    for check in checks:
        if check.passed is False:
            raise CertificateError(
                f"{where}: {check.tool} rejects the certificate: {check.message:.300}"
            )


def _require_free(out: Path, *, overwrite: bool) -> None:
    """Refuse to lose anything.

    Raises:
        ExportError: Something lies there that is no certificate, or may not be replaced.
    """
    if not out.exists():
        return
    if not (out / CERTIFICATE_FILE).is_file():
        raise ExportError(f"{out}: exists and holds no certificate; choose another --out")
    if not overwrite:
        raise ExportError(f"{out}: exists; choose another --out, or --overwrite to replace it")
