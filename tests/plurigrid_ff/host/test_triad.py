import pytest

from plurigrid_ff.config import Triad
from plurigrid_ff.errors import ConfigError, TriadError, UnknownNameError
from plurigrid_ff.host.composition import composition_graph, triads_of
from plurigrid_ff.host.listing import list_skills
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.skill import Role
from plurigrid_ff.host.triad import (
    check_triad,
    compose_triad,
    find_triad,
    resolve_triad,
    shipped_triads,
    triad_from_arguments,
)

MINE = Triad(name="mine", validator="judging", coordinator="scheduling", generator="counting")

SHIPPED = {
    ("sheaf-cohomology", "sheaf-laplacian-coordination", "forward-forward-learning"),
    ("persistent-homology", "open-games", "forward-forward-learning"),
    ("persistent-homology", "open-games", "gay-mcp"),
    ("persistent-homology", "open-games", "jaxlife-open-ended"),
    ("proofgeneral-narya", "unworld", "forward-forward-learning"),
    ("sheaf-cohomology", "self-evolving-agent", "forward-forward-learning"),
}


def test_the_six_triads_are_shipped():
    triads = shipped_triads().values()

    assert {(t.validator, t.coordinator, t.generator) for t in triads} == SHIPPED


@pytest.mark.parametrize("name", sorted(shipped_triads()))
def test_every_shipped_triad_is_strict_and_says_what_is_not_installed(name):
    check = check_triad(find_triad(name), Registry())

    assert check.balanced
    assert check.strict
    assert check.trit_sum == 0
    assert check.well_typed is None
    assert len(check.faults) == 3
    assert all("is not installed: no plugin here provides it" in fault for fault in check.faults)


def test_a_triad_resolves_to_one_skill_per_role(registry):
    skills = resolve_triad(MINE, registry)

    assert {role: skill.name for role, skill in skills.items()} == {
        Role.VALIDATOR: "judging",
        Role.COORDINATOR: "scheduling",
        Role.GENERATOR: "counting",
    }


def test_a_sum_that_is_not_zero_is_shown(registry):
    triad = MINE.model_copy(update={"validator": "counting"})

    with pytest.raises(
        TriadError,
        match=r"does not balance: \(\+1 counting\) \+ \(0 scheduling\) \+ \(\+1 counting\) = -1",
    ):
        resolve_triad(triad, registry)


def test_three_of_a_kind_balance_and_are_not_strict(registry):
    triad = Triad(name="same", validator="counting", coordinator="counting", generator="counting")

    with pytest.raises(TriadError, match="balanced but not strict.*three generators"):
        resolve_triad(triad, registry)


def test_a_skill_in_the_wrong_slot_is_named(registry):
    triad = Triad(
        name="upside-down", validator="counting", coordinator="scheduling", generator="judging"
    )

    with pytest.raises(
        TriadError,
        match="'upside-down': 'counting' is a generator, but it fills the validator slot",
    ):
        resolve_triad(triad, registry)


def test_an_unknown_skill_in_a_triad_is_named_with_its_neighbour(registry):
    with pytest.raises(
        UnknownNameError, match="triad 'mine': .*'countin'; did you mean 'counting'"
    ):
        resolve_triad(MINE.model_copy(update={"generator": "countin"}), registry)


def test_ports_that_do_not_fit_are_named(registry, make_skill, parts):
    hungry = make_skill("hungry", Role.VALIDATOR, parts["validator"](), consumes=("maps",))
    registry.register(hungry, provider="tests")

    check = check_triad(MINE.model_copy(update={"validator": "hungry"}), registry)

    assert check.well_typed is False
    assert check.faults == (
        "triad 'mine': 'hungry' consumes 'maps', which no skill of the triad produces",
    )


def test_composing_sorts_skills_into_their_slots(registry):
    triad = compose_triad(["counting", "judging", "scheduling"], registry)

    assert triad == MINE.model_copy(update={"name": "judging-scheduling-counting"})


def test_composing_two_or_four_skills_is_refused(registry):
    with pytest.raises(TriadError, match="three skills, got 2"):
        compose_triad(["counting", "judging"], registry)


def test_a_triad_is_read_from_a_file(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(
        'name = "mine"\nvalidator = "judging"\ncoordinator = "scheduling"\ngenerator = "counting"\n'
    )

    assert find_triad(str(path)) == MINE


def test_a_misspelt_key_in_a_triad_file_is_named(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('name = "mine"\nvalidater = "judging"\n')

    with pytest.raises(ConfigError, match=r"mine\.toml"):
        find_triad(str(path))


def test_an_unknown_triad_gets_the_nearest_name():
    with pytest.raises(UnknownNameError, match="did you mean 'persistent-homology-open-games-f"):
        find_triad("persistent-homology-open-games-forward")


def test_what_a_user_types_is_a_name_a_file_or_three_skills(registry):
    name = "persistent-homology-open-games-forward-forward"

    assert triad_from_arguments([name], registry).name == name
    assert triad_from_arguments(["counting", "judging", "scheduling"], registry).generator == (
        "counting"
    )
    with pytest.raises(TriadError, match="got 2 arguments: a, b"):
        triad_from_arguments(["a", "b"], registry)
    with pytest.raises(TriadError, match="a then b: a sequence, where one triad is expected"):
        triad_from_arguments(["a", "then", "b"], registry)


def test_the_graph_joins_every_triad_to_its_three_skills(registry):
    graph = composition_graph([MINE, *shipped_triads().values()], registry)

    triads = [node for node, kind in graph.nodes(data="kind") if kind == "triad"]
    assert len(triads) == 7
    for triad in triads:
        trits = [graph.nodes[skill]["trit"] for skill in graph.neighbors(triad)]
        assert sorted(trits) == [-1, 0, 1]
    assert triads_of("counting", graph) == ["mine"]
    assert len(triads_of("forward-forward-learning", graph)) == 4


def test_the_list_of_skills_holds_the_ten_and_all_others(registry):
    listed = {skill.name: skill for skill in list_skills(registry)}

    assert len(listed) == 13
    assert listed["counting"].state == "installed"
    assert listed["counting"].plugin == "tests"
    assert listed["unworld"].state == "not installed"
    assert listed["unworld"].version is None
    assert len(listed["sheaf-cohomology"].triads) == 2
