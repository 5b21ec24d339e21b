"""What a tool is: its name, what agents read about it, and what it calls."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import anyio.to_thread
from mcp_types import Tool as ToolCard
from mcp_types import ToolAnnotations
from pydantic import BaseModel

from plurigrid_ff.config import Settings
from plurigrid_ff.host.plugins import Host
from plurigrid_ff.mcp_server.door import Door, Report

Call = Callable[[Door, Any, Report], Awaitable[BaseModel]]

READS = ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
# Destructive where overwrite is set, and only then.
WRITES = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=False, open_world_hint=False
)
GOES_ON = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


@dataclass(frozen=True)
class Tool:
    """One tool.

    Attributes:
        name: What clients call it.
        title: What people read.
        description: What agents read.
        arguments: Model of what it is called with; an unknown key is an error.
        result: Model of what it answers.
        annotations: Whether it writes.
        call: What it does.
    """

    name: str
    title: str
    description: str
    arguments: type[Settings]
    result: type[BaseModel]
    annotations: ToolAnnotations
    call: Call

    @cached_property
    def card(self) -> ToolCard:
        """Describe the tool to a client, computed fields of the answer included."""
        return ToolCard(
            name=self.name,
            title=self.title,
            description=self.description,
            input_schema=self.arguments.model_json_schema(),
            output_schema=self.result.model_json_schema(mode="serialization"),
            annotations=self.annotations,
        )


def looking(read: Callable[[Door, Host, Any], BaseModel]) -> Call:
    """Let a tool that only looks do so in a thread."""

    async def call(door: Door, arguments: Settings, report: Report) -> BaseModel:
        host = await door.host()
        return await anyio.to_thread.run_sync(read, door, host, arguments)

    return call
