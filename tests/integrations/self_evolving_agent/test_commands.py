import json

import pytest
from click.testing import CliRunner
from plurigrid_ff_self_evolving_agent import commands, register_commands


@pytest.fixture
def invoke():
    return lambda *words: CliRunner().invoke(commands.evolve, [str(word) for word in words])


def test_evolve_is_offered_without_being_loaded():
    offered = []
    register_commands(lambda *offer: offered.append(offer))

    ((name, home, line),) = offered
    module, attribute = home.split(":")
    assert (name, module, getattr(commands, attribute)) == (
        "evolve",
        commands.__name__,
        commands.evolve,
    )
    assert line.endswith(".")


def test_show_lists_all_best_first_and_tells_all_of_one(invoke, whole):
    listed = json.loads(invoke("show", whole, "--json").output)
    best = listed[0]
    told = json.loads(invoke("show", whole, best["name"]).output)

    assert len(listed) == 26
    assert best["fitness"] == max(one["fitness"] for one in listed if one["accepted"])
    assert told["config"]["network"]["objective"] == "projection"
    assert told["parents"] == [best["parent"]]
    assert best["name"] in invoke("show", whole).output


def test_tree_is_text_json_or_a_picture(invoke, whole, tmp_path):
    assert invoke("tree", whole).output.startswith("0-0-0  start")
    assert len(json.loads(invoke("tree", whole, "--json").output)["nodes"]) == 26
    assert "26 individuals" in invoke("tree", whole, "--out", tmp_path / "l.svg").output
    assert (tmp_path / "l.svg").read_bytes() == (whole / "lineage.svg").read_bytes()


def test_rollback_says_how_to_go_on(invoke, whole, tmp_path):
    result = invoke("rollback", whole, "0-1-0", "--out", tmp_path / "again")

    assert result.exit_code == 0
    assert "evolve resume" in result.output
    assert invoke("show", tmp_path / "again", "--json").output.count('"name"') == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("resume", "{tmp}"), "not an evolution (no evolution.toml)"),
        (("show", "{tmp}"), "holds no archive.sqlite"),
        (("show", "{whole}", "0-0-9"), "unknown individual '0-0-9'; did you mean"),
        (("rollback", "{whole}", "nobody", "--out", "{tmp}/x"), "unknown individual 'nobody'"),
        (("run", "--out", "{whole}"), "exists already"),
        (("run", "--level", "2", "--out", "{tmp}/x"), "evolve run: level: "),
        (("run", "--data", "absent.csv", "--out", "{tmp}/x"), "absent.csv"),
        (("run", "--objectives", "symbal", "--out", "{tmp}/x"), "did you mean 'symba'"),
    ],
)
def test_bad_input_is_one_sentence_before_anything_is_written(
    invoke, whole, tmp_path, words, message
):
    result = invoke(*(word.format(whole=whole, tmp=tmp_path) for word in words))

    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert message in result.output
    assert "Traceback" not in result.output
    assert list(tmp_path.iterdir()) == []
