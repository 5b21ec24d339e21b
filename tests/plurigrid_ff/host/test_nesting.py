import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.errors import ConfigError, RunFolderError, TriadError, UnknownNameError
from plurigrid_ff.host.expressions import (
    Name,
    Product,
    Sequence,
    format_expression,
    parse_expression,
)
from plurigrid_ff.host.nesting import MAX_SKILLS, compose, write_composition
from plurigrid_ff.host.parts import format_sum, walk
from plurigrid_ff.host.registry import Registry

STRICT = "judging * scheduling * counting"
NAMES = st.sampled_from(["a@-1", "b@0", "c@+1", "unworld", "gay-mcp", "sheaf-cohomology"])
TRITS = {"a@-1": -1, "b@0": 0, "c@+1": 1, "unworld": 0, "gay-mcp": 1, "sheaf-cohomology": -1}


def products(inner):
    return st.tuples(inner, inner, inner).map(Product)


NESTINGS = st.recursive(NAMES.map(Name), products, max_leaves=27)
SEQUENCES = st.lists(products(NESTINGS), min_size=2, max_size=4).map(
    lambda parts: Sequence(tuple(parts))
)


def leaves(expression):
    if isinstance(expression, Name):
        return [TRITS[expression.text]]
    return [trit for part in expression.parts for trit in leaves(part)]


@given(st.one_of(NESTINGS, SEQUENCES))
def test_the_sum_of_a_composition_is_that_of_its_skills(expression):
    composition = compose(format_expression(expression), Registry())

    trits = leaves(expression)
    assert (composition.trit_sum - sum(trits)) % 3 == 0
    assert composition.trit_sum in (-1, 0, 1)
    assert composition.skills == len(trits)
    assert composition.balanced == (sum(trits) % 3 == 0)


@given(st.one_of(NESTINGS, SEQUENCES))
def test_an_expression_that_is_written_reads_as_itself(expression):
    assert parse_expression(format_expression(expression)) == expression


@given(NESTINGS, NESTINGS)
def test_replacing_a_part_by_one_of_the_same_sum_changes_no_sum_above(old, new):
    if (sum(leaves(old)) - sum(leaves(new))) % 3:
        return

    around = [Product((Name("unworld"), part, Name("gay-mcp"))) for part in (old, new)]
    before, after = (compose(format_expression(part), Registry()) for part in around)

    assert before.trit_sum == after.trit_sum
    assert before.root.strict == after.root.strict


def test_three_balanced_triads_nest_to_zero_and_are_not_strict(registry):
    nested = compose(f"({STRICT}) * ({STRICT}) * ({STRICT})", registry)

    assert (nested.trit_sum, nested.balanced, nested.strict) == (0, True, False)
    assert (nested.skills, nested.depth) == (9, 2)
    assert [part.strict for part in walk(nested.root) if part.kind == "triad"] == [
        False,
        True,
        True,
        True,
    ]


def test_triads_whose_sums_are_one_of_each_nest_strictly(registry):
    minus = "judging * scheduling * unworld"
    plus = "counting * gay-mcp * sheaf-cohomology"

    nested = compose(f"({plus}) * ({STRICT}) * ({minus})", registry)

    assert nested.root.strict
    assert not nested.strict  # those in the outer two slots are not strict themselves
    assert format_sum(nested.root) == f"(-1 {minus}) + (0 {STRICT}) + (+1 {plus}) = 0"


def test_a_strict_triad_stands_where_a_coordinator_does(registry):
    nested = compose(f"judging * ({STRICT}) * counting", registry)

    assert nested.strict
    assert [part.trit_sum for part in nested.root.parts] == [-1, 0, 1]


def test_ports_are_checked_where_three_installed_skills_meet(registry):
    fits = compose(STRICT, registry).root
    absent = compose("judging * unworld * counting", registry).root

    assert (fits.well_typed, fits.faults) == (True, ())
    assert absent.well_typed is None


def test_a_sequence_adds_the_sums_of_its_triads(registry):
    sequence = compose(f"{STRICT} then {STRICT} then unworld * unworld * judging", registry)

    assert sequence.root.kind == "sequence"
    assert [part.trit_sum for part in sequence.root.parts] == [0, 0, -1]
    assert (sequence.trit_sum, sequence.balanced, sequence.strict) == (-1, False, False)


def test_a_binding_gives_an_unknown_name_its_trit_and_no_known_one_another(registry):
    bound = compose("mine@\u22121 * scheduling * counting", registry).root

    assert [(part.name, part.bound) for part in bound.parts] == [
        ("mine", True),
        ("scheduling", False),
        ("counting", False),
    ]
    assert bound.strict
    assert compose("unworld@0 * counting * judging", registry).strict
    with pytest.raises(TriadError, match=r"unworld@\+1: the registry's trit of 'unworld' is 0"):
        compose("unworld@+1 * counting * judging", registry)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected a name or '\\(', got the end"),
        ("a * b", "a triad has three parts, got 2"),
        ("a * b * c * d", "got 4"),
        ("(a * b * c", "expected '\\)'.*got the end"),
        ("a b", "expected '\\*', 'then' or the end after 'a', got 'b'"),
        ("then", "got 'then'"),
        ("(" * 60, "more than 50 parentheses"),
        ("a" * 70_000, "at most 65536 characters"),
        ("judging then counting", "'then' joins triads, but 'judging' is a skill"),
        ("judging@7", "expected NAME@-1"),
    ],
)
def test_what_is_no_composition_is_refused(registry, text, message):
    with pytest.raises(TriadError, match=message):
        compose(text, registry)


def test_an_unknown_name_gets_its_neighbour_among_skills_and_triads(registry):
    with pytest.raises(UnknownNameError, match="did you mean 'counting'"):
        compose("judging * scheduling * countin", registry)


def test_a_file_names_its_parts_and_other_files(tmp_path, registry):
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "mine.toml").write_text(
        'name = "mine"\nvalidator = "judging"\ncoordinator = "scheduling"\ngenerator = "counting"\n'
    )
    (tmp_path / "two.toml").write_text(
        f'name = "two"\nexpression = "first then inner/mine.toml"\n[parts]\nfirst = "{STRICT}"\n'
    )

    composed = compose("two.toml", registry, folder=tmp_path)

    assert composed.root.name == "two"
    assert [part.name for part in composed.root.parts] == ["first", "mine"]
    assert (composed.skills, composed.trit_sum, composed.strict) == (6, 0, True)


def test_files_that_name_each_other_are_refused_with_the_cycle(tmp_path, registry):
    for here, there in ("ab", "bc", "ca"):
        (tmp_path / f"{here}.toml").write_text(
            f'name = "{here}"\nexpression = "({STRICT}) then {there}.toml"\n'
        )

    with pytest.raises(TriadError, match=r"itself: .*b\.toml -> .*c\.toml -> .*a\.toml -> .*b\."):
        compose("b.toml", registry, folder=tmp_path)


def test_parts_that_name_each_other_are_refused_with_the_cycle(tmp_path, registry):
    (tmp_path / "loop.toml").write_text(
        'name = "loop"\nexpression = "x"\n[parts]\nx = "judging * y * counting"\ny = "x"\n'
    )

    with pytest.raises(TriadError, match=r"loop\.toml: x -> .*loop\.toml: y -> .*loop\.toml: x"):
        compose("loop.toml", registry, folder=tmp_path)


def test_the_same_part_twice_is_no_cycle(tmp_path, registry):
    (tmp_path / "twice.toml").write_text(
        f'name = "twice"\nexpression = "x then x"\n[parts]\nx = "{STRICT}"\n'
    )

    assert compose("twice.toml", registry, folder=tmp_path).skills == 6


def test_a_part_must_not_bear_the_name_of_a_skill(tmp_path, registry):
    (tmp_path / "shadow.toml").write_text(
        f'name = "shadow"\nexpression = "unworld"\n[parts]\nunworld = "{STRICT}"\n'
    )

    with pytest.raises(TriadError, match=r"parts\.unworld: is the name of a skill"):
        compose("shadow.toml", registry, folder=tmp_path)


def test_a_composition_that_grows_without_bound_is_stopped(tmp_path, registry):
    parts = "".join(f'p{i} = "p{i + 1} * p{i + 1} * p{i + 1}"\n' for i in range(30))
    (tmp_path / "bomb.toml").write_text(
        f'name = "bomb"\nexpression = "p0"\n[parts]\n{parts}p30 = "{STRICT}"\n'
    )

    with pytest.raises(TriadError, match=f"more than {MAX_SKILLS} skills"):
        compose("bomb.toml", registry, folder=tmp_path)


def test_depth_is_counted_across_files(tmp_path, registry):
    (tmp_path / "f0.toml").write_text(f'name = "f0"\nexpression = "{STRICT}"\n')
    for number in range(1, 6):
        deep = f"f{number - 1}.toml"
        for _ in range(20):
            deep = f"({deep}) then f0.toml"
        (tmp_path / f"f{number}.toml").write_text(f'name = "f{number}"\nexpression = "{deep}"\n')

    assert compose("f2.toml", registry, folder=tmp_path).depth == 41
    with pytest.raises(TriadError, match="more than 50 parts within each other; name fewer"):
        compose("f5.toml", registry, folder=tmp_path)


def test_every_file_is_located_before_it_is_read(tmp_path, registry):
    (tmp_path / "a.toml").write_text('name = "a"\nexpression = "sub/b.toml then sub/b.toml"\n')
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.toml").write_text(f'name = "b"\nexpression = "{STRICT}"\n')
    seen = []

    def locate(path):
        seen.append(path.relative_to(tmp_path).as_posix())
        return path

    compose("a.toml", registry, folder=tmp_path, locate=locate)

    assert seen == ["a.toml", "sub/b.toml", "sub/b.toml"]


def test_a_triad_file_with_a_skill_in_the_wrong_slot_is_refused(tmp_path, registry):
    (tmp_path / "bad.toml").write_text(
        'name = "bad"\nvalidator = "counting"\ncoordinator = "scheduling"\ngenerator = "judging"\n'
    )

    with pytest.raises(TriadError, match="'counting' is a generator, but it fills the validator"):
        compose("bad.toml", registry, folder=tmp_path)


def test_a_misspelt_key_of_a_composition_is_named(tmp_path, registry):
    (tmp_path / "bad.toml").write_text('name = "bad"\nexpression = "x"\npart = {}\n')

    with pytest.raises(ConfigError, match=r"bad\.toml: part: unknown key; did you mean 'parts'"):
        compose("bad.toml", registry, folder=tmp_path)


def test_a_written_composition_composes_again(tmp_path, registry):
    path = tmp_path / "nine.toml"

    write_composition("nine", f"({STRICT}) then ({STRICT})", path)

    assert tomllib.loads(path.read_text())["name"] == "nine"
    assert compose(str(path), registry).skills == 6
    with pytest.raises(RunFolderError, match="exists; --overwrite"):
        write_composition("nine", STRICT, path)
