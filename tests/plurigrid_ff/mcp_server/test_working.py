"""Calls that compute: what they answer, and what they refuse before any process starts."""

import shutil
from itertools import pairwise

import anyio
import numpy as np
import pytest
import tomli_w

from plurigrid_ff import inference, runs
from plurigrid_ff.config import RunConfig
from plurigrid_ff.mcp_server.working import merged

DIGITS = "digits-projection"


@pytest.fixture
def run(trained, work):
    """A finished run in the working folder."""
    shutil.copytree(trained[0], work / "runs" / "one")
    return work / "runs" / "one"


def test_training_gives_what_the_library_gives(trained, tmp_path, small):
    folder, answer, _ = trained

    report = runs.train(RunConfig(**small), tmp_path / "library")

    assert {**answer, "seconds": 0} == {**report.model_dump(mode="json"), "seconds": 0}
    for name in ("network.safetensors", "rounds.jsonl", "run.toml"):
        assert (folder / name).read_bytes() == (tmp_path / "library" / name).read_bytes()


def test_progress_increases_strictly_to_the_end(trained):
    _, _, progress = trained
    shares = [share for share, _, _ in progress]

    assert all(later > earlier for earlier, later in pairwise(shares))
    assert shares[-1] == 1.0
    assert {total for _, total, _ in progress} == {1.0}
    assert {words for _, _, words in progress} == {"round 1 of 2", "round 2 of 2"}


def test_evaluating_gives_what_the_library_gives(ask, run, in_this_process):
    answer = ask("evaluate", {"run": "runs/one"})

    assert answer == inference.evaluate(run).model_dump(mode="json")


def test_predicting_counts_all_shows_some_and_writes_all(ask, run, work, in_this_process):
    np.savez(work / "new.npz", x=np.random.default_rng(0).random((30, 64), np.float32))
    arguments = {"run": "runs/one", "samples": "new.npz", "show": 2, "out": "labels.csv"}

    answer = ask("predict", arguments)

    expected = inference.predict(run, work / "new.npz")
    assert answer["samples"] == sum(answer["counts"].values()) == 30
    assert answer["predictions"] == [item.model_dump(mode="json") for item in expected[:2]]
    lines = (work / "labels.csv").read_text().splitlines()
    assert [line.split(",")[1] for line in lines[1:]] == [item.label for item in expected]
    assert ask("predict", arguments) == "labels.csv: exists; overwrite=true to replace it"
    assert ask("predict", arguments | {"overwrite": True}) == answer


def test_a_recipe_is_reproduced_and_changes_are_named(ask, work, small, in_this_process):
    answer = ask("reproduce", {"recipe": DIGITS, "seeds": 1, "out": "again", **small})

    assert answer["recipe"] == DIGITS
    assert answer["runs"][0]["folder"] == "seed-0"
    assert "training.epochs" in answer["changed"]
    assert (work / "again" / "reproduce.json").is_file()


def test_a_recipe_of_ones_own_is_trained(ask, work, in_this_process):
    text = ask("show_recipe", {"name": DIGITS})["toml"].replace("epochs = 20", "epochs = 1")
    text = text.replace("[500, 500]", "[24, 16]")
    (work / "own.toml").write_text(text.replace(DIGITS, "own", 1))

    answer = ask("reproduce", {"recipe": "own.toml", "seeds": 1, "out": "again"})

    assert (answer["recipe"], answer["changed"]) == ("own", [])


def test_too_many_samples_are_refused_and_nothing_is_left(ask, run, work, small, in_this_process):
    np.savez(work / "new.npz", x=np.zeros((9, 64), np.float32))

    for name, arguments in (
        ("train", {"out": "new", **small}),
        ("evaluate", {"run": "runs/one"}),
        ("predict", {"run": "runs/one", "samples": "new.npz"}),
    ):
        assert "samples, at most 8 are allowed" in ask(name, arguments, max_samples=8)
    assert not list(work.glob("new.p*"))


def test_objectives_are_listed_and_asked_for_once(connect, serve, in_this_process, monkeypatch):
    async def twice():
        async with connect(serve()) as client:
            first = await client.call_tool("list_objectives", {})
            monkeypatch.setattr("plurigrid_ff.mcp_server.door.run_in_worker", None)
            return first, await client.call_tool("list_objectives", {})

    first, second = anyio.run(twice)

    assert first == second
    assert "symba" in {card["name"] for card in first.structured_content["objectives"]}


def test_a_finished_run_is_not_replaced_unasked_and_no_process_starts(ask, run, small, monkeypatch):
    monkeypatch.setattr("plurigrid_ff.mcp_server.door.run_in_worker", None)

    message = ask("train", {"out": "runs/one", **small})

    assert message == (
        "runs/one: holds a finished run; choose another out, or overwrite=true to replace it once "
        "the new run is complete"
    )


def test_a_finished_run_that_is_resumed_answers_its_report(ask, run, trained, in_this_process):
    assert ask("train", {"out": "runs/one", "resume": True}) == trained[1]


def test_the_nearest_run_is_suggested_and_an_unfinished_one_is_told_apart(ask, run, work):
    (work / "runs" / "two.partial").mkdir()
    (work / "runs" / "two.partial" / "run.toml").touch()

    assert ask("evaluate", {"run": "runs/won"}) == (
        "run: unknown run 'runs/won'; did you mean 'runs/one'?"
    )
    assert ask("evaluate", {"run": "runs/two"}) == (
        "run: 'runs/two' is not finished; call train with this out and resume=true"
    )


def test_a_run_file_that_names_data_elsewhere_is_refused(ask, run, tmp_path, small):
    config = RunConfig(**small, data={"source": str(tmp_path / "secret.csv")})
    (run / "run.toml").write_text(tomli_w.dumps(config.model_dump(mode="json", exclude_none=True)))

    message = ask("evaluate", {"run": "runs/one"})

    assert message.startswith("runs/one/run.toml: data.source: ")
    assert "leads out of the working folder" in message


def test_links_that_lead_out_are_refused_wherever_they_stand(ask, run, work, tmp_path, small):
    (tmp_path / "outside").mkdir()
    (work / "away").symlink_to(tmp_path / "outside")
    (work / "photos" / "cats").mkdir(parents=True)
    (work / "photos" / "cats" / "one.png").symlink_to(tmp_path / "secret.toml")
    (work / "grown.partial").mkdir()
    (work / "grown.partial" / "rounds.jsonl").symlink_to(tmp_path / "secret.toml")
    skills = ["open-games", "persistent-homology", "forward-forward-learning"]

    for name, arguments in (
        ("train", {"out": "away/run", **small}),
        ("train", {"out": "grown", "resume": True, **small}),
        ("train", {"out": "new", "data": {"source": "photos"}, **small}),
        ("train", {"out": "new", "warm_start": {"run": "away"}, **small}),
        ("predict", {"run": "runs/one", "samples": "photos"}),
        ("predict", {"run": "runs/one", "samples": "runs", "out": "away/labels.csv"}),
        ("evaluate", {"run": "runs/one", "data": "photos"}),
        ("evaluate", {"run": "away"}),
        ("compose_triad", {"skills": skills, "out": "away/triad.toml"}),
    ):
        assert "leads out of the working folder" in ask(name, arguments), name
    assert list((tmp_path / "outside").iterdir()) == []
    assert (tmp_path / "secret.toml").read_text() == "seed = 1"


def test_settings_are_merged_table_by_table():
    base = {"training": {"epochs": 5, "decay": "none"}, "seed": 1}

    assert merged(base, {"training": {"epochs": 2}, "device": "cpu"}) == {
        "training": {"epochs": 2, "decay": "none"},
        "seed": 1,
        "device": "cpu",
    }
    assert base["training"]["epochs"] == 5


def test_a_graph_elsewhere_and_too_many_agents_are_refused(ask, tmp_path, small):
    graph = str(tmp_path / "secret.txt")

    elsewhere = ask("train", {"out": "new", **small, "society": {"agents": 2, "graph": graph}})
    many = ask("train", {"out": "new", **small, "society": {"agents": 33}})

    assert elsewhere.startswith("society.graph: ")
    assert "leads out of the working folder" in elsewhere
    assert many.startswith("society.agents: expected at most 32 on this server, got 33")
