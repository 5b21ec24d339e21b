"""Command line: parse, call the library, print. No logic of its own.

Commands are imported when they are called, so that ``--help`` stays fast.
"""

import importlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import click

from plurigrid_ff.command_names import COMMANDS

if TYPE_CHECKING:
    from plurigrid_ff.host.hook_calls import HookCall
    from plurigrid_ff.host.plugins import Host
    from plurigrid_ff.offers import Offer


@dataclass(frozen=True)
class Options:
    """Options of the whole command line."""

    allow_plugins: bool = True
    trace_hooks: bool = False

    @cached_property
    def host(self) -> "Host":
        """The plugins that may load, loaded once, when first asked for."""
        from plurigrid_ff.host.plugins import load_host

        return load_host(
            allow_plugins=self.allow_plugins, trace=show_call if self.trace_hooks else None
        )


def show_call(call: "HookCall") -> None:
    """Print one call of a hook beside what the command prints."""
    from plurigrid_ff.text import printable

    click.echo(printable(str(call)).replace("\n", "\\n"), err=True)


def options_of(ctx: click.Context) -> Options:
    """Return the options of the whole command line, also before its function has run."""
    if ctx.obj is None:
        ctx.obj = Options(
            allow_plugins=not ctx.params.get("no_plugins", False),
            trace_hooks=ctx.params.get("trace_hooks", False),
        )
    options: Options = ctx.obj
    return options


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called.

    The library's own live in modules of their own names; what has another name is looked
    for among the commands of plugins.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands: the library's in the order of a user's day, then the plugins'."""
        return [*COMMANDS, *sorted(options_of(ctx).host.commands)]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import one command."""
        if name in COMMANDS:
            module = importlib.import_module(f"plurigrid_ff.cli.{name}")
            command: click.Command = module.command
            return command
        offer = options_of(ctx).host.commands.get(name)
        return load_command(offer) if offer else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for a misspelt one."""
        import difflib

        if args and args[0] not in COMMANDS:
            known = self.list_commands(ctx)
            near = difflib.get_close_matches(args[0], known, n=1)
            if near and args[0] not in known:
                ctx.fail(f"no command {args[0]!r}; did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))
        offers = options_of(ctx).host.commands
        if offers:
            with formatter.section("Commands of plugins"):
                formatter.write_dl([(name, offers[name].summary) for name in sorted(offers)])


def load_command(offer: "Offer") -> click.Command:
    """Import a plugin's command.

    Raises:
        click.ClickException: It is not where the plugin says, or is no command.
    """
    from plurigrid_ff.errors import PlurigridError

    try:
        command = offer.load()
    except PlurigridError as error:
        raise click.ClickException(str(error)) from error
    if not isinstance(command, click.Command):
        raise click.ClickException(
            f"{offer} is a {type(command).__name__}; expected a click.Command, as "
            "@click.command() makes one; repair the plugin"
        )
    return command


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="plurigrid-ff")
# Eager, so that they are known when --help lists the commands of plugins.
@click.option(
    "--no-plugins",
    is_flag=True,
    is_eager=True,
    help="Load no plugin, first-party skills included.",
)
@click.option(
    "--trace-hooks",
    is_flag=True,
    is_eager=True,
    help="Tell on stderr of every call of a plugin's hook.",
)
@click.pass_context
def main(ctx: click.Context, no_plugins: bool, trace_hooks: bool) -> None:
    """Forward-Forward learning, and triads of skills that can say no.

    \b
    Example:
      plurigrid-ff triads run persistent-homology-open-games-forward-forward \\
          --data digits --out runs/digits

    Exit status: 0 done, 1 something you can put right, 2 bad usage, 3 the validator did
    not pass the run, 130 interrupted.
    """
    options_of(ctx)
