from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.gf3 import is_balanced, is_strict
from plurigrid_ff.host.enumeration import enumerate_triads
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.skill import Role, Skill, SkillCard

SIZES = st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 4))


@pytest.fixture(name="filled", scope="module")
def filled_fixture():
    def fill(validators, coordinators, generators):
        """Put so many skills of each role into a registry; their ports fit."""
        registry = Registry()
        ports = {
            Role.VALIDATOR: {"consumes": ("gains",)},
            Role.COORDINATOR: {"consumes": ("gains",), "produces": ("schedule",)},
            Role.GENERATOR: {"feedback": ("schedule",), "produces": ("gains",)},
        }
        for role, count in zip(Role, (validators, coordinators, generators), strict=True):
            for place in range(count):
                name = f"{role.slot}-{place}"
                card = SkillCard(
                    name=name, version="1", role=role, summary="for tests", **ports[role]
                )
                registry.register(Skill(card, type(card), lambda *_: None), provider="tests")
        return registry

    return fill


@given(SIZES)
def test_the_triads_listed_are_the_subsets_that_sum_to_zero(filled, sizes):
    registry = filled(*sizes)
    subsets = [
        (chosen, [int(registry.role(name)) for name in chosen])
        for chosen in combinations(registry.names, 3)
        if all(name in registry.skills for name in chosen)
    ]

    found = enumerate_triads(registry)

    assert {frozenset(triad.skills) for triad in found.triads} == {
        frozenset(chosen) for chosen, trits in subsets if is_balanced(trits)
    }
    assert found.balanced == len(found.triads) == len({t.skills for t in found.triads})
    assert found.strict == sum(triad.strict for triad in found.triads)
    assert found.strict == sum(is_strict(trits) for _, trits in subsets)


@pytest.mark.parametrize(
    ("sizes", "strict", "balanced", "partitions"),
    [((3, 3, 3), 27, 30, 36), ((1, 1, 1), 1, 1, 1), ((2, 3, 4), 24, 29, 0), ((0, 3, 0), 0, 1, 0)],
)
def test_counts_are_the_closed_forms(filled, sizes, strict, balanced, partitions):
    found = enumerate_triads(filled(*sizes))

    assert (found.strict, found.balanced, found.partitions) == (strict, balanced, partitions)
    assert found.well_typed == found.strict


def count_splits(skills):
    """Count the ways to split a list of trits into strict triads, by trying all."""
    if not skills:
        return 1
    first, *rest = skills
    return sum(
        count_splits([skill for place, skill in enumerate(rest) if place not in pair])
        for pair in combinations(range(len(rest)), 2)
        if is_strict([first, *(rest[place] for place in pair)])
    )


@given(st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(1, 3)))
def test_splits_into_strict_triads_are_counted_as_by_trying_all(filled, sizes):
    skills = [int(role) for role, size in zip(Role, sizes, strict=True) for _ in range(size)]

    expected = count_splits(skills) if len(skills) % 3 == 0 else 0

    assert enumerate_triads(filled(*sizes)).partitions == expected


def test_ports_that_do_not_fit_leave_a_strict_triad_ill_typed(registry, make_skill):
    hungry = make_skill("hungry", Role.VALIDATOR, None, consumes=("maps",))
    registry.register(hungry, provider="tests")

    found = enumerate_triads(registry, kind="strict")
    fitting = enumerate_triads(registry, kind="well-typed")

    assert (found.strict, found.well_typed, len(found.triads)) == (2, 1, 2)
    assert [triad.skills for triad in fitting.triads] == [("judging", "scheduling", "counting")]
    (ill,) = [triad for triad in found.triads if not triad.well_typed]
    assert ill.faults == ("'hungry' consumes 'maps', which no skill of the triad produces",)


def test_the_ten_known_skills_count_though_none_is_installed():
    found = enumerate_triads(Registry(), absent=True)

    assert [len(names) for names in found.skills.values()] == [3, 4, 3]
    assert (found.strict, found.balanced, found.well_typed) == (36, 42, 0)
    assert all(triad.well_typed is None for triad in found.triads if triad.strict)
    assert enumerate_triads(Registry()).triads == ()
