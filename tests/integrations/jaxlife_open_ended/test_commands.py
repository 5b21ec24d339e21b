import json

import pytest
from click.testing import CliRunner
from PIL import Image
from plurigrid_ff_jaxlife_open_ended import commands, register_commands

SMALL = ("--agents", 24, "--size", 12, "--hidden", 4, "--set", "max_births=4")


@pytest.fixture
def invoke():
    return lambda *words: CliRunner().invoke(commands.world, [str(word) for word in words])


def test_world_is_offered_where_it_is():
    offered = []
    register_commands(lambda *offer: offered.append(offer))

    ((name, home, _),) = offered
    module, attribute = home.split(":")
    assert (name, module) == ("world", commands.__name__)
    assert getattr(commands, attribute) is commands.world


def test_run_resume_and_show_tell_the_same(invoke, tmp_path):
    out = tmp_path / "w"

    ran = invoke("run", *SMALL, "--steps", 20, "--window", 10, "--out", out, "--json")
    resumed = invoke("resume", out, "--steps", 30, "--json")
    shown = json.loads(invoke("show", out, "--json").output)

    assert json.loads(ran.output)["steps"] == 20
    assert json.loads(resumed.output)["steps"] == 30
    assert shown["report"] == {
        name: value for name, value in json.loads(resumed.output).items() if name != "folder"
    }
    assert [record["step"] for record in shown["history"]] == [10, 20, 30]
    assert all(record["shadow"] for record in shown["history"])


def test_people_read_a_table_and_a_summary(invoke, whole):
    output = invoke("show", whole).output

    assert "novelty x learnability" in output
    assert "its neutral shadow 0." in output
    assert "per agent-step" in output


def test_a_world_without_shadow_says_that_there_is_nothing_to_compare_with(invoke, tmp_path):
    words = ("--no-shadow", "--frozen", "--steps", 20, "--window", 10, "--out", tmp_path / "w")
    output = invoke("run", *SMALL, *words).output

    assert "no shadow to compare with" in output


@pytest.mark.parametrize("name", ["a.gif", "a.png"])
def test_animate_writes_a_film_and_leaves_the_world(invoke, whole, tmp_path, name):
    before = (whole / "world.safetensors").read_bytes()

    words = ("--steps", 6, "--every", 2, "--scale", 3, "--out", tmp_path / name, "--json")
    result = invoke("animate", whole, *words, *(["--from-start"] if name == "a.png" else []))

    assert json.loads(result.output)["frames"] == 4
    with Image.open(tmp_path / name) as film:
        assert film.size == (36, 36)
        assert 1 < film.n_frames <= 4  # equal frames in a row are written as one
    assert (whole / "world.safetensors").read_bytes() == before


def test_a_brain_that_was_written_founds_another_world(invoke, whole, tmp_path):
    brain = tmp_path / "brain.safetensors"

    told = json.loads(invoke("brain", whole, "--out", brain, "--json").output)
    words = ("--steps", 2, "--window", 2, "--brain", brain, "--out", tmp_path / "w", "--json")
    again = invoke("run", *SMALL, *words)

    assert told["energy"] > 0
    assert json.loads(again.output)["steps"] == 2


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("run", "--agents", "1", "--out", "{tmp}/x"), "world run: agents: "),
        (("run", "--set", "max_age", "--out", "{tmp}/x"), "expected KEY=VALUE"),
        (("run", "--set", "maxage=5", "--out", "{tmp}/x"), "did you mean 'max_age'"),
        (("run", "--set", "birth_energy=9", "--out", "{tmp}/x"), "must exceed newborn_energy"),
        (("run", "--set", "max_births=2000", "--out", "{tmp}/x"), "must be at most agents"),
        (("run", "--agents", "100000", "--hidden", "1024", "--out", "{tmp}/x"), "lower one"),
        (("run", "--brain", "absent", "--out", "{tmp}/x"), "absent: cannot be read"),
        (("run", "--out", "{whole}"), "exists already"),
        (("resume", "{tmp}"), "not a world"),
        (("resume", "{whole}", "--steps", "39"), "is at step 40 already, got steps 39"),
        (("show", "{tmp}"), "not a world"),
        (("animate", "{whole}", "--out", "{tmp}/a.avi"), "expected a name that ends in"),
        (("brain", "{whole}", "--slot", "99", "--out", "{tmp}/b"), "expected a living agent"),
    ],
)
def test_bad_input_is_one_sentence_before_anything_is_written(
    invoke, whole, tmp_path, words, message
):
    result = invoke(*(word.format(whole=whole, tmp=tmp_path) for word in words))

    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert message in result.output
    assert list(tmp_path.iterdir()) == []
