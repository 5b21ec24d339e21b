import pytest

from plurigrid_ff.errors import DuplicateSkillError, PluginError, TriadError, UnknownNameError
from plurigrid_ff.host.field import FIELD
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.skill import Role

TEN = {
    "forward-forward-learning": 1,
    "gay-mcp": 1,
    "jaxlife-open-ended": 1,
    "open-games": 0,
    "self-evolving-agent": 0,
    "sheaf-laplacian-coordination": 0,
    "unworld": 0,
    "persistent-homology": -1,
    "proofgeneral-narya": -1,
    "sheaf-cohomology": -1,
}


def test_the_field_has_ten_names_with_their_trits():
    assert {name: int(skill.role) for name, skill in FIELD.items()} == TEN


def test_a_name_of_the_field_has_its_role_though_nobody_provides_it():
    registry = Registry()

    assert registry.role("sheaf-cohomology") is Role.VALIDATOR
    with pytest.raises(
        TriadError, match=r"'sheaf-cohomology' \(validator, trit -1\) is not install"
    ):
        registry.skill("sheaf-cohomology")


def test_an_unknown_skill_gets_the_nearest_name():
    with pytest.raises(
        UnknownNameError, match="unknown skill 'open-game'; did you mean 'open-games'"
    ):
        Registry().role("open-game")


def test_a_name_like_no_other_gets_a_remedy():
    with pytest.raises(UnknownNameError, match="is its plugin installed"):
        Registry().role("zzzzzz")


def test_two_plugins_cannot_offer_the_same_skill(make_skill):
    registry = Registry()
    registry.register(make_skill("one", Role.VALIDATOR, None), provider="first")

    with pytest.raises(DuplicateSkillError, match="'first' and 'second' both offer .*'one'"):
        registry.register(make_skill("one", Role.VALIDATOR, None), provider="second")


def test_the_registry_is_the_authority_on_trits(make_skill):
    with pytest.raises(PluginError, match=r"'unworld' with trit \+1, but the registry's .* is 0"):
        Registry().register(make_skill("unworld", Role.GENERATOR, None), provider="rogue")


def test_what_is_no_skill_is_refused():
    with pytest.raises(PluginError, match="registers 'text', which is not a Skill"):
        Registry().register("text", provider="rogue")  # type: ignore[arg-type]
