"""Command line: parse, call the library, print. No logic of its own.

Commands are imported when they are called, so that ``--help`` stays fast.
"""

import importlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from plurigrid_ff.host.hook_calls import HookCall
    from plurigrid_ff.host.plugins import Host

COMMANDS = {
    "train": "Train a network, alone or through a triad, and write a run folder.",
    "recipes": "List and show recipes: settings with a source, and what they reached.",
    "reproduce": "Train a recipe on several seeds, beside backprop and what was published.",
    "replay": "Derive a finished run again from its settings, and compare every step.",
    "evaluate": "Measure a trained network on labelled samples.",
    "predict": "Label samples with a trained network.",
    "export": "Write a trained network for another runtime: C, ONNX, safetensors.",
    "triads": "List, check, compose and run triads of skills.",
    "skills": "List the skills of triads: role, trit, ports, and whether they are installed.",
    "objectives": "List local objectives: what each tells apart, its options and its paper.",
    "plugins": "List the plugins that are installed, and why one did not load.",
    "plugin": "Start a plugin of your own: a package of files whose tests pass.",
    "skill": "Install the skill that teaches coding agents (Claude, Codex, ...) these commands.",
    "doctor": "Show versions, device, data sets found and plugins that failed.",
}


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


class LazyGroup(click.Group):
    """A group whose commands live in modules of their own names."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the commands, in the order of a user's day."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import one command."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"plurigrid_ff.cli.{name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for a misspelt one."""
        import difflib

        near = difflib.get_close_matches(args[0], COMMANDS, n=1) if args else []
        if near and args[0] not in COMMANDS:
            ctx.fail(f"no command {args[0]!r}; did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="plurigrid-ff")
@click.option("--no-plugins", is_flag=True, help="Load no plugin, first-party skills included.")
@click.option(
    "--trace-hooks", is_flag=True, help="Tell on stderr of every call of a plugin's hook."
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
    ctx.obj = Options(allow_plugins=not no_plugins, trace_hooks=trace_hooks)
