"""Tools that read what others have written: compositions and skill cards.

Both may be large, or made to be: they are read in a worker process, which has limits.
"""

from pathlib import Path

import anyio.to_thread

from plurigrid_ff.cards.results import LintReport
from plurigrid_ff.errors import TriadError
from plurigrid_ff.host.parts import Composition
from plurigrid_ff.mcp_server.arguments import LintArguments, NestArguments
from plurigrid_ff.mcp_server.door import Door, Report


async def nest(door: Door, arguments: NestArguments, report: Report) -> Composition:
    """Evaluate an expression of triads, and write it if asked to."""
    if (arguments.name is None) != (arguments.out is None):
        raise TriadError("name and out go together: the file carries the name")
    if arguments.out is None:
        return await door.work(door.computing, "nest_triads", arguments, Composition, report)
    path = door.folder.file(arguments.out, ".toml", where="out")
    job = arguments.model_copy(update={"out": str(path)})
    with door.claims.hold(path):
        return await door.work(door.computing, "nest_triads", job, Composition, report)


async def lint(door: Door, arguments: LintArguments, report: Report) -> LintReport:
    """Check a folder of skill cards. Links below it are not followed."""
    path = await anyio.to_thread.run_sync(_place, door, arguments.path)
    job = arguments.model_copy(update={"path": str(path)})
    return await door.work(door.computing, "lint_cards", job, LintReport, report)


def _place(door: Door, text: str) -> Path:
    """Resolve the folder of cards."""
    return door.folder.inside(text, where="path")
