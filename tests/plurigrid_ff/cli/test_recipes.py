import json
import tomllib

from plurigrid_ff.recipes import shipped_recipes

SMALL = ["--hidden", "24,16", "--epochs", "2", "--batch-size", "32", "--device", "cpu"]


def test_listing_shows_what_was_reached_and_what_was_published(invoke):
    human = invoke("recipes", "list")
    machine = json.loads(invoke("recipes", "list", "--json").stdout)

    (line,) = (line for line in human.output.splitlines() if " mnist-threshold " in line)
    reached = shipped_recipes()["mnist-threshold"].head.reached
    assert f"{reached.accuracy:.2%} ± {reached.spread:.2%}, {reached.seeds} seeds" in line
    assert "98.64%" in line
    assert [recipe["name"] for recipe in machine] == list(shipped_recipes())
    assert machine[0]["run"]["data"] == {"source": "cifar10"}


def test_showing_prints_a_file_that_is_a_recipe_again(invoke, tmp_path):
    shown = invoke("recipes", "show", "mnist-symba").stdout
    (tmp_path / "copy.toml").write_text(shown)

    assert shown.startswith("# source: Lee & Song (2023)")
    assert "https://arxiv.org/abs/2303.08418" in shown
    copied = json.loads(invoke("recipes", "show", "copy.toml", "--json").stdout)
    original = json.loads(invoke("recipes", "show", "mnist-symba", "--json").stdout)
    assert copied.pop("toml") == shown
    assert tomllib.loads(original.pop("toml")) == tomllib.loads(shown)
    assert copied == original


def test_an_unknown_recipe_gets_the_nearest(invoke, refused):
    refused(invoke("recipes", "show", "mnist-symbaa"), "did you mean 'mnist-symba'?")
    refused(invoke("train", "--recipe", "mnist-symbaa"), "did you mean 'mnist-symba'?")


def test_training_starts_from_a_recipe_and_options_override_it(invoke, tmp_path):
    arguments = ["--recipe", "digits-symba", *SMALL, "--set", "training.decay=none"]

    report = json.loads(invoke("train", *arguments, "--seed", "3", "--json").stdout)

    run = tomllib.loads((tmp_path / "runs/latest/run.toml").read_text())
    assert report["negatives"] == "hardest-label"
    assert run["network"]["objective"] == "symba"
    assert run["network"]["hidden"] == [24, 16]
    assert run["training"]["decay"] == "none"
    assert run["seed"] == 3


def test_a_recipe_trains_as_its_settings_in_a_run_file_do(invoke, tmp_path):
    text = shipped_recipes()["digits-projection"].text
    (tmp_path / "run.toml").write_text(text[text.index("[data]") :])

    invoke("train", "--recipe", "digits-projection", *SMALL, "--out", "one")
    invoke("train", "run.toml", *SMALL, "--out", "two")

    for name in ("run.toml", "rounds.jsonl", "network.safetensors"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_recipe_beside_a_run_file_is_bad_usage(invoke, refused):
    result = invoke("train", "run.toml", "--recipe", "digits-projection")

    refused(result, "--recipe 'digits-projection' both say what to train; give one", status=2)


def test_a_recipe_given_as_a_run_file_is_sent_where_it_belongs(invoke, refused, tmp_path):
    (tmp_path / "mine.toml").write_text(shipped_recipes()["digits-projection"].text)

    refused(invoke("train", "mine.toml"), "`plurigrid-ff train --recipe mine.toml` trains it")
    assert not (tmp_path / "runs").exists()
