"""The plugin that the plugin page shows does what it says."""

import importlib.util
import math
from pathlib import Path

import pytest

from plurigrid_ff.host.ports import GAINS, Inbox, LayerGain
from plurigrid_ff.host.skill import SkillCard, Validator
from plurigrid_ff.testing import check_skill

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "tests" / "fixtures" / "plurigrid_ff_echo" / "plurigrid_ff_echo" / "__init__.py"


@pytest.fixture(scope="module")
def echo():
    spec = importlib.util.spec_from_file_location("plurigrid_ff_echo", MODULE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def judge(echo, *gains, **settings):
    validator = echo.SKILL.build(echo.EchoConfig(**settings), None)
    values = {GAINS.name: {"agent": tuple(LayerGain.model_validate(gain) for gain in gains)}}
    return validator.validate(Inbox("echo", 0, None, values))


def gain(before, after, updates=5):
    return {"updates": updates, "margin_before": before, "margin_after": after}


def test_it_passes_the_check_for_authors(echo):
    check_skill(echo.SKILL)


def test_its_card_reads_back_and_its_object_has_the_method_of_its_role(echo):
    card = echo.SKILL.card

    assert SkillCard.model_validate(card.model_dump(exclude={"trit"})) == card
    assert isinstance(echo.SKILL.build(echo.EchoConfig(), None), Validator)


def test_a_round_in_which_every_margin_rose_passes(echo):
    verdict = judge(echo, gain(-2.0, -1.0), gain(-1.5, -1.25))

    assert verdict.passed is True
    assert verdict.measure == -0.25


def test_a_round_in_which_one_margin_fell_fails(echo):
    verdict = judge(echo, gain(-2.0, -1.0), gain(-1.5, -2.0))

    assert verdict.outcome == "failed"
    assert verdict.measure == 0.5
    assert verdict.reason.endswith("was -0.5000")


def test_a_fall_within_the_tolerance_passes(echo):
    assert judge(echo, gain(-1.5, -2.0), tolerance=0.5).passed is True


def test_layers_that_sat_out_are_not_judged(echo):
    verdict = judge(echo, gain(-1.0, -9.0, updates=0))

    assert verdict.outcome == "undecidable"
    assert verdict.measure is None
    assert math.isclose(verdict.limit, 0.0)
