import warnings

import pytest

from plurigrid_ff.host import hook_versions, hookspecs
from plurigrid_ff.host.hookspecs import hookimpl, hookspec
from plurigrid_ff.host.plugins import load_host


@pytest.fixture(autouse=True)
def _these_hooks_are_version_2_3(monkeypatch):
    monkeypatch.setattr(hook_versions, "HOOKS_VERSION", "2.3")


@pytest.mark.parametrize("needed", ["2.3", "2.0", None])
def test_a_plugin_that_fits_is_loaded(install, needed):
    install("fits", REQUIRES_HOOKS=needed)

    assert load_host().plugins[0].status == "loaded"


@pytest.mark.parametrize(
    ("needed", "message"),
    [
        (
            "2.4",
            "needs version 2.4 of the hooks, and this plurigrid-ff has 2.3: the plugin is too new",
        ),
        ("2.10", "the plugin is too new; upgrade plurigrid-ff"),
        ("3.0", "the plugin is too new; upgrade plurigrid-ff"),
        ("1.9", "the plugin is too old; upgrade the plugin"),
        ("2", "REQUIRES_HOOKS = '2'; expected a version of the hooks as a text of two numbers"),
        (2.3, "REQUIRES_HOOKS = 2.3; expected"),
        (">=2.3", "REQUIRES_HOOKS = '>=2.3'; expected"),
    ],
)
def test_a_plugin_that_does_not_fit_fails_and_the_host_goes_on(install, needed, message):
    install("misfit", REQUIRES_HOOKS=needed)
    install("other")

    host = load_host()

    assert [record.status for record in host.plugins] == ["failed", "loaded"]
    assert "plugin 'misfit'" in host.failures[0].error
    assert message in host.failures[0].error


def test_a_plugin_for_newer_hooks_is_told_so_and_not_that_it_misspelt_them(install):
    @hookimpl
    def register_colours(register):
        """A hook of tomorrow."""

    install("new", REQUIRES_HOOKS="2.4", register_colours=register_colours)

    assert "too new" in load_host().failures[0].error


def test_an_optional_hook_is_passed_over_where_it_is_unknown(install):
    @hookimpl(optionalhook=True)
    def register_colours(register):
        """A hook of tomorrow."""

    install("new", register_colours=register_colours)

    assert load_host().failures == []


OLD = DeprecationWarning("register_old goes with version 3.0; use register_blocks")
PALE = DeprecationWarning("the argument pale goes with version 3.0")


@pytest.fixture
def deprecating(monkeypatch):
    """Add a hook that goes, and one of whose arguments one goes."""

    @hookspec(warn_on_impl=OLD)
    def register_old(register):
        """A hook of yesterday."""

    @hookspec(warn_on_impl_args={"pale": PALE})
    def register_half(register, pale):
        """A hook with an argument of yesterday."""

    monkeypatch.setattr(hookspecs, "register_old", register_old, raising=False)
    monkeypatch.setattr(hookspecs, "register_half", register_half, raising=False)


def old(register):
    """Implement what goes."""


def pale(register, pale):
    """Take what goes."""


@pytest.mark.usefixtures("deprecating")
@pytest.mark.parametrize(
    ("hook", "function", "message"), [("register_old", old, OLD), ("register_half", pale, PALE)]
)
def test_what_is_deprecated_warns_at_the_plugin_s_line_and_loads(install, hook, function, message):
    install("aged", **{hook: hookimpl(function)})

    with pytest.warns(DeprecationWarning, match=str(message)) as caught:
        host = load_host()

    assert host.failures == []
    assert (caught[0].filename, caught[0].lineno) == (
        __file__,
        function.__code__.co_firstlineno,
    )


@pytest.mark.usefixtures("deprecating")
def test_what_is_not_deprecated_does_not_warn(install):
    install("fresh", register_half=hookimpl(old))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_host().failures == []
