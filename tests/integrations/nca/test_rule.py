import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from plurigrid_ff_nca.rules.family import Family
from plurigrid_ff_nca.rules.notation import name_rule, parse_rule
from plurigrid_ff_nca.rules.rule import Rule
from plurigrid_ff_nca.rules.space import Space
from plurigrid_ff_nca.rules.written import load_rule, save_rule

from plurigrid_ff.errors import ConfigError, DataError


def grid(*rows):
    return np.array([[cell == "O" for cell in row] for row in rows], np.uint8)


def test_a_blinker_turns_under_life():
    upright = grid(".....", "..O..", "..O..", "..O..", ".....")

    film = parse_rule("B3/S23").run(upright, 2)

    np.testing.assert_array_equal(film[1], upright.T)
    np.testing.assert_array_equal(film[2], upright)


def test_a_blinker_on_the_edge_wraps_on_a_torus_and_is_cut_where_the_border_is_dead():
    edge = grid("O....", "O....", "O....", ".....", ".....")
    life = parse_rule("B3/S23")

    np.testing.assert_array_equal(np.argwhere(life.run(edge, 1)[1]), [[1, 0], [1, 1], [1, 4]])
    np.testing.assert_array_equal(
        np.argwhere(life.run(edge, 1, border="dead")[1]), [[1, 0], [1, 1]]
    )


def test_a_glider_moves_by_one_cell_in_four_steps():
    start = np.zeros((8, 8), np.uint8)
    start[:3, :3] = grid(".O.", "..O", "OOO")

    last = parse_rule("B3/S23").run(start, 4)[-1]

    np.testing.assert_array_equal(last, np.roll(start, (1, 1), (0, 1)))


def test_rule_110_answers_wolframs_eight_cases():
    cases = np.array([[[n >> 2 & 1, n >> 1 & 1, n & 1]] for n in range(8)], np.uint8)[:, 0]

    middle = parse_rule("rule 110").step(cases, border="dead")[:, 1]

    assert middle.tolist() == [int(bit) for bit in f"{110:08b}"[::-1]]


def test_brians_brain_fires_from_two_and_then_rests():
    start = np.array([[0, 0, 0, 0], [0, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 0]], np.uint8)

    after = parse_rule("B2/S/C3").run(start, 1)[1]

    assert after.tolist() == [[0, 1, 1, 0], [0, 2, 2, 0], [0, 1, 1, 0], [0, 0, 0, 0]]


def test_a_totalistic_code_is_that_of_wolfram():
    # Code 777 in base 3 is 1001210: sums 0 to 6 become 0, 1, 2, 1, 0, 0, 1.
    assert parse_rule("code 777 k3 r1").table.tolist() == [0, 1, 2, 1, 0, 0, 1]


@pytest.mark.parametrize(
    "name",
    [
        "B3/S23",
        "B2/S013V",
        "B/S012345678",
        "B2/S/C3",
        "B34/S12/C5",
        "rule 30",
        "rule 12345 k3 r1",
        "rule 4000000000 k2 r2",
        "code 777 k3 r1",
        "R2,C0,S6-11,B6-8",
        "R3,C0,S2,5-9,B7,NN",
    ],
)
def test_a_name_is_read_and_written_alike(name):
    assert name_rule(parse_rule(name)) == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("23/3", "B3/S23"),
        ("b36/s23", "B36/S23"),
        ("/2/3", "B2/S/C3"),
        ("W110", "rule 110"),
        ("R2,C2,M0,S6..11,B6..8,NM", "R2,C0,S6-11,B6-8"),
    ],
)
def test_other_spellings_mean_the_same(text, name):
    assert name_rule(parse_rule(text)) == name


@given(birth=st.sets(st.integers(0, 8)), survival=st.sets(st.integers(0, 8)))
def test_every_life_like_rule_has_its_name(birth, survival):
    name = f"B{''.join(map(str, sorted(birth)))}/S{''.join(map(str, sorted(survival)))}"

    assert name_rule(parse_rule(name)) == name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("B3S23", "no notation known here; expected one like B3/S23"),
        ("B9/S23", "expected counts of 0 to 8 neighbours, got 9"),
        ("B5/S2V", "expected counts of 0 to 4 neighbours, got 5"),
        ("rule 256", "expected a number below 256 for 2 states and radius 1, got 256"),
        ("rule 1 k1", "states: input should be greater than or equal to 2"),
        ("R2,C0,Sx,B3", "no notation known"),
        ("R2,C0,S1--2,B3", "expected counts like 2,4-6, got '1--2'"),
        ("R10,C9,S1,B1", "expected at most 131072 neighbourhoods"),
    ],
)
def test_what_means_nothing_is_refused(text, message):
    with pytest.raises(ConfigError, match=message.replace("(", r"\(")):
        parse_rule(text)


def test_a_rule_that_sees_left_and_right_differently_has_no_name_of_counts():
    family = Family(Space(), "any")
    shift = Rule(family, family.cases[:, 3].astype(np.uint8))  # the cell to the left

    assert name_rule(shift) is None
    np.testing.assert_array_equal(
        shift.run(np.eye(4, dtype=np.uint8), 1)[1], np.roll(np.eye(4), 1, 1)
    )


@pytest.mark.parametrize("name", ["any", "outer-totalistic", "totalistic"])
@pytest.mark.parametrize("states", [2, 3])
def test_every_case_is_numbered_as_its_place_in_the_table(name, states):
    space = Space(dimensions=1, states=states)
    family = Family(space, name)
    every = Family(space, "any").cases.astype(np.uint8)  # (entries, 3)

    entries = family.index(every, "dead")[:, 1]

    left, own, right = every.T.astype(int)
    expected = {
        "any": every,
        "totalistic": (left + own + right)[:, None],
        "outer-totalistic": np.stack(
            [own, *((left == s).astype(int) + (right == s) for s in range(1, states))], 1
        ),
    }[name]
    np.testing.assert_array_equal(family.cases[entries], expected)
    assert set(entries) == set(range(family.entries))
    assert len(np.unique(family.features, axis=0)) == family.entries


def test_a_narrow_rule_is_told_apart_over_wider_families():
    rng = np.random.default_rng(0)
    space = Space(dimensions=1, states=3)
    rule = Rule(Family(space, "totalistic"), rng.integers(0, 3, 7, dtype=np.uint8))
    rows = rng.integers(0, 3, (5, 40), dtype=np.uint8)

    for name in ("outer-totalistic", "any"):
        family = Family(space, name)
        wide = Rule(family, rule.told_apart(family))
        np.testing.assert_array_equal(wide.step(rows), rule.step(rows))


def test_a_rule_is_the_same_after_a_file(tmp_path):
    rule = parse_rule("B2/S/C3")
    save_rule(rule, tmp_path / "brain.json")

    assert load_rule(tmp_path / "brain.json") == rule
    assert load_rule(tmp_path / "brain.json") != parse_rule("B3/S/C3")


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("not json", DataError, "expected a rule as JSON"),
        ("[]", DataError, "expected a JSON object, got a list"),
        (
            '{"space": {"dimensions": 1}, "family": "any", "table": [0]}',
            ConfigError,
            "table: expected 8 next states, got 1",
        ),
        (
            '{"space": {"dimensions": 1}, "family": "any", "table": [0,0,0,0,0,0,0,2]}',
            ConfigError,
            "expected states 0 to 1, got 2",
        ),
    ],
)
def test_a_file_that_is_no_rule_is_refused(tmp_path, text, error, message):
    (tmp_path / "rule.json").write_text(text)

    with pytest.raises(error, match=message):
        load_rule(tmp_path / "rule.json")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (np.zeros(5, np.uint8), "expected 2 dimensions, as the rule has, got shape"),
        (np.full((3, 3), 2, np.uint8), "expected states 0 to 1, got 2"),
        (np.zeros((0, 3), np.uint8), "expected cells, got none"),
    ],
)
def test_a_grid_of_another_rule_is_refused(wrong, message):
    with pytest.raises(DataError, match=message):
        parse_rule("B3/S23").run(wrong, 1)
