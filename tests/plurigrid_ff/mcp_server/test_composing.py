"""Triads put together, suggested and linted: what the library finds, inside the folder."""

from pathlib import Path

import pytest

from plurigrid_ff.cards.lint import lint
from plurigrid_ff.host.enumeration import enumerate_triads
from plurigrid_ff.host.nesting import compose
from plurigrid_ff.host.plugins import load_host
from plurigrid_ff.host.suggestion import suggest

TRIAD = "persistent-homology-open-games-forward-forward"


@pytest.fixture(scope="module")
def registry():
    return load_host().registry


def test_triads_are_enumerated_and_skills_suggested_as_the_library_does(ask, registry):
    kinds = {"kind": "strict", "absent": True}

    assert ask("enumerate_triads", kinds) == enumerate_triads(registry, **kinds).model_dump(
        mode="json"
    )
    assert ask("suggest_skills", {"skills": ["open-games", "gay-mcp"]}) == suggest(
        ["open-games", "gay-mcp"], registry
    ).model_dump(mode="json")


def test_a_composition_is_evaluated_written_and_named_by_the_next(
    ask, work, registry, in_this_process
):
    two = f"{TRIAD} then {TRIAD}"

    answer = ask("nest_triads", {"expression": two, "name": "two", "out": "sub/two.toml"})

    assert answer == compose(two, registry).model_dump(mode="json")
    nested = ask("nest_triads", {"expression": f"sub/two.toml * {TRIAD} * sub/two.toml"})
    assert (nested["skills"], nested["trit_sum"], nested["strict"]) == (15, 0, False)
    assert ask("nest_triads", {"expression": two, "name": "two", "out": "sub/two.toml"}) == (
        "sub/two.toml: exists; overwrite=true to replace it"
    )


def test_a_sum_that_is_not_zero_is_an_answer(ask, in_this_process):
    assert ask("nest_triads", {"expression": "gay-mcp"})["balanced"] is False


@pytest.mark.parametrize("route", ["../secret.toml", "away/secret.toml", "linked.toml", "/{root}"])
@pytest.mark.parametrize("depth", ["in the expression", "in a file", "in a part"])
def test_no_file_outside_is_read_whichever_file_names_it(
    ask, work, tmp_path, in_this_process, route, depth
):
    (tmp_path / "secret.toml").write_text(f'name = "secret"\nexpression = "{TRIAD}"\n')
    (work / "away").symlink_to(tmp_path)
    (work / "linked.toml").symlink_to(tmp_path / "secret.toml")
    route = route.replace("/{root}", str(tmp_path / "secret.toml"))
    head = f'name = "own"\nexpression = "{route if depth == "in a file" else "part"}"\n'
    (work / "own.toml").write_text(head + f'[parts]\npart = "{route}"\n')

    message = ask("nest_triads", {"expression": route if "expr" in depth else "own.toml"})

    assert "leads out of the working folder" in message


def test_cards_are_linted_as_the_library_does_and_some_findings_are_shown(
    ask, work, registry, in_this_process
):
    for place, trit in ("a", "+1"), ("b", "2"), ("c", "0"):
        card = work / "cards" / place / "SKILL.md"
        card.parent.mkdir(parents=True)
        card.write_text(f"---\nname: {place}\ntrit: {trit}\n---\nunworld (+1) * x (0) * y (0)\n")

    answer = ask("lint_cards", {"path": "cards", "resolve": "registry", "show": 2})

    whole = lint(Path("cards"), registry, resolve="registry").model_dump(mode="json")
    assert answer == {**whole, "findings": whole["findings"][:2]}
    assert sum(answer["counts"].values()) > 2


def test_links_below_a_folder_of_cards_are_found_and_not_followed(
    ask, work, tmp_path, in_this_process
):
    (tmp_path / "SKILL.md").write_text("---\nname: secret\ntrit: 1\n---\n")
    (work / "away").symlink_to(tmp_path)
    (work / "SKILL.md").symlink_to(tmp_path / "SKILL.md")

    answer = ask("lint_cards", {})

    assert (answer["path"], answer["files"], answer["read"]) == (".", 1, 0)
    assert "secret" not in str(answer)
    assert "leads out" in ask("lint_cards", {"path": "away"})
    assert "leads out" in ask("lint_cards", {"path": "SKILL.md"})
