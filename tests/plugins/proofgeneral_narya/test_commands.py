import json

import pytest
from click.testing import CliRunner
from plurigrid_ff_proofgeneral_narya.commands import certify

from plurigrid_ff.cli import Options


def run(*arguments):
    """Call the command as the command line does."""
    return CliRunner().invoke(certify, [str(a) for a in arguments], obj=Options())


@pytest.fixture
def file(make_certificate, tmp_path):
    """Write a certificate."""
    path = tmp_path / "certificate.json"
    path.write_text(make_certificate().text())
    return path


def test_a_certificate_that_holds_is_accepted(file):
    done = run("check", file, "--prover", "none", "--json")

    report = json.loads(done.stdout)
    assert (done.exit_code, report["holds"], report["entries"]) == (0, True, 6)


def test_a_tampered_certificate_exits_with_3_and_says_who_rejects_it(file):
    file.write_text(file.read_text().replace('"label":', '"label":1', 1))

    done = run("check", file, "--prover", "none")

    assert done.exit_code == 3
    assert "integers: REJECTS" in done.stdout


@pytest.mark.parametrize("text", ["", "[]", '{"schema": 3}', "{" * 5000])
def test_what_is_no_certificate_is_one_sentence(file, text):
    file.write_text(text)

    done = run("check", file, "--prover", "none")

    assert done.exit_code == 1
    assert "not a certificate of version 1" in done.stderr


def test_a_folder_that_is_no_run_is_taken_for_one_and_refused(tmp_path):
    done = run(tmp_path, "--out", tmp_path / "out")

    assert done.exit_code == 1
    assert "report.json" in done.stderr or "not a run folder" in done.stderr
