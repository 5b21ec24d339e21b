import tomllib
from pathlib import Path

import pytest

from plurigrid_ff.config import RunConfig
from plurigrid_ff.errors import ConfigError, UnknownNameError
from plurigrid_ff.learning.objectives import find_objective, parse_options
from plurigrid_ff.learning.recurrence import Recurrence
from plurigrid_ff.recipes import find_recipe, shipped_recipes
from plurigrid_ff.reproduction import Reproduction

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = shipped_recipes()
HEAD = '[recipe]\nname = "mine"\nsummary = "Mine."\npaper = "Me (2026)"\narxiv = "2601.00001"\n'
TRIAD = "persistent-homology-open-games-forward-forward"


@pytest.fixture
def recipe_file(tmp_path):
    def write(text: str) -> str:
        (tmp_path / "mine.toml").write_text(text)
        return str(tmp_path / "mine.toml")

    return write


def test_a_recipe_is_shipped_for_every_objective_on_digits_and_on_mnist():
    objectives = {
        "projection",
        "class-goodness",
        "distance",
        "hierarchical",
        "threshold",
        "symba",
        "self-contrastive",
    }
    for data in ("digits", "mnist"):
        for name in objectives:
            run = SHIPPED[f"{data}-{name}"].run
            assert (run.data.source, run.network.objective) == (data, name)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_recipe_has_the_name_of_its_file_and_begins_with_its_data(name):
    recipe = SHIPPED[name]

    assert recipe.head.name == name
    assert name.startswith(f"{recipe.run.data.source}-")


def test_a_recurrent_recipe_is_shipped_for_static_samples_and_one_for_frames():
    static, frames = (SHIPPED[name].run.network for name in ("mnist-recurrent", "fsdd-recurrent"))

    assert static.recurrent.input == "static"
    assert frames.recurrent.input == "frames"


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_recipe_cites_the_paper_of_its_objective_or_of_its_recurrence(name):
    recipe = SHIPPED[name]
    objective = find_objective(recipe.run.network.objective)

    parse_options(objective.name, recipe.run.network.options)
    author = recipe.head.paper.replace(",", " ").split()[0]
    source = objective if recipe.run.network.recurrent is None else Recurrence
    assert author in source.__doc__


@pytest.mark.parametrize("name", SHIPPED)
def test_what_a_shipped_recipe_reached_is_what_was_reproduced_with_its_settings(name):
    reached = SHIPPED[name].head.reached
    path = ROOT / "benchmarks" / "results" / "recipes" / f"{name}.json"
    if reached is None:  # not run yet, or with other settings only
        assert not path.exists() or Reproduction.model_validate_json(path.read_text()).changed
        return
    found = Reproduction.model_validate_json((ROOT / reached.results).read_text())

    assert (found.recipe, found.changed) == (name, ())
    assert reached.accuracy == pytest.approx(found.reached.accuracy, abs=5e-5)
    assert reached.spread == pytest.approx(found.reached.spread, abs=5e-5)
    assert reached.seeds == found.reached.seeds == len(found.runs) >= 3


def test_a_recipe_names_its_settings_and_leaves_the_rest_open(recipe_file):
    recipe = find_recipe(recipe_file(HEAD + "[network]\nhidden = [9]\n"))

    assert recipe.values == {"network": {"hidden": [9]}}
    assert recipe.run == RunConfig.model_validate({"network": {"hidden": [9]}})
    assert recipe.card.url == "https://arxiv.org/abs/2601.00001"
    assert tomllib.loads(recipe.text)["recipe"]["name"] == "mine"


def test_a_recipe_may_name_a_triad_as_run_files_do(recipe_file):
    recipe = find_recipe(recipe_file(f'triad = "{TRIAD}"\n{HEAD}'))

    assert recipe.run.triad.validator == "persistent-homology"
    assert recipe.values["triad"]["name"] == TRIAD


def test_an_unknown_name_gets_the_nearest():
    with pytest.raises(UnknownNameError, match="recipe 'mnist-projetion'; did you mean 'mnist-pr"):
        find_recipe("mnist-projetion")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = ", "not valid TOML"),
        ("seed = 1\n", r"no table \[recipe\], so it is no recipe"),
        ("recipe = 1\n", r"no table \[recipe\]"),
        (HEAD + "[network]\nwidth = 9\n", "network.width: unknown key"),
        (HEAD + "[training]\nepochs = 0\n", "training.epochs: input should be greater than 0"),
        (HEAD + "nmae = 1\n", "recipe: nmae: unknown key; did you mean 'name'"),
        (HEAD.replace("2601.00001", "none"), "recipe: arxiv: string should match"),
        (HEAD.replace("arxiv", "link"), "recipe: link: string should match"),
        (HEAD.replace('arxiv = "2601.00001"', ""), "expected the source's arxiv or its link"),
        (HEAD + 'link = "https://a.b"\n', "expected the source's arxiv or its link"),
        (HEAD.replace("mine", "My Own"), "recipe: name: string should match"),
        ('[recipe]\nname = "mine"\n', "recipe: summary: field required"),
        (HEAD + '[recipe.published]\naccuracy = 98.6\non = "MNIST"\n', "published.accuracy: input"),
        (HEAD + "[recipe.reached]\naccuracy = 0.9\nseeds = 0\n", "reached.seeds: input"),
    ],
)
def test_a_file_that_is_no_recipe_is_refused_with_the_key(recipe_file, text, message):
    with pytest.raises(ConfigError, match=message) as caught:
        find_recipe(recipe_file(text))

    assert "mine.toml" in str(caught.value)


def test_a_triad_that_is_not_there_is_refused(recipe_file):
    with pytest.raises(UnknownNameError, match="unknown triad 'nothing'"):
        find_recipe(recipe_file(f'triad = "nothing"\n{HEAD}'))


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"none\.toml: cannot be read"):
        find_recipe(str(tmp_path / "none.toml"))
