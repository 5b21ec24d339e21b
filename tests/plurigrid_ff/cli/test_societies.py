import json

import pytest

TINY = [
    *("--hidden", "20", "--objective", "class-goodness", "--epochs", "2"),
    *("--batch-size", "32", "--device", "cpu"),
]
EIGHT = ["--agents", "8", "--graph", "circulant:1,2"]


def test_a_society_is_trained_shown_and_used(invoke, tmp_path):
    options = [*EIGHT, "--shards", "classes:5", "--start", "common", "--out", "eight"]

    trained = invoke("train", *TINY, *options)

    assert trained.exit_code == 0, trained.output
    assert "8 agents  mean " in trained.output
    assert "(best on validation)" in trained.output
    assert "test accuracy mean " in trained.output
    report = json.loads((tmp_path / "eight" / "report.json").read_text())
    assert [len(agent["classes"]) for agent in report["society"]["agents"]] == [5] * 8
    assert len(report["society"]["edges"]) == 16

    best = report["society"]["best"]
    said = f"agent {best} (best of the society on validation samples; --agent takes another)"
    assert said in invoke("evaluate", "eight").output
    other = invoke("evaluate", "eight", "--agent", "agent-6", "--json")
    assert json.loads(other.stdout)["agent"] == "agent-6"
    (tmp_path / "new.csv").write_text(
        ",".join(map(str, range(64))) + "\n" + ",".join("0" * 64) + "\n"
    )
    labelled = invoke("predict", "eight", "new.csv")
    assert said in labelled.stderr
    assert labelled.stdout.startswith("sample,label,probability\n0,")
    exported = invoke("export", "eight", "--format", "safetensors", "--out", "net", "--agent", best)
    assert f"agent {best}\n" in exported.output


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--agents", "8", "--graph", "circulent:1,2"], "did you mean 'circulant'?"),
        (["--agents", "8", "--graph", "circulant:2"], "is in 2 pieces, {agent-0, agent-2,"),
        (["--agents", "6", "--graph", "grid:2x4"], "has 8 nodes, but society.agents is 6"),
        (["--agents", "0"], "society.agents: input should be greater than or equal to 1"),
        (["--agents", "4", "--shards", "class:5"], "society.shards: "),
        (["--agents", "4", "--shards", "classes:12"], "asks for 12 classes per agent, but there"),
        (["--agents", "900", "--graph", "path"], "the shard of agent-"),
        (["--agents", "4", "--graph", "edges.txt"], "edges.txt: cannot be read"),
    ],
)
def test_a_society_that_cannot_be_is_refused_before_work(
    invoke, refused, tmp_path, options, message
):
    refused(invoke("train", *TINY, *options, "--out", "none"), message)

    assert not list(tmp_path.glob("none*"))


def test_a_triad_runs_over_a_society(invoke):
    triad = "persistent-homology-open-games-forward-forward"

    result = invoke("triads", "run", triad, *TINY, "--agents", "2", "--out", "two", "--json")

    assert result.exit_code in (0, 3), result.output
    report = json.loads(result.stdout)
    assert report["trit_sum"] == 0
    assert len(report["society"]["agents"]) == 2
