"""``plurigrid-ff skill``."""

import sys
from pathlib import Path

import click

from plurigrid_ff.agents.clients import CLIENTS
from plurigrid_ff.agents.copying import CopyPlan, carry_out, plan_copy, require_permission
from plurigrid_ff.agents.folder import read_skill_files
from plurigrid_ff.agents.shipped import SKILL_NAME, shipped_skill
from plurigrid_ff.cli.output import EXIT_ERROR, clean_errors, json_option, print_json
from plurigrid_ff.errors import AgentSkillError
from plurigrid_ff.text import printable


def parse_directory(ctx: click.Context, param: click.Parameter, value: Path) -> Path:
    """Refuse a name that no JSON and no terminal can show."""
    try:
        str(value).encode()
    except UnicodeEncodeError as error:
        raise click.BadParameter(f"{str(value)!a} is not UTF-8; rename it", ctx, param) from error
    return value


directory_argument = click.argument(
    "directory", metavar="DIR", type=click.Path(path_type=Path), callback=parse_directory
)
overwrite_option = click.option(
    "--overwrite", is_flag=True, help="Replace another version of the skill that lies there."
)


@click.group("skill")
def command() -> None:
    """Copy the skill that teaches coding agents this command line to where they look.

    It is a folder with a SKILL.md, in the open Agent Skills format. The skills that make up
    triads are something else: `plurigrid-ff skills` lists those.

    \b
    Example:
      plurigrid-ff skill install --for claude
    """


@command.command("install")
@click.option(
    "--for",
    "client",
    required=True,
    type=click.Choice(list(CLIENTS)),
    help="; ".join(f"{name}: {text}" for name, text in CLIENTS.items()) + ".",
)
@click.option("--yes", is_flag=True, help="Do not ask; needed where there is no terminal.")
@overwrite_option
@json_option
def install(client: str, yes: bool, overwrite: bool, as_json: bool) -> None:
    """Copy the skill to where a coding agent looks for skills.

    Shows what would be written and asks, on a terminal; --yes does not ask.

    \b
    Example:
      plurigrid-ff skill install --for codex
      plurigrid-ff skill install --for project --yes --json
    """
    from plurigrid_ff.agents.clients import client_folder

    with clean_errors(as_json):
        files = read_skill_files(shipped_skill())
        root, skills = client_folder(client)
        plan = plan_copy(files, SKILL_NAME, skills, root=root)
        require_permission(plan, overwrite=overwrite)
        if plan.state != "up to date" and not yes:
            _ask(plan, as_json=as_json)
        report = carry_out(plan, files)
        if as_json:
            print_json(report.model_dump(mode="json") | {"client": client})
            return
        click.echo(printable(_outcome(report, report.written)))
        if report.written:
            click.echo("Start a new session of the agent; it reads skills when it starts.")


@command.command("export")
@directory_argument
@overwrite_option
@json_option
def export(directory: Path, overwrite: bool, as_json: bool) -> None:
    """Write the skill into DIR, in a folder of its name.

    \b
    Example:
      plurigrid-ff skill export .claude/skills
    """
    with clean_errors(as_json):
        files = read_skill_files(shipped_skill())
        plan = plan_copy(files, SKILL_NAME, directory)
        require_permission(plan, overwrite=overwrite)
        report = carry_out(plan, files)
        if as_json:
            print_json(report.model_dump(mode="json"))
        else:
            click.echo(printable(_outcome(report, report.written)))


@command.command("validate")
@directory_argument
@json_option
def validate(directory: Path, as_json: bool) -> None:
    """Check that DIR is a skill in the Agent Skills format. Exit 1 if it is not.

    Checks the frontmatter, the lengths that clients expect, and that links lead to files of
    the skill. Nothing in DIR is run, and no link in the file system is followed.

    \b
    Example:
      plurigrid-ff skill validate .claude/skills/forward-forward-learning
    """
    from plurigrid_ff.agents.validation import validate_skill

    with clean_errors(as_json):
        check = validate_skill(directory)
    if as_json:
        print_json(check.model_dump(mode="json"))
    elif check.valid:
        click.echo(printable(f"{check.name}: valid ({check.files} files)"))
    for fault in check.faults:
        click.echo(printable(f"Error: {directory}: {fault.where}: {fault.message}"), err=True)
    if not check.valid:
        sys.exit(EXIT_ERROR)


def _ask(plan: CopyPlan, *, as_json: bool) -> None:
    """Show what would be written and ask; programs say --yes instead."""
    if as_json or not on_a_terminal():
        raise AgentSkillError(
            f"{plan.folder}: would be written, and there is no terminal to ask on; "
            "add --yes to agree"
        )
    lines = [f"{plan.folder}:"]
    parts = (("write", plan.added), ("replace", plan.changed), ("remove", plan.removed))
    for word, files in parts:
        lines += [f"  {word:7}  {file}" for file in files]
    click.echo(printable("\n".join(lines)), err=True)
    if not click.confirm("Go on?", err=True):
        raise AgentSkillError(f"{plan.folder}: left as it was")


def on_a_terminal() -> bool:
    """Tell whether there is a person to ask."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _outcome(plan: CopyPlan, written: bool) -> str:
    """Say what happened."""
    if not written:
        return f"{plan.folder}: up to date"
    files = len(plan.added) + len(plan.changed)
    removed = f", removed {len(plan.removed)}" if plan.removed else ""
    return f"{plan.folder}: wrote {files} files{removed}"
