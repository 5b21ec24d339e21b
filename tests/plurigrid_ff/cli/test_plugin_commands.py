"""Commands that plugins offer."""

import click
import pytest
from click.testing import CliRunner

from plurigrid_ff.cli import main
from plurigrid_ff.host import plugins
from plurigrid_ff.host.hookspecs import hookimpl
from plurigrid_ff.host.plugins import load_host


def greet():
    @click.command("greet")
    @click.pass_obj
    def command(options):
        """Greet the plugins."""
        click.echo(f"hello to {len(options.host.plugins)}")

    return command


def broken():
    raise ImportError("no licence")


@pytest.fixture
def offer(monkeypatch):
    """Install one plugin that offers the given commands, and no other."""

    def install(*commands):
        @hookimpl
        def register_commands(register):
            for command in commands:
                register(*command)

        class Entry:
            name, value, dist = "polite", "polite", None

            def load(self):
                return type("Polite", (), {"register_commands": staticmethod(register_commands)})

        monkeypatch.setattr(plugins, "entry_points", lambda group: [Entry()])
        monkeypatch.delenv("PLURIGRID_FF_PLUGINS", raising=False)

    return install


def call(*arguments):
    return CliRunner().invoke(main, list(arguments))


def test_a_plugins_command_runs_and_sees_the_options(offer):
    offer(("greet", greet, "Greet the plugins."))

    assert call("greet").output == "hello to 1\n"


def test_help_lists_it_without_loading_it(offer):
    offer(("sulk", broken, "Say nothing."))

    result = call("--help")

    assert result.exit_code == 0
    assert "Commands of plugins:\n  sulk  Say nothing.\n" in result.output


@pytest.mark.parametrize("arguments", [("--no-plugins", "greet"), ("greet",)])
def test_without_plugins_there_is_no_such_command(offer, monkeypatch, arguments):
    offer(("greet", greet, "Greet the plugins."))
    if "--no-plugins" not in arguments:
        monkeypatch.setenv("PLURIGRID_FF_PLUGINS", "-polite")

    result = call(*arguments)

    assert result.exit_code == 2
    assert "No such command 'greet'" in result.stderr


def test_no_plugins_hides_it_in_help(offer):
    offer(("greet", greet, "Greet the plugins."))

    assert "Commands of plugins" not in call("--no-plugins", "--help").output


def test_a_misspelt_name_is_told_the_nearest(offer):
    offer(("greet", greet, "Greet the plugins."))

    assert "no command 'gret'; did you mean 'greet'?" in call("gret").stderr


@pytest.mark.parametrize(
    ("home", "message"),
    [
        (broken, "command 'greet' cannot be loaded from"),
        ("nowhere.at_all:greet", "ModuleNotFoundError"),
        (lambda: print, "is a builtin_function_or_method; expected a click.Command"),
    ],
)
def test_what_cannot_be_loaded_is_told_in_one_sentence(offer, home, message):
    offer(("greet", home, "Greet the plugins."))

    result = call("greet")

    assert result.exit_code == 1
    assert message in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("train", greet, "Mine."), "a command named 'train', which plurigrid-ff has; rename it"),
        (("Greet", greet, "Mine."), "expected lower-case words joined by hyphens"),
        (("greet", 7, "Mine."), "expected 'package.module:command' or a function"),
        (("greet", greet, "Two\nlines."), "expected one line of text"),
        (("greet", greet, ""), "expected one line of text"),
    ],
)
def test_what_makes_no_sense_fails_the_plugin(offer, command, message):
    offer(command)

    host = load_host()

    assert host.commands == {}
    assert message in host.failures[0].error


def test_the_listing_names_what_is_offered(offer):
    offer(("greet", greet, "Greet the plugins."))

    assert load_host().plugins[0].commands == ("greet",)
