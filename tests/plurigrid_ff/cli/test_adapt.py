import json

import pytest

STREAM = ("adapt", "stream", "digits-swaps", "--samples", 240, "--warmup", 80, "--hidden", 20)


def test_a_stream_is_a_table_a_document_and_a_picture(invoke, tmp_path):
    plot = tmp_path / "p.svg"
    people = invoke(*STREAM, "--plot", plot).output
    report = json.loads(invoke(*STREAM, "--json").stdout)

    assert list(report["found"]) == ["projection", "frozen", "backprop"]
    for name, found in report["found"].items():
        assert f"{found['accuracy']:.2%}" in people
        assert name in people
    assert plot.read_text("utf-8").startswith("<?xml")
    assert json.loads(invoke(*STREAM, "--json").stdout) == report


def test_classes_in_turns_are_a_table_and_a_document(invoke, tmp_path):
    words = ("adapt", "classes", "--epochs", 1, "--learners", "subspaces,lda", "--replay", 1)
    people = invoke(*words, "--plot", tmp_path / "c.svg").output
    report = json.loads(invoke(*words, "--json").stdout)

    assert f"{report['found']['lda']['average_accuracy']:.2%}" in people
    assert "5 tasks, 1 samples remembered per class" in people
    assert (tmp_path / "c.svg").exists()


def test_streams_are_listed(invoke):
    names = [one["name"] for one in json.loads(invoke("adapt", "streams", "--json").stdout)]
    assert "rbf" in names
    assert all(name in invoke("adapt", "streams").output for name in names)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("stream", "digits-swap"), "unknown stream 'digits-swap'; did you mean 'digits-swaps'"),
        (
            ("stream", "digits-swaps", "--learners", "lad"),
            "unknown learner 'lad'; did you mean 'lda",
        ),
        (("stream", "digits-swaps", "--replay", -1), "adapt stream: replay: "),
        (("classes", "--data", "absent.csv"), "absent.csv"),
        (("classes", "--plot", "absent/c.svg"), "--plot: absent is no folder"),
        (
            ("classes", "--hidden", 700, "--learners", "subspaces", "--classes-per-task", 10),
            "fewer",
        ),
    ],
)
def test_bad_input_is_one_sentence(refused, invoke, words, message):
    refused(invoke("adapt", *words), message)
