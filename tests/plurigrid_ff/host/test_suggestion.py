import pytest
from hypothesis import given
from hypothesis import strategies as st

from plurigrid_ff.errors import TriadError, UnknownNameError
from plurigrid_ff.host.field import FIELD
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.skill import Role
from plurigrid_ff.host.suggestion import suggest


def test_a_generator_alone_lacks_the_other_two_roles(registry):
    advice = suggest(["counting"], registry)

    assert advice.lacks == {"validator": 1, "coordinator": 1}
    assert (advice.trit_sum, advice.balanced, advice.balancing_trit) == (1, False, -1)
    assert [item.skill for item in advice.suggestions[:2]] == ["judging", "scheduling"]
    assert advice.suggestions[0].reasons == ("ports fit in judging * scheduling * counting",)


def test_what_is_installed_comes_before_what_is_not(registry):
    installed = [item.installed for item in suggest(["counting"], registry).suggestions]

    assert installed == sorted(installed, reverse=True)
    assert not all(installed)


def test_a_port_that_nobody_writes_is_named_with_its_writers(registry):
    advice = suggest(["judging", "scheduling"], registry)

    (port,) = advice.open_ports
    assert (port.port, port.read_by, port.written_by) == (
        "gains",
        ("scheduling", "judging"),
        ("counting",),
    )
    best = advice.suggestions[0]
    assert (best.skill, best.writes, best.well_typed_triads) == ("counting", ("gains",), 1)
    assert best.reasons[0] == "writes 'gains', which 'scheduling' consumes"


def test_a_candidate_whose_ports_do_not_fit_ranks_below_and_says_why(registry, make_skill):
    hungry = make_skill("a-hungry", Role.VALIDATOR, None, consumes=("maps",))
    registry.register(hungry, provider="tests")

    names = [item.skill for item in suggest(["scheduling", "counting"], registry).suggestions]
    by_name = {
        item.skill: item for item in suggest(["scheduling", "counting"], registry).suggestions
    }

    assert names[:2] == ["judging", "a-hungry"]
    assert by_name["a-hungry"].reasons == (
        "'a-hungry' consumes 'maps', which no skill of the triad produces",
    )


def test_a_strict_trio_whose_ports_do_not_fit_gets_a_replacement(registry, make_skill):
    hungry = make_skill("hungry", Role.VALIDATOR, None, consumes=("maps",))
    registry.register(hungry, provider="tests")

    advice = suggest(["hungry", "scheduling", "counting"], registry)

    assert advice.strict
    assert advice.faults == ("'hungry' consumes 'maps', which no skill of the triad produces",)
    assert [(item.skill, item.replaces) for item in advice.suggestions] == [("judging", "hungry")]


def test_a_good_trio_lacks_nothing(registry):
    advice = suggest(["judging", "scheduling", "counting"], registry)

    assert (advice.lacks, advice.open_ports, advice.faults, advice.suggestions) == ({}, (), (), ())


@given(st.lists(st.sampled_from(sorted(FIELD)), min_size=1, unique=True))
def test_with_what_it_lacks_a_set_splits_and_with_one_trit_it_balances(names):
    advice = suggest(names, Registry())
    trits = list(advice.trits.values())

    complete = trits + [
        int(Role[slot.upper()]) for slot, count in advice.lacks.items() for _ in range(count)
    ]

    assert complete.count(-1) == complete.count(0) == complete.count(1)
    assert (sum(trits) + advice.balancing_trit) % 3 == 0
    assert advice.strict == (not advice.lacks)
    assert not {item.skill for item in advice.suggestions} & set(names)


@pytest.mark.parametrize(
    ("names", "error", "message"),
    [
        ([], TriadError, "one or more skills, got none"),
        (["unworld", "unworld"], TriadError, "'unworld' is named twice"),
        (["unwrld"], UnknownNameError, "did you mean 'unworld'"),
    ],
)
def test_names_that_make_no_set_are_refused(names, error, message):
    with pytest.raises(error, match=message):
        suggest(names, Registry())
