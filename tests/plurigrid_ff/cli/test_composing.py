import json
import re

import pytest

TRIAD = "persistent-homology-open-games-forward-forward"
MINE = "persistent-homology * open-games * forward-forward-learning"


def test_all_triads_of_the_known_skills_are_counted_and_listed(invoke):
    found = json.loads(invoke("triads", "list", "--absent", "--json").stdout)
    strict = json.loads(invoke("triads", "list", "--absent", "--strict", "--json").stdout)

    a, b, c = sizes = [len(names) for names in found["skills"].values()]
    of_a_kind = sum(size * (size - 1) * (size - 2) // 6 for size in sizes)
    assert min(sizes) >= 3
    assert (found["strict"], found["balanced"]) == (a * b * c, a * b * c + of_a_kind)
    assert (len(strict["triads"]), len(found["triads"])) == (a * b * c, found["balanced"])


def test_the_list_of_all_triads_says_why_one_is_none(invoke):
    output = invoke("triads", "list", "--all", "--absent").output

    assert re.search(r"\d validators, \d coordinators, \d generators: \d+ balanced, \d+ of", output)
    assert "three coordinators do not make a triad" in output
    assert "-1 persistent-homology  0 open-games  +1 forward-forward-learning" in output


def test_well_typed_triads_of_installed_skills_hold_the_shipped_one(invoke):
    found = json.loads(invoke("triads", "list", "--well-typed", "--json").stdout)

    names = [triad["skills"] for triad in found["triads"]]
    assert ["persistent-homology", "open-games", "forward-forward-learning"] in names
    assert all(triad["well_typed"] for triad in found["triads"])


def test_a_sequence_is_composed_written_and_read_again(invoke, refused):
    written = invoke(
        "triads", "compose", TRIAD, "then", f"({MINE})", "--name", "two", "--out", "two.toml"
    )
    again = json.loads(invoke("triads", "compose", "two.toml", "--json").stdout)

    assert written.exit_code == 0
    assert " 0  (sequence)\n├─  0  persistent-homology-open-games" in written.output
    assert "= 0 in GF(3): balanced, every triad strict" in written.output
    assert (again["root"]["name"], again["skills"], again["trit_sum"]) == ("two", 6, 0)
    refused(
        invoke("triads", "compose", f"({MINE})", "--name", "two", "--out", "two.toml"),
        "two.toml: exists; --overwrite",
    )


def test_three_triads_nest_to_nine_skills(invoke):
    result = invoke("triads", "nest", TRIAD, TRIAD, TRIAD, "--json")

    nested = json.loads(result.stdout)
    assert result.exit_code == 0
    assert (nested["skills"], nested["depth"], nested["balanced"]) == (9, 2, True)
    assert nested["strict"] is False


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["compose", "(unworld * unworld * gay-mcp)"], "the sum is +1 in GF(3), not 0"),
        (["compose", f"({MINE})", "--out", "x.toml"], "--name and --out go together"),
        (["compose", "unworld", "then", "unworld"], "'then' joins triads"),
        (["nest", "unworld", "gay-mcp", "no-such"], "unknown skill or triad 'no-such'"),
        (["compose", "absent.toml"], "absent.toml: cannot be read"),
        (["suggest", "unwrld"], "did you mean 'unworld'"),
    ],
)
def test_what_does_not_compose_is_refused_in_a_sentence(invoke, arguments, message, refused):
    refused(invoke("triads", *arguments), message)


def test_a_cycle_of_files_is_named(invoke, tmp_path, refused):
    for here, there in ("ab", "ba"):
        (tmp_path / f"{here}.toml").write_text(
            f'name = "{here}"\nexpression = "({MINE}) then {there}.toml"\n'
        )

    result = invoke("triads", "compose", "a.toml", "--json")

    refused(result, "composition: refers to itself: ")
    assert json.loads(result.stdout)["error"]["message"].count("a.toml") == 2


def test_what_a_set_lacks_is_said_with_who_would_fit(invoke):
    result = invoke("triads", "suggest", "open-games", "forward-forward-learning")
    advice = json.loads(
        invoke("triads", "suggest", "open-games", "forward-forward-learning", "--json").stdout
    )

    assert "= +1 in GF(3)" in result.output
    assert "lacks: 1 validator, to split into strict triads" in result.output
    assert advice["suggestions"][0]["installed"] is True
    assert advice["lacks"] == {"validator": 1}


def test_a_port_that_nobody_writes_is_told(invoke):
    output = invoke("triads", "suggest", "open-games").output

    (line,) = re.findall(r"lacks: port 'gains', which open-games consumes \((.*)\)", output)
    assert "forward-forward-learning" in line.split(", ")


def test_a_good_trio_lacks_nothing(invoke):
    assert "lacks nothing" in invoke("triads", "suggest", *MINE.split(" * ")).output
