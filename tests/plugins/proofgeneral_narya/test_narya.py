"""The Narya file, held against a golden one: no distribution has the program."""

import shutil
from pathlib import Path

import pytest
from plurigrid_ff_proofgeneral_narya.narya import format_narya
from plurigrid_ff_proofgeneral_narya.provers import check_narya

GOLDEN = Path(__file__).with_name("golden.ny")


def test_the_file_is_the_golden_one(make_certificate):
    assert format_narya(make_certificate()) == GOLDEN.read_text("utf-8")


def test_another_sum_is_another_claim(make_certificate):
    other = make_certificate().model_copy(update={"trit_sum": 2})

    assert "Id trit (sum this_log) minus." in format_narya(other)


@pytest.mark.skipif(shutil.which("narya") is None, reason="narya is not on PATH")
def test_narya_accepts_the_log_and_rejects_another_sum(make_certificate):
    certificate = make_certificate()

    assert check_narya(certificate).passed
    assert check_narya(certificate.model_copy(update={"trit_sum": 1})).passed is False
