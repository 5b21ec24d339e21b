import json

import pytest

from plurigrid_ff.recipes import shipped_recipes

SMALL = ("network.hidden=[16]", "training.epochs=2", "training.batch_size=64", "device=cpu")
SETTINGS = [part for setting in SMALL for part in ("--set", setting)]
TRIAD = "persistent-homology-open-games-forward-forward"


def test_a_reproduction_prints_what_was_reached_beside_its_rival(invoke, tmp_path):
    result = invoke("reproduce", "digits-threshold", "--seeds", "2", *SETTINGS)

    found = json.loads((tmp_path / "runs/digits-threshold/reproduce.json").read_text())
    assert result.exit_code == 0
    assert "seed 1 (2 of 2)\nround 1/1" in result.output
    assert found["recorded"]["seeds"] == 10
    for figure in (found["reached"], found["rival"], found["recorded"]):
        assert f"{figure['accuracy']:.2%} ± {figure['spread']:.2%}" in result.output
    assert "none recorded" in result.output
    assert "https://arxiv.org/abs/2212.13345" in result.output
    assert "changed  device, network.hidden, training.batch_size, training.epochs" in result.output


def test_what_was_published_stands_in_the_table_with_what_it_is_of(invoke, tmp_path):
    recipe = tmp_path / "mine.toml"
    recipe.write_text(shipped_recipes()["mnist-threshold"].text.replace('"mnist"', '"digits"'))

    result = invoke("reproduce", "mine.toml", "--seeds", "1", *SETTINGS, "--out", "mine")

    (line,) = (line for line in result.output.splitlines() if line.startswith(" published"))
    assert "98.64%" in line
    assert "MNIST, four layers of 2000" in line


def test_finished_seeds_are_named_and_json_is_all_that_is_printed(invoke, tmp_path):
    arguments = ["reproduce", "digits-projection", "--seeds", "1", *SETTINGS, "--out", "mine"]

    machine = json.loads(invoke(*arguments, "--json").stdout)
    again = invoke(*arguments)

    assert machine == json.loads((tmp_path / "mine" / "reproduce.json").read_text())
    assert "seed 0 (1 of 1): trained already" in again.output
    assert "round 1" not in again.output


def test_an_interrupted_reproduction_says_how_to_go_on(invoke, refused, monkeypatch):
    def interrupt(*arguments, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr("plurigrid_ff.learning.backprop.backprop_accuracy", interrupt)

    result = invoke("reproduce", "digits-projection", *SETTINGS, "--out", "mine")

    refused(result, "interrupted; nothing is lost: the same command goes on (mine)", status=130)


def test_a_run_that_its_validator_does_not_pass_is_told_by_the_exit_status(invoke, tmp_path):
    recipe = tmp_path / "mine.toml"
    text = shipped_recipes()["digits-projection"].text
    recipe.write_text(f'triad = "{TRIAD}"\n{text}')
    strict = ["--set", "skills.persistent-homology.limit=0.01"]

    result = invoke(
        "reproduce", "mine.toml", "--seeds", "1", *SETTINGS, *strict, "--out", "mine", "--json"
    )

    (run,) = json.loads(result.stdout)["runs"]
    assert run["verdict"] == "failed"
    assert result.exit_code == 3


@pytest.mark.parametrize(
    ("arguments", "message", "status"),
    [
        (["digits-projektion"], "did you mean 'digits-projection'?", 1),
        (["digits-projection", "--seeds", "0"], "0 is not in the range x>=1", 2),
        (["digits-projection", "--set", "epochs"], "expected KEY=VALUE", 1),
        (["digits-projection", "--set", "training.epoch=1"], "did you mean 'epochs'?", 1),
        (["mnist-projection"], "mnist", 1),
    ],
)
def test_what_cannot_be_reproduced_is_refused(
    invoke, refused, tmp_path, arguments, message, status
):
    refused(invoke("reproduce", *arguments), message, status=status)
    assert not (tmp_path / "runs").exists()
