import json

import pytest

TRIAD = "persistent-homology-open-games-forward-forward"


@pytest.mark.parametrize(
    ("kind", "start"),
    [("svg", b"<?xml"), ("dot", b"graph triads {"), ("mermaid", b"flowchart LR"), ("json", b"{"),
     ("html", b"<!doctype html>")],
)  # fmt: skip
def test_every_text_format_goes_to_standard_output(invoke, kind, start):
    result = invoke("triads", "graph", TRIAD, "--format", kind)

    assert result.exit_code == 0
    assert result.stdout_bytes.startswith(start)


def test_the_ending_of_a_file_is_its_format(invoke, tmp_path):
    assert invoke("triads", "graph", "--out", "g.png").output == "wrote g.png\n"

    assert (tmp_path / "g.png").read_bytes().startswith(b"\x89PNG")


def test_all_triads_are_drawn_from_what_is_known(invoke):
    graph = json.loads(invoke("triads", "graph", "--all", "--absent", "--format", "json").stdout)

    assert len(graph["triads"]) >= 36
    assert len(graph["edges"]) == 3 * len(graph["triads"])


@pytest.mark.parametrize(
    ("arguments", "message", "status"),
    [
        (["--format", "png"], "give --out", 2),
        (["--out", "g.xyz"], "unknown ending", 2),
        ([TRIAD, "--all"], "give one", 2),
        (["--absent"], "--absent goes with --all", 2),
        (["no-such"], "unknown triad 'no-such'", 1),
        ([TRIAD, TRIAD], "two triads are named", 1),
    ],
)
def test_what_cannot_be_drawn_is_refused(invoke, arguments, message, status, refused):
    refused(invoke("triads", "graph", *arguments), message, status)


def test_a_file_that_exists_is_left_alone(invoke, tmp_path, refused):
    (tmp_path / "g.dot").write_text("mine")

    refused(invoke("triads", "graph", "--out", "g.dot"), "g.dot: exists; --overwrite")

    assert (tmp_path / "g.dot").read_text() == "mine"
