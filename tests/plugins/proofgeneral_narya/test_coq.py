import pytest
from plurigrid_ff_proofgeneral_narya.certificate import Certificate
from plurigrid_ff_proofgeneral_narya.coq import format_coq
from plurigrid_ff_proofgeneral_narya.provers import check_coq, check_narya, describe_missing


def tampered(certificate: Certificate, **update) -> Certificate:
    """Change the first sample, and seal the certificate anew."""
    first = certificate.samples[0].model_copy(update=update)
    samples = (first, *certificate.samples[1:])
    return certificate.model_copy(update={"samples": samples}).sealed()


def test_coq_accepts_a_certificate_and_finds_no_axiom(make_certificate, tool):
    tool("coqc", "coqchk")
    certificate = make_certificate()
    theorems = format_coq(certificate)

    checks = check_coq(certificate, "coqchk")

    assert "Theorem sample_0 :" in theorems
    assert [(check.tool, check.passed) for check in checks] == [("coqc", True), ("coqchk", True)]
    assert checks[1].message == "no axioms"


def test_coq_rejects_a_margin_larger_by_one_though_it_is_sealed_anew(make_certificate, tool):
    tool("coqc")
    certificate = make_certificate()
    shared = certificate.samples[0].shared
    assert shared[0] > 0

    (check,) = check_coq(tampered(certificate, shared=(shared[0] + 1, *shared[1:])), "coqc")

    assert check.passed is False
    assert "Unable to unify" in check.message


@pytest.mark.parametrize("prover", ["coqc", "coqchk"])
def test_missing_programs_are_named_with_their_package_and_what_stands_in(
    make_certificate, monkeypatch, tmp_path, prover
):
    monkeypatch.setenv("PATH", str(tmp_path))

    (coq,) = check_coq(make_certificate(), prover)
    narya = check_narya(make_certificate())

    assert coq.passed is narya.passed is None
    assert "apt-get install coq" in coq.message
    assert "opam" in narya.message
    assert "integers-only checker stands in" in coq.message
    assert "apt-get install coq" in describe_missing(prover)
