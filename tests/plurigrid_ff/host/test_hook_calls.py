import pytest

from plurigrid_ff.host.hook_calls import HookCall
from plurigrid_ff.host.hookspecs import hookimpl
from plurigrid_ff.host.plugins import load_host
from plurigrid_ff.host.skill import Role


@pytest.fixture
def trace():
    """Load the plugins and return what was told of their hooks, without times."""

    def load():
        calls: list[HookCall] = []
        load_host(trace=calls.append)
        assert all(call.seconds > 0 for call in calls)
        return [(call.plugin, call.hook, call.registered, call.error) for call in calls]

    return load


def test_every_call_is_told_with_what_it_registered(install, make_skill, trace):
    @hookimpl
    def register_skills(register):
        register(make_skill("one", Role.VALIDATOR, None))
        register(make_skill("two", Role.VALIDATOR, None))

    @hookimpl
    def register_objectives(register):
        register("first", "m:A")

    @hookimpl
    def register_blocks(register):
        """Register nothing."""

    install("b", register_skills=register_skills, register_objectives=register_objectives)
    install("a", register_blocks=register_blocks)

    assert trace() == [
        ("a", "register_blocks", (), None),
        ("b", "register_skills", ("one", "two"), None),
        ("b", "register_objectives", ("first",), None),
    ]


@pytest.mark.parametrize("error", [RuntimeError("boom\nand more"), SystemExit("boom")])
def test_a_hook_that_raises_is_told_with_the_error_and_what_came_before(
    install, make_skill, trace, error
):
    @hookimpl
    def register_skills(register):
        register(make_skill("half", Role.VALIDATOR, None))
        raise error

    @hookimpl
    def register_blocks(register):
        """Never called."""

    install("bad", register_skills=register_skills, register_blocks=register_blocks)

    assert trace() == [("bad", "register_skills", ("half",), f"{type(error).__name__}: boom")]


def test_what_is_no_skill_is_told_too(install, trace):
    @hookimpl
    def register_skills(register):
        register(3)

    install("odd", register_skills=register_skills)

    assert trace() == [("odd", "register_skills", ("3",), None)]


def test_plugins_without_a_hook_and_disabled_ones_say_nothing(install, trace, monkeypatch):
    @hookimpl
    def register_blocks(register):
        """Never called."""

    install("empty")
    install("off", register_blocks=register_blocks)
    monkeypatch.setenv("PLURIGRID_FF_PLUGINS", "-off")

    assert trace() == []


@pytest.mark.parametrize(
    ("registered", "error", "line"),
    [
        (("a", "b"), None, "p: register_blocks registered a, b (1.23 ms)"),
        (
            (),
            "OSError: no",
            "p: register_blocks registered nothing, then raised OSError: no (1.23 ms)",
        ),
    ],
)
def test_a_call_is_one_line(registered, error, line):
    call = HookCall(
        plugin="p", hook="register_blocks", registered=registered, seconds=0.00123, error=error
    )

    assert str(call) == line
