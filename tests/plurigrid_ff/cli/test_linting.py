import json

import pytest

HEAD = "---\nname: {name}\n---\n"


@pytest.fixture
def cards(tmp_path):
    """A card that contradicts the registry, and one with a terminal escape in its name."""
    for name, text in {
        "unworld": "**Trit**: +1 (PLUS)\n",
        "other": "a\x1b[31m (-1)\nunworld (0) ⊗ sheaf-cohomology (-1) ⊗ gay-mcp (+1) = 0 ✓\n"
        "unworld@+1 ⊗ gay-mcp (+1) ⊗ forward-forward-learning (+1)\n",
    }.items():
        (tmp_path / "cards" / name).mkdir(parents=True)
        (tmp_path / "cards" / name / "SKILL.md").write_text(HEAD.format(name=name) + text)
    return "cards"


def test_findings_are_a_table_and_exit_status_three(invoke, cards):
    result = invoke("triads", "lint", cards)

    assert result.exit_code == 3
    assert "unworld/SKILL.md:4" in result.output
    assert "the registry says 0, cards say +1" in result.output
    assert "2 cards, 2 of them read: 8 claims of a trit, 2 triad lines" in result.output
    assert "bound: unworld@+1 at other/SKILL.md:6" in result.output
    assert "\x1b" not in result.output


def test_findings_are_json_for_programs(invoke, cards):
    result = invoke("triads", "lint", cards, "--json")

    report = json.loads(result.stdout)
    assert result.exit_code == 3
    assert report["counts"] == {
        "control-characters": 1,
        "card-differs": 1,
        "registry-differs": 1,
    }
    (finding,) = [item for item in report["findings"] if item["kind"] == "card-differs"]
    assert [(claim["file"], claim["line"]) for claim in finding["claims"]] == [
        ("unworld/SKILL.md", 4),
        ("unworld/SKILL.md", 4),
        ("other/SKILL.md", 5),
    ]


def test_a_choice_is_printed_and_what_it_settles_is_no_finding(invoke, cards):
    result = invoke("triads", "lint", cards, "--resolve", "registry", "--json")

    report = json.loads(result.stdout)
    assert report["resolutions"] == [
        {"name": "unworld", "trit": 0, "by": "registry", "claimed": [0, 1]}
    ]
    assert report["counts"] == {"control-characters": 1}
    assert "(card-differs)" in invoke("triads", "lint", cards, "--resolve", "registry").output


def test_strict_lists_every_claim(invoke, cards):
    plain = invoke("triads", "lint", cards).output
    strict = invoke("triads", "lint", cards, "--strict").output

    assert "**Trit**: +1 (PLUS)" not in plain
    assert "**Trit**: +1 (PLUS)" in strict
    assert strict.count("unworld/SKILL.md:4") > plain.count("unworld/SKILL.md:4")


def test_strict_accepts_no_choice(invoke, cards):
    result = invoke("triads", "lint", cards, "--strict", "--resolve", "own")

    assert result.exit_code == 2
    assert "leave out --resolve" in result.output


def test_clean_cards_are_exit_status_zero(invoke, tmp_path):
    (tmp_path / "unworld").mkdir()
    (tmp_path / "unworld" / "SKILL.md").write_text(HEAD.format(name="unworld") + "**Trit**: 0\n")

    result = invoke("triads", "lint", "unworld")

    assert result.exit_code == 0
    assert "no findings" in result.output


def test_a_missing_folder_is_refused(invoke, refused):
    refused(invoke("triads", "lint", "absent"), "absent: expected a folder of cards")
