import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.cards.lint import lint
from plurigrid_ff.errors import AgentSkillError
from plurigrid_ff.host.registry import Registry

HEAD = "---\nname: {name}\ndescription: for tests\n---\n"


@pytest.fixture
def collection(tmp_path):
    """Write cards by folder name; bytes are written as they are."""

    def write(**cards):
        for name, text in cards.items():
            folder = tmp_path / name.replace("_", "-")
            folder.mkdir(parents=True, exist_ok=True)
            if isinstance(text, str):
                text = (HEAD.format(name=folder.name) + text).encode()
            (folder / "SKILL.md").write_bytes(text)
        return tmp_path

    return write


def found(path, kind, **options):
    report = lint(path, Registry(), **options)
    return [finding for finding in report.findings if finding.kind == kind]


def places(finding):
    return [(claim.file, claim.line, claim.trit, claim.source) for claim in finding.claims]


def test_a_card_at_one_with_itself_has_no_findings(collection):
    path = collection(
        unworld="**Trit**: 0 (ERGODIC - derives)\n\n"
        "sheaf-cohomology (-1) ⊗ unworld (0) ⊗ gay-mcp (+1) = 0 ✓\n"
    )

    report = lint(path, Registry())

    assert report.clean
    assert (report.files, report.read, report.claims, report.triad_lines) == (1, 1, 5, 1)


def test_a_card_that_contradicts_itself_is_found_with_every_claim_and_line(collection):
    path = collection(mine="**Trit**: +1 (PLUS - generator)\n\n```\nTrit: 0 (ERGODIC)\n```\n")

    (finding,) = found(path, "contradiction")

    assert finding.message == "says 0 and +1 of itself"
    assert places(finding) == [
        ("mine/SKILL.md", 5, 1, "body"),
        ("mine/SKILL.md", 5, 1, "role"),
        ("mine/SKILL.md", 8, 0, "body"),
        ("mine/SKILL.md", 8, 0, "role"),
    ]
    assert (finding.file, finding.line) == ("mine/SKILL.md", 8)


@pytest.mark.parametrize(
    ("text", "trit"),
    [
        ("**Trit**: +1 (PLUS - generator)", 1),
        ("**Trit**: -1", -1),
        ("**Trit:** \u22121", -1),
        ("Trit: 0.", 0),
        ("- **Trit**: 0", 0),
        ("> Trit: -1", -1),
        ("**GF(3) Trit**: 1", 1),
        ("**Trit Assignment**: +1 (PLUS)", 1),
        ("**Polarity**: MINUS", -1),
        ("| Trit | -1 (MINUS) |", -1),
        ("<!-- Propagated | Trit: 0 | Source: x -->", 0),
    ],
)
def test_a_cards_own_trit_is_read_in_the_ways_it_is_written(collection, text, trit):
    path = collection(mine=f"{text}\n\nmine ({'0' if trit else '+1'}) ⊗ a (0) ⊗ b (0)\n")

    (finding,) = found(path, "card-differs")

    assert finding.claims[0].trit == trit
    assert finding.claims[0].line == 5


@pytest.mark.parametrize(
    "text",
    [
        "    trit = -1  # code",
        "def trit: int",
        "**Trit**: 0.5",
        "**Trit**: 12",
        "The **Trit** is +1",
        "| Trit | Skill | Role |",
        "assert trit == 0",
    ],
)
def test_what_only_looks_like_a_trit_is_no_claim(collection, text):
    assert lint(collection(mine=text + "\n"), Registry()).claims == 0


@pytest.mark.parametrize(
    ("head", "trits"),
    [
        ("trit: 1", [1]),
        ("trit: +1", [1]),
        ("trit: '\u22121'  # minus", [-1]),
        ("metadata:\n  trit: \"1\"\n  version: '2'", [1]),
        ("metadata: {trit: -1, version: 2}", [-1]),
        ("polarity: ERGODIC", [0]),
        ("role: validator", [-1]),
        ("role: painter", []),
        ("trit: -1\npolarity: MINUS", [-1, -1]),
        ("description: |\n  trit: 1", []),
        ("metadata:\n  note: |\n    trit: 1\n  trit: -1", [-1]),
        ("parts:\n  - name: other\n    trit: 1", []),
        ("# trit: 1", []),
    ],
)
def test_the_head_is_read_for_the_card_itself_only(collection, head, trits):
    path = collection(mine=f"---\nname: mine\n{head}\n---\nother (-1) ⊗ a (0) ⊗ b (+1)\n".encode())
    others = 3

    report = lint(path, Registry())

    assert report.claims == others + len(trits)
    assert not [finding for finding in report.findings if finding.kind != "absent"]


@pytest.mark.parametrize(
    ("line", "members"),
    [
        ("a (-1) ⊗ b (0) ⊗ c (+1) = 0 ✓", ["a", "b", "c"]),
        ("a(\u22121) + b(0) + c(1)", ["a", "b", "c"]),
        ("`a` (-1) * `b` (0) * `c` (1) ≡ 0 (mod 3)", ["a", "b", "c"]),
        ("| x | a-b.c (+1) ⊗ d/e (0) ⊗ möbius-path (-1) | y |", ["a-b.c", "d/e", "möbius-path"]),
        ("gf3_triad: \"a (-1) ⊗ b (0) ⊗ c (+1)\"", ["a", "b", "c"]),
        ("a (-1)      ⊗ b (0) ⊗ c (+1) ⊗ d (0)", ["a", "b", "c", "d"]),
    ],
)  # fmt: skip
def test_triad_lines_are_read_in_the_ways_they_are_written(collection, line, members):
    report = lint(collection(mine=line + "\n"), Registry())

    absent = [finding.name for finding in report.findings if finding.kind == "absent"]
    assert report.triad_lines == 1
    assert sorted(absent) == sorted(members)
    assert "unbalanced" not in report.counts
    assert "misstated" not in report.counts


@pytest.mark.parametrize(
    "line",
    ["a (-1) ⊗ b (0)", "f (0), g (0), h (0)", "3 * (1) + 2 * (0) + 5 * (1)",
     "validator (-1) + coordinator (0) + generator (+1)"],
)  # fmt: skip
def test_what_only_looks_like_a_triad_is_none(collection, line):
    assert lint(collection(mine=line + "\n"), Registry()).triad_lines == 0


def test_a_triad_line_that_does_not_sum_to_zero_is_found(collection):
    path = collection(
        mine="a (-1) ⊗ b (0) ⊗ c (0) = 0 ✓\nd (+1) ⊗ e (+1) ⊗ f (0) = 2 ✗\n"
        "g (+1) ⊗ h (+1) ⊗ i (+1) = 1\n"
    )

    first, second = found(path, "unbalanced")
    (third,) = found(path, "misstated")

    assert first.message == "(-1 a) + (0 b) + (0 c) = -1 in GF(3)"
    assert second.message.endswith("= -1 in GF(3); the line says so itself")
    assert third.message.endswith("= 0 in GF(3), but the line states 1")
    assert [first.line, second.line, third.line] == [5, 6, 7]


def test_a_name_with_several_trits_across_lines_and_tables_is_found(collection):
    path = collection(
        one="x (-1) ⊗ b (0) ⊗ c (+1)\n",
        two="| Skill | Trit | Role |\n|---|---|---|\n| [`x`](../x) | +1 | any |\n"
        "| **c** | +1 | |\n",
    )

    (finding,) = found(path, "several-trits")

    assert finding.name == "x"
    assert places(finding) == [
        ("one/SKILL.md", 5, -1, "triad"),
        ("two/SKILL.md", 7, 1, "table"),
    ]


def test_a_card_and_a_triad_that_differ_are_both_told(collection):
    path = collection(mine="**Trit**: +1\n", other="a (-1) ⊗ mine (0) ⊗ b (+1)\n")

    (finding,) = found(path, "card-differs")

    assert finding.message == "its card says +1, others say 0"
    assert [claim.file for claim in finding.claims] == ["mine/SKILL.md", "other/SKILL.md"]


def test_a_card_that_contradicts_itself_is_not_told_again_for_a_triad(collection):
    path = collection(mine="**Trit**: +1\n**Trit**: -1\n", other="a (0) ⊗ mine (0) ⊗ b (0)\n")

    assert found(path, "card-differs") == []
    assert len(found(path, "contradiction")) == 1


def test_a_table_of_roles_names_no_skills(collection):
    path = collection(mine="| Skill | Trit |\n|---|---|\n| validator | -1 |\n| other | 0 |\n")

    report = lint(path, Registry())

    assert report.claims == 1
    assert [finding.name for finding in report.findings] == ["other"]


def test_the_registry_is_the_authority_on_the_names_it_knows(collection):
    path = collection(unworld="**Trit**: +1\n", other="unworld (+1) ⊗ a (-1) ⊗ b (0)\n")

    (finding,) = found(path, "registry-differs")

    assert finding.message == "the registry says 0, cards say +1"
    assert len(finding.claims) == 2


def test_cards_of_one_name_that_differ_are_told(collection, tmp_path):
    path = collection(**{"one/mine": "**Trit**: +1\n", "two/mine": "**Trit**: 0\n"})

    (finding,) = found(path, "copies-differ")

    assert [claim.file for claim in finding.claims] == ["one/mine/SKILL.md", "two/mine/SKILL.md"]


def test_a_binding_is_good_for_its_own_line(collection):
    path = collection(unworld="**Trit**: 0\n", other="a (-1) ⊗ unworld@+1 ⊗ b (0)\n")

    report = lint(path, Registry())

    assert [(c.name, c.trit, c.file, c.line) for c in report.bindings] == [
        ("unworld", 1, "other/SKILL.md", 5)
    ]
    assert set(report.counts) == {"absent"}


def test_names_without_a_card_are_told_once_with_their_first_place(collection):
    path = collection(
        mine="gone (-1) ⊗ mine (0) ⊗ gay-mcp (+1)\ngone (-1) ⊗ mine (0) ⊗ gay-mcp (+1)\n"
    )

    (finding,) = found(path, "absent")

    assert (finding.name, finding.line) == ("gone", 5)
    assert finding.message == "has no card; named in 2 places"


@pytest.mark.parametrize(
    ("resolve", "trit", "kinds"),
    [
        ("own", 1, {"unbalanced"}),
        ("registry", 0, set()),
        ("role", -1, {"unbalanced"}),
    ],
)
def test_a_choice_is_recorded_and_sums_are_those_of_the_choice(
    collection, resolve, trit, kinds, tmp_path
):
    own = {"own": "+1", "registry": "+1", "role": "+1 (MINUS)"}
    path = collection(
        unworld=f"**Trit**: {own[resolve]}\n",
        other="unworld (0) ⊗ sheaf-cohomology (-1) ⊗ gay-mcp (+1)\n",
    )

    report = lint(path, Registry(), resolve=resolve)

    (chosen,) = report.resolutions
    assert (chosen.name, chosen.trit, chosen.by) == ("unworld", trit, resolve)
    assert chosen.claimed == ((-1, 0, 1) if resolve == "role" else (0, 1))
    assert set(report.counts) == kinds
    conflicts = [finding for finding in report.findings if finding.kind != "unbalanced"]
    assert conflicts
    assert all(finding.resolved for finding in conflicts)


def test_a_choice_that_says_two_things_settles_nothing(collection):
    path = collection(mine="**Trit**: +1\n\n**Trit**: 0\n")

    report = lint(path, Registry(), resolve="own")

    assert report.resolutions[0].trit is None
    assert report.counts == {"contradiction": 1}


@pytest.mark.parametrize(
    ("raw", "kind", "message", "line"),
    [
        (b"", "frontmatter", "is empty", 1),
        (b"# no head\n", "frontmatter", "expected '---', the beginning", 1),
        (b"---\nname: mine\n", "frontmatter", "no closing '---'", 1),
        (b"---\ndescription: x\n---\n", "frontmatter", "has no name", 1),
        (b"---\nname: other\n---\n", "frontmatter", "'other' is not its folder's, 'mine'", 2),
        (b"---\nname: mine\nname: mine\n---\n", "frontmatter", "'name' for the second time", 3),
        (b"---\nname: mine\n???\n---\n", "frontmatter", "expected 'key: value', got '???'", 3),
        (b"---\nname: mine\ndescription: a: b\n---\n", "frontmatter", "quote the value", 3),
        (b"---\nname: mine\nmetadata:\n\ttrit: 1\n---\n", "frontmatter", "a tab", 4),
        (b"---\nname: mine\ntrit: 2\n---\n", "trit", "expected -1, 0 or +1, got '2'", 3),
        (b"---\nname: mine\npolarity: UP\n---\n", "trit", "expected MINUS, ERGODIC or PLUS", 3),
        (b"---\nname: mine\n---\n\x00", "unreadable", "is binary: a NUL byte", 4),
        (b"---\nname: mine\n---\ncaf\xe9\n", "encoding", "byte 0xe9; read as Latin-1", 4),
        (b"---\nname: mine\n---\n\x1b[31m\n", "control-characters", "U+001B", 4),
        (b"---\nname: mine\n---\n" + b"x" * (1 << 20), "unreadable", "at most 1,048,576", 1),
        ("---\nname: mine\n---\n".encode("utf-16"), "encoding", "is UTF-16", 1),
    ],
)  # fmt: skip
def test_a_malformed_card_is_told_with_its_line(collection, raw, kind, message, line):
    (finding,) = lint(collection(mine=raw), Registry()).findings

    assert finding.kind == kind
    assert message in finding.message
    assert finding.line == line


def test_claims_are_found_in_other_encodings_and_line_ends(collection):
    text = "---\nname: {}\n---\n\n**Trit**: +1\n\n**Trit**: \u22121\n"
    path = collection(
        marked=b"\xef\xbb\xbf" + text.format("marked").encode(),
        wide=text.format("wide").encode("utf-16"),
        dos=text.format("dos").replace("\n", "\r\n").encode(),
        mac=text.format("mac").replace("\n", "\r").encode(),
    )

    assert lint(path, Registry()).counts == {"encoding": 1, "contradiction": 4}
    assert [(f.name, f.line) for f in found(path, "contradiction")] == [
        ("dos", 7),
        ("mac", 7),
        ("marked", 7),
        ("wide", 7),
    ]


def test_links_are_told_and_not_followed(collection, tmp_path):
    path = collection(mine="**Trit**: 0\n")
    (path / "loop").symlink_to(path)
    (path / "linked").mkdir()
    (path / "linked" / "SKILL.md").symlink_to(path / "mine" / "SKILL.md")
    (path / "odd" / "SKILL.md").mkdir(parents=True)

    report = lint(path, Registry())

    assert (report.files, report.read) == (3, 1)
    assert [(f.file, f.message) for f in report.findings] == [
        ("linked/SKILL.md", "is a symbolic link, which is not followed"),
        ("odd/SKILL.md", "is no regular file"),
    ]


def test_one_card_is_a_collection_too(collection):
    path = collection(mine="**Trit**: 0\n**Trit**: +1\n") / "mine" / "SKILL.md"

    assert lint(path, Registry()).counts == {"contradiction": 1}


def test_other_file_names_are_cards_on_demand(tmp_path):
    (tmp_path / "a.md").write_text("---\nname: a\n---\n**Trit**: 0\n**Trit**: +1\n")

    assert lint(tmp_path, Registry()).files == 0
    assert lint(tmp_path, Registry(), pattern="*.md").counts["contradiction"] == 1


def test_nothing_at_the_path_is_an_error(tmp_path):
    with pytest.raises(AgentSkillError, match="expected a folder of cards"):
        lint(tmp_path / "absent", Registry())


PIECES = st.sampled_from(
    ["---\n", "name: ", "trit: ", "metadata:\n  ", "**Trit**: ", "+1", "-1", "\u22121", "0", "(",
     ")", "(0)", "@", " ⊗ ", " * ", "| ", "|---|\n", "Skill", "Trit", "unworld", "= 0 ✓", "\n",
     "\r", "\t", "\u2028", "\x1b", "[x](", "{", "}", ":", "'", '"', "<!-- Trit: 0", "=", "\u0661"]
)  # fmt: skip


@given(st.one_of(st.binary(max_size=400), st.lists(PIECES, max_size=60).map("".join), st.text()))
def test_no_card_whatever_it_holds_breaks_the_lint(tmp_path_factory, content):
    raw = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    path = tmp_path_factory.mktemp("cards") / "SKILL.md"
    path.write_bytes(raw)

    report = lint(path, Registry())

    lines = max(1, len(raw.replace(b"\r", b"\n").split(b"\n")))
    assert report.files == 1
    assert all(1 <= finding.line <= lines for finding in report.findings)
    assert report.model_validate_json(report.model_dump_json()) == report


def test_names_of_files_that_are_not_utf8_can_be_written_anywhere(tmp_path):
    root = os.path.join(os.fsencode(tmp_path), b"cards-\xff")
    try:
        os.makedirs(os.path.join(root, b"odd-\xfe"))
    except OSError:
        pytest.skip("the file system takes names in UTF-8 only")
    with open(os.path.join(root, b"odd-\xfe", b"SKILL.md"), "w") as file:
        file.write("**Trit**: 0\n")

    report = lint(Path(os.fsdecode(root)), Registry())

    assert report.findings[0].file == "odd-\\xfe/SKILL.md"
    assert report.path.endswith("cards-\\xff")
    report.model_dump_json().encode()
