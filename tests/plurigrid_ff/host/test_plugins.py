import sys
from importlib.metadata import EntryPoint

import pytest

from plurigrid_ff.host import plugins
from plurigrid_ff.host.hookspecs import hookimpl
from plurigrid_ff.host.plugins import load_host
from plurigrid_ff.host.selection import VARIABLE
from plurigrid_ff.host.skill import Role


def offering(*skills):
    @hookimpl
    def register_skills(register):
        for skill in skills:
            register(skill)

    return {"register_skills": register_skills}


def statuses(host):
    return {record.name: record.status for record in host.plugins}


def test_a_plugin_that_cannot_be_imported_is_listed_and_survived(install, make_skill):
    install("good", **offering(make_skill("fine", Role.VALIDATOR, None)))
    install.missing("broken")

    host = load_host()

    assert statuses(host) == {"broken": "failed", "good": "loaded"}
    assert "ModuleNotFoundError" in host.failures[0].error
    assert "fine" in host.registry.skills


@pytest.mark.parametrize("error", [RuntimeError("boom"), SystemExit(3)])
def test_a_hook_that_raises_takes_back_what_it_offered(install, make_skill, error):
    @hookimpl
    def register_skills(register):
        register(make_skill("half", Role.VALIDATOR, None))
        raise error

    install("bad", register_skills=register_skills)
    install("good", **offering(make_skill("fine", Role.VALIDATOR, None)))

    host = load_host()

    assert statuses(host) == {"bad": "failed", "good": "loaded"}
    assert set(host.registry.skills) == {"fine"}


def test_a_duplicate_fails_the_second_plugin_and_keeps_the_first(install, make_skill):
    install("a", **offering(make_skill("same", Role.VALIDATOR, None)))
    install(
        "b",
        **offering(
            make_skill("other", Role.VALIDATOR, None), make_skill("same", Role.VALIDATOR, None)
        ),
    )

    host = load_host()

    assert statuses(host) == {"a": "loaded", "b": "failed"}
    assert host.registry.providers == {"same": "a"}
    assert host.failures[0].error.endswith("leave one of them out, as in PLURIGRID_FF_PLUGINS=-b")


def test_a_hook_that_does_not_exist_is_refused(install):
    @hookimpl
    def register_skils(register):
        """Misspelt."""

    install("misspelt", register_skils=register_skils)

    host = load_host()

    assert statuses(host) == {"misspelt": "failed"}
    assert "register_skils" in host.failures[0].error


def test_a_hook_with_an_unknown_argument_is_refused(install):
    @hookimpl
    def register_skills(registrar):
        """Wrong argument."""

    install("wrong", register_skills=register_skills)

    assert "registrar" in load_host().failures[0].error


def test_plugins_load_in_the_order_of_their_names(install, make_skill):
    install("z", **offering(make_skill("first", Role.VALIDATOR, None)))
    install("a", **offering(make_skill("second", Role.VALIDATOR, None)))

    assert [record.name for record in load_host().plugins] == ["a", "z"]


def test_plugins_of_one_name_load_in_the_order_of_their_modules(monkeypatch):
    twins = [EntryPoint("twin", module, "plurigrid_ff") for module in ("none.z", "none.a")]
    monkeypatch.setattr(plugins, "entry_points", lambda group: twins)

    assert [record.module for record in load_host().plugins] == ["none.a", "none.z"]


def test_the_allow_list_loads_only_what_it_names(install, make_skill, monkeypatch):
    install("a", **offering(make_skill("one", Role.VALIDATOR, None)))
    install("b", **offering(make_skill("two", Role.VALIDATOR, None)))
    monkeypatch.setenv(VARIABLE, " b , absent ")

    host = load_host()

    assert statuses(host) == {"a": "disabled", "b": "loaded", "absent": "missing"}
    assert set(host.registry.skills) == {"two"}


@pytest.mark.parametrize(
    ("text", "loaded"),
    [
        ("-b", {"a", "c"}),
        (" - b ,-c", {"a"}),
        ("a,b,-b", {"a"}),
        ("-b,b", set()),
        ("-", set()),
    ],
)
def test_a_minus_leaves_a_plugin_out(install, monkeypatch, text, loaded):
    for name in "abc":
        install(name)
    monkeypatch.setenv(VARIABLE, text)

    found = statuses(load_host())

    assert {name for name in "abc" if found[name] == "loaded"} == loaded
    assert {found[name] for name in "abc" if name not in loaded} <= {"disabled"}


def test_a_plugin_left_out_is_not_imported(install, monkeypatch):
    install.missing("broken")
    monkeypatch.setenv(VARIABLE, "-broken")

    assert statuses(load_host()) == {"broken": "disabled"}


@pytest.mark.parametrize("text", ["open-gmaes", "-open-gmaes"])
def test_a_misspelt_name_is_told_the_nearest(install, monkeypatch, text):
    install("open-games")
    monkeypatch.setenv(VARIABLE, text)

    (missing,) = [record for record in load_host().plugins if record.status == "missing"]

    assert missing.name == "open-gmaes"
    assert missing.error.endswith("; did you mean 'open-games'?")


@pytest.mark.parametrize("how", ["empty allow-list", "no plugins"])
def test_nothing_loads_when_nothing_may(install, make_skill, monkeypatch, how):
    install("a", **offering(make_skill("one", Role.VALIDATOR, None)))
    if how == "empty allow-list":
        monkeypatch.setenv(VARIABLE, "")

    host = load_host(allow_plugins=how != "no plugins")

    assert statuses(host) == {"a": "disabled"}
    assert host.registry.skills == {}


def test_the_first_party_skills_load_without_torch():
    import subprocess

    code = (
        "import sys; from plurigrid_ff.host.plugins import load_host; host = load_host();"
        "assert not host.failures, host.failures;"
        "print(sorted(host.registry.skills), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == (
        "['forward-forward-learning', 'gay-mcp', 'jaxlife-open-ended', 'open-games', "
        "'persistent-homology', 'proofgeneral-narya', 'self-evolving-agent', 'sheaf-cohomology', "
        "'sheaf-laplacian-coordination', 'unworld'] False"
    )
