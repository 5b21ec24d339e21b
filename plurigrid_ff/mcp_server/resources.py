"""Resources: what a client may read without calling a tool."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio.to_thread
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from pydantic import BaseModel

from plurigrid_ff.agents.folder import SKILL_FILE
from plurigrid_ff.agents.shipped import shipped_skill
from plurigrid_ff.errors import PlurigridError, unknown_name
from plurigrid_ff.host.plugins import Host
from plurigrid_ff.host.triad import find_triad, shipped_triads
from plurigrid_ff.mcp_server import listing
from plurigrid_ff.mcp_server.arguments import NoArguments
from plurigrid_ff.mcp_server.door import Door
from plurigrid_ff.report.reading import read_report
from plurigrid_ff.text import printable, printable_json

JSON = "application/json"
SCHEME = "plurigrid-ff://"


def add_resources(server: MCPServer[Any], door: Door) -> None:
    """Offer the guide, the limits, skills, triads, and the reports of runs."""

    async def dump(read: Callable[[Host], BaseModel]) -> str:
        host = await door.host()
        try:
            found = await anyio.to_thread.run_sync(read, host)
        except PlurigridError as error:
            raise ResourceNotFoundError(printable(door.folder.shown(str(error)))) from error
        return printable_json(found.model_dump_json(indent=2))

    @server.resource(f"{SCHEME}guide", title="When and how to use this", mime_type="text/markdown")
    def guide() -> str:
        """The skill for coding agents: when to use it, when not, how to read a report."""
        return Path(shipped_skill(), SKILL_FILE).read_text("utf-8")

    @server.resource(f"{SCHEME}limits", title="Limits of this server", mime_type=JSON)
    async def limits() -> str:
        """The working folder, what a call may ask for, and what runs and waits."""
        return await dump(lambda host: listing.server_state(door, host, NoArguments()))

    @server.resource(f"{SCHEME}skills", title="Skills", mime_type=JSON)
    async def skills() -> str:
        """All skills that make up triads."""
        return await dump(lambda host: listing.skills(door, host, NoArguments()))

    @server.resource(f"{SCHEME}skills/{{name}}", title="One skill", mime_type=JSON)
    async def skill(name: str) -> str:
        """One skill: role, trit, ports, references, and the triads it is in."""
        return await dump(lambda host: find_skill(door, host, name))

    @server.resource(f"{SCHEME}triads", title="Triads", mime_type=JSON)
    async def triads() -> str:
        """The shipped triads, and whether each can run here."""
        return await dump(lambda host: listing.triads(door, host, NoArguments()))

    @server.resource(f"{SCHEME}triads/{{name}}", title="One triad", mime_type=JSON)
    async def triad(name: str) -> str:
        """One shipped triad: the names of its skills by slot."""
        if name not in shipped_triads():
            raise ResourceNotFoundError(str(unknown_name("triad", name, shipped_triads())))
        return await dump(lambda host: find_triad(name))

    @server.resource(f"{SCHEME}runs/{{+folder}}", title="A run's report", mime_type=JSON)
    async def run(folder: str) -> str:
        """report.json of a finished run in the working folder."""
        return await dump(lambda host: read_report(door.absolute(door.finished_run(folder))))


def find_skill(door: Door, host: Host, name: str) -> BaseModel:
    """Look one skill up.

    Raises:
        UnknownNameError: There is none of that name.
    """
    known = {skill.name: skill for skill in listing.skills(door, host, NoArguments()).skills}
    if name not in known:
        raise unknown_name("skill", name, known)
    return known[name]
