import json
from dataclasses import replace

import pytest
from plurigrid_ff_forward_forward_learning import SKILL as GENERATOR
from plurigrid_ff_proofgeneral_narya import SKILL, checker
from plurigrid_ff_proofgeneral_narya.building import parse_radius
from plurigrid_ff_proofgeneral_narya.certifying import certify_run
from plurigrid_ff_unworld import SKILL as COORDINATOR

from plurigrid_ff import runs
from plurigrid_ff.config import NetworkConfig, RunConfig, TrainingConfig
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.host.plugins import Host
from plurigrid_ff.host.triad import find_triad
from plurigrid_ff.testing import check_skill
from plurigrid_ff.testing.round import run_rounds, tiny_context

TRIAD = "proofgeneral-narya-unworld-forward-forward"


@pytest.fixture(scope="module")
def host():
    """Offer the three skills, installed or not."""
    host = Host()
    for skill in (GENERATOR, COORDINATOR, SKILL):
        host.registry.register(skill, provider=skill.name)
    return host


def settings(objective="threshold", hidden=(16, 8), **skill) -> RunConfig:
    """Settings of a run of a second."""
    return RunConfig(
        network=NetworkConfig(hidden=hidden, objective=objective),
        training=TrainingConfig(epochs=6, epochs_per_round=3, learning_rate=1e-2),
        triad=find_triad(TRIAD),
        device="cpu",
        skills={SKILL.name: {"prover": "none", "samples": 3} | skill},
    )


@pytest.fixture(scope="module")
def finished(host, tmp_path_factory):
    """Folder and report of a run through the triad."""
    out = tmp_path_factory.mktemp("runs") / "one"
    return out, runs.train(settings(limit=0.9), out, host=host)


def test_the_skill_keeps_its_promises():
    check_skill(SKILL, settings={"prover": "none"})


def test_a_run_passes_and_says_what_stands_in_for_the_provers(finished):
    verdict = finished[1].verdict

    assert verdict.passed is True
    assert 0 < verdict.measure <= 0.9
    assert "coqc is not asked; the integers-only checker stands in" in verdict.reason
    shared = [row[2] for row in verdict.tables[0].rows]
    assert shared == sorted(shared, reverse=True)  # a larger box certifies no more


def test_the_certificate_lies_in_the_run_folder_and_holds(finished):
    folder = finished[0] / "certificate"
    certificate = json.loads((folder / "certificate.json").read_text())

    assert checker.find_faults(certificate) == []
    assert (len(certificate["samples"]), len(certificate["log"])) == (3, 6)
    assert certificate["log"][-1]["hash"] == finished[1].log_head
    assert certificate["derivations"]
    assert any("layers 2 to 2: not certified" in note for note in certificate["notes"])
    assert sorted(path.name for path in folder.iterdir()) == [
        "certificate.json",
        "certificate.ny",
        "certificate.v",
        "checker.py",
        "checks.json",
    ]


def round_of(tmp_path, network=None, **config):
    """Run the generator and this validator on tiny data, without a report."""
    context = tiny_context({SKILL.name: config})
    run = context.run.model_copy(update={"network": network or context.run.network})
    skills = {skill.card.role: skill for skill in (GENERATOR, COORDINATOR, SKILL)}
    return run_rounds(skills, replace(context, run=run), tmp_path / "run").verdict


def test_a_box_too_large_for_any_probe_fails_the_run(tmp_path):
    verdict = round_of(tmp_path, radius="4", limit=0.9)

    assert (verdict.passed, verdict.measure) == (False, 1.0)


def test_what_has_no_integer_form_is_undecidable_with_its_reason(tmp_path):
    network = NetworkConfig(hidden=(6,), objective="symba", negatives="wrong-label")

    verdict = round_of(tmp_path, network)

    assert verdict.passed is None
    assert "objective 'symba' has no integer form" in verdict.reason


def test_a_finished_run_is_certified_like_its_own_validator_did(finished, host, tmp_path):
    report = certify_run(finished[0], tmp_path / "out", samples=3, prover="none", host=host)

    assert report.holds
    own = (finished[0] / "certificate" / "certificate.json").read_text()
    assert (tmp_path / "out" / "certificate.json").read_text() == own


@pytest.mark.parametrize("text", ["", "much", "1/0", "1/100", "-1/64", "5"])
def test_a_radius_off_the_grid_is_refused(text):
    with pytest.raises(ConfigError, match="radius"):
        parse_radius(text)
