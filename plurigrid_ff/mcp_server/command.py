"""``plurigrid-ff-mcp``: options, then a server on stdio or on a port of this machine."""

import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from plurigrid_ff.errors import MissingExtraError, PlurigridError
from plurigrid_ff.mcp_server.limits import Limits, option
from plurigrid_ff.text import printable

F = TypeVar("F", bound=Callable[..., Any])
PREFIX = "PLURIGRID_FF_MCP"


def limit_options(command: F) -> F:
    """Add an option for every limit."""
    for name, field in reversed(Limits.model_fields.items()):
        least = next(bound.ge for bound in field.metadata if hasattr(bound, "ge"))
        command = click.option(
            option(name),
            type=click.IntRange(min=least),
            default=field.default,
            show_default=True,
            help=field.description,
        )(command)
    return command


@click.command(context_settings={"auto_envvar_prefix": PREFIX})
@click.version_option(package_name="plurigrid-ff")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path(),
    show_default="the current folder",
    help="Working folder: all that calls read and write lies in it.",
)
@click.option("--http", is_flag=True, help="Serve streamable HTTP on 127.0.0.1, not stdio.")
@click.option("--port", type=click.IntRange(0, 65535), default=8377, show_default=True)
@click.option("--no-plugins", is_flag=True, help="Load no plugin, first-party skills included.")
@limit_options
def main(folder: Path, http: bool, port: int, no_plugins: bool, **limits: int) -> None:
    """Serve Forward-Forward learning to agents, over the Model Context Protocol.

    Every option is also an environment variable: --max-epochs is PLURIGRID_FF_MCP_MAX_EPOCHS.

    \b
    Example:
      plurigrid-ff-mcp --folder . --max-epochs 50
      plurigrid-ff-mcp --http --port 8377
    """
    try:
        start(folder, http, port, not no_plugins, Limits.parse(dict(limits), where="limits"))
    except PlurigridError as error:
        click.echo(f"Error: {printable(str(error))}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def start(folder: Path, http: bool, port: int, allow_plugins: bool, limits: Limits) -> None:
    """Make the server and serve.

    Raises:
        MissingExtraError: The SDK is not installed.
        WorkingFolderError: The folder cannot be worked in.
        PortError: The port cannot be had.
    """
    try:
        import anyio
        import mcp.server  # noqa: F401  # the SDK that all below needs
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            "plurigrid-ff-mcp needs the MCP SDK: pip install 'plurigrid-ff[mcp]'"
        ) from error
    from plurigrid_ff.mcp_server.door import Door
    from plurigrid_ff.mcp_server.localhost import listen, serve
    from plurigrid_ff.mcp_server.server import FFServer
    from plurigrid_ff.mcp_server.working_folder import WorkingFolder

    server = FFServer(Door(WorkingFolder(folder), limits, allow_plugins))
    anyio.run(server.prepare)
    # What the start made stays. A collection that looks at all of it would fall into the first
    # answer, and take ten times as long as that.
    gc.freeze()
    if not http:
        server.run()
        return

    def announce(address: str) -> None:
        click.echo(f"serving {address}, folder {server.door.folder.root}", err=True)

    anyio.run(serve, server, listen(port), announce)
