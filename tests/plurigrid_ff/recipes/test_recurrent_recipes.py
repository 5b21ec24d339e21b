"""What recurrent recipes say they reached is what a reproduction measured."""

import json
from pathlib import Path

import pytest

from plurigrid_ff.recipes import shipped_recipes
from plurigrid_ff.reproduction import Reproduction

ROOT = Path(__file__).resolve().parents[3]
RECURRENT = {
    name: recipe
    for name, recipe in shipped_recipes().items()
    if recipe.run.network.recurrent is not None
}


def test_there_is_one_for_static_samples_and_one_for_frames():
    found = {
        (recipe.run.data.source, recipe.run.network.recurrent.input)
        for recipe in RECURRENT.values()
    }

    assert found == {("mnist", "static"), ("fsdd", "frames")}


@pytest.mark.parametrize("name", RECURRENT)
def test_what_it_reached_is_what_was_measured(name):
    recipe = RECURRENT[name]
    reached = recipe.head.reached
    text = (ROOT / reached.results).read_text("utf-8")

    measured = Reproduction.parse(json.loads(text), where=reached.results)

    assert measured.recipe == recipe.head.name == name
    assert measured.changed == ()
    assert measured.epochs == recipe.run.training.epochs
    assert measured.data == recipe.run.data.source
    assert reached.accuracy == pytest.approx(measured.reached.accuracy, abs=5e-5)
    assert reached.spread == (
        None if reached.seeds == 1 else pytest.approx(measured.reached.spread, abs=5e-5)
    )
    assert [run.seed for run in measured.runs] == list(range(reached.seeds))
