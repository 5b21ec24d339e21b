"""How commands talk: errors without tracebacks, JSON for programs, tables for people."""

import errno
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

import click

from plurigrid_ff.errors import PlurigridError
from plurigrid_ff.text import printable, printable_json

if TYPE_CHECKING:
    from rich.console import Console

EXIT_ERROR = 1
EXIT_REFUSED = 3
EXIT_INTERRUPTED = 130

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


@contextmanager
def clean_errors(as_json: bool) -> Iterator[None]:
    """Turn what a user can put right into one sentence and exit status 1.

    Under ``--json`` the sentence also goes to standard output as
    ``{"error": {"kind": ..., "message": ...}}``.
    """
    try:
        yield
    except PlurigridError as error:
        fail(type(error).__name__, str(error), as_json=as_json)
    except OSError as error:
        if error.errno == errno.EPIPE:  # the reader of our output has gone: not an error
            raise
        where = f"{error.filename}: " if error.filename else ""
        fail("OSError", f"{where}{error.strerror or error}", as_json=as_json)


def fail(kind: str, message: str, *, as_json: bool, status: int = EXIT_ERROR) -> NoReturn:
    """Print an error and exit."""
    if as_json:
        print_json({"error": {"kind": kind, "message": message}})
    click.echo(f"Error: {printable(message)}", err=True)
    sys.exit(status)


def print_json(value: Any) -> None:
    """Print a JSON document."""
    document = json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False)
    click.echo(printable_json(document))


def console() -> "Console":
    """Make a console for people; markup in user text is not interpreted."""
    from rich.console import Console

    return Console(markup=False, highlight=False, soft_wrap=True)


def print_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "") -> None:
    """Print a table that keeps whole lines when it is piped."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left", pad_edge=False)
    for place, column in enumerate(columns):
        # The first column holds names that people copy: it is never broken.
        table.add_column(column, overflow="fold", no_wrap=place == 0)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    wide = None if sys.stdout.isatty() else 160
    Console(width=wide, markup=False, highlight=False).print(table)


def whose_network(agent: str, asked: str | None) -> str:
    """Say whose network of a society is used, and why."""
    why = "" if asked else " (best of the society on validation samples; --agent takes another)"
    return printable(f"agent {agent}{why}")
