"""Tools that plugins offer: described here, done in a worker process."""

import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import anyio.to_thread

from plurigrid_ff.config import Settings
from plurigrid_ff.errors import PluginError, UnknownNameError, WorkingFolderError
from plurigrid_ff.host.agent_tools import AgentTool, Place, check_agent_tool
from plurigrid_ff.host.plugins import Host
from plurigrid_ff.mcp_server.arguments import PluginJob
from plurigrid_ff.mcp_server.door import Door, Report
from plurigrid_ff.mcp_server.tool import GOES_ON, READS, WRITES, Call, Tool
from plurigrid_ff.offers import Offer

# Which plugin brings a tool that this server may lack, so that it can say so.
FIRST_PARTY = {
    "check_certificate": "proofgeneral-narya",
    "certify_run": "proofgeneral-narya",
    "check_drift": "persistent-homology",
    "compare_rounds": "persistent-homology",
    "compare_topology": "persistent-homology",
    "color_answer": "color",
    "color_at": "color",
    "color_next": "color",
    "color_palette": "color",
    "color_rank": "color",
    "evolve_run": "self-evolving-agent",
    "evolve_step": "self-evolving-agent",
    "nca_grow": "nca",
    "nca_learn_rule": "nca",
    "nca_step": "nca",
    "world_run": "jaxlife-open-ended",
    "world_step": "jaxlife-open-ended",
}

logger = logging.getLogger(__name__)


def plugin_tools(host: Host, taken: frozenset[str]) -> dict[str, Tool]:
    """Load the tools that plugins offer; one that cannot be described is left out and logged.

    Args:
        host: What plugins offer.
        taken: Names that the server has tools of its own under.
    """
    tools = {}
    for name, offer in sorted(host.tools.items()):
        try:
            if name in taken:
                raise PluginError(f"{offer}: the server has a tool of that name; rename it")
            tools[name] = _tool(offer)
        except PluginError as error:
            logger.warning("%s", error)
    return tools


def absent_tool(name: str, host: Host) -> UnknownNameError | None:
    """Say why a tool of our own plugins is not here; None if the name is nobody's."""
    plugin = FIRST_PARTY.get(name)
    if plugin is None:
        return None
    record = next((item for item in host.plugins if item.name == plugin), None)
    state = record.status if record is not None else "not installed, or not allowed to load"
    why = f": {record.error}" if record is not None and record.error else ""
    return UnknownNameError(
        f"{name} is a tool of the plugin {plugin!r}, which is {state} here{why}; have the server "
        "started with that plugin, and without --no-plugins, or do without"
    )


def _tool(offer: Offer) -> Tool:
    """Describe one tool.

    Raises:
        PluginError: It cannot be loaded, or is none.
    """
    offered = check_agent_tool(offer.load(), str(offer))
    overwrites = "overwrite" in offered.arguments.model_fields
    writes = WRITES if overwrites else GOES_ON
    return Tool(
        name=offer.name,
        title=offered.title,
        description=offered.description,
        arguments=offered.arguments,
        result=offered.result,
        annotations=writes if offered.writes else READS,
        call=_calling(offer.name, offered),
    )


def _calling(name: str, offered: AgentTool) -> Call:
    """Resolve the paths of a call, then have a worker do it."""

    async def call(door: Door, arguments: Settings, report: Report) -> Any:
        given = {
            key: value for key in offered.places if (value := getattr(arguments, key)) is not None
        }
        found = await anyio.to_thread.run_sync(_resolved, door, offered, arguments, given)
        job = PluginJob(tool=name, arguments={**arguments.model_dump(mode="json"), **found})
        with _held(door, offered, found):
            return await door.work(door.computing, "plugin_tool", job, offered.result, report)

    return call


@contextmanager
def _held(door: Door, offered: AgentTool, found: dict[str, str]) -> Iterator[None]:
    """Claim the places that a call writes."""
    with ExitStack() as stack:
        for key, path in found.items():
            if offered.places[key] in (Place.WRITE, Place.UPDATE):
                stack.enter_context(door.claims.hold(Path(path)))
        yield


def _resolved(
    door: Door, offered: AgentTool, arguments: Settings, given: dict[str, str]
) -> dict[str, str]:
    """Resolve every path of a call inside the working folder.

    Raises:
        PlurigridError: A path leads out, or what should be there is not, or the reverse.
    """
    overwrite = bool(getattr(arguments, "overwrite", False))
    return {
        key: str(_resolve(door, offered.places[key], text, key, overwrite=overwrite))
        for key, text in given.items()
    }


def _resolve(door: Door, place: Place, text: str, key: str, *, overwrite: bool) -> Path:
    """Resolve one path by what it stands for."""
    if place is Place.RUN:
        return door.usable_run(text, where=key)
    path = door.folder.tree(text, where=key)
    there = door.absolute(path)
    if place is Place.WRITE and there.exists() and not overwrite:
        raise WorkingFolderError(f"{key}: {path}: exists; choose another, or --overwrite")
    if place is Place.UPDATE and there.is_dir():
        raise WorkingFolderError(f"{key}: expected a file, got the folder {str(path)!r}")
    return path
