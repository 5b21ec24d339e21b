"""What a plugin says of a tool that it offers to agents, and where the tool may read and write.

The server for agents resolves every path, runs the tool in a process of its own, and holds it to
the limits of time and memory; so the tool itself parses nothing and guards nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, get_args

from annotated_types import Len
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from plurigrid_ff.errors import PluginError
from plurigrid_ff.settings import Settings

if TYPE_CHECKING:
    from plurigrid_ff.host.plugins import Host

MAX_TEXT = 1000


class Place(Enum):
    """What an argument that is a path stands for."""

    RUN = "the folder of a finished run"
    READ = "a file or folder that is read"
    WRITE = "a file or folder that is new, or replaced where the argument overwrite is true"
    UPDATE = "a file that is made, or read and replaced"


RunPath = Annotated[str, Len(1, 1000), Place.RUN]
ReadPath = Annotated[str, Len(1, 1000), Place.READ]
WritePath = Annotated[str, Len(1, 1000), Place.WRITE]
UpdatePath = Annotated[str, Len(1, 1000), Place.UPDATE]


@dataclass(frozen=True, slots=True)
class ToolContext:
    """What a tool works with.

    Attributes:
        host: Skills, objectives and blocks to choose from.
        max_samples: Samples of one data set that the server allows.
        report: Told the share that is done, and a few words.
    """

    host: "Host"
    max_samples: int
    report: Callable[[float, str], None]


@dataclass(frozen=True, slots=True)
class AgentTool:
    """A tool for agents. Its module loads when tools are listed, so it imports no torch.

    Attributes:
        title: What people read.
        description: What agents read: what it does, when to use it, what its answer means.
        arguments: Model of what it is called with. Fields that are paths are typed
            :data:`RunPath`, :data:`ReadPath`, :data:`WritePath` or :data:`UpdatePath`; other
            fields bound what they may be.
        result: Model of what it answers.
        call: Does the work, with parsed arguments. A ``PlurigridError`` is told to the agent.
        writes: Whether it changes anything.
    """

    title: str
    description: str
    arguments: type[Settings]
    result: type[BaseModel]
    call: Callable[[Any, ToolContext], BaseModel]
    writes: bool = False

    @property
    def places(self) -> dict[str, Place]:
        """Arguments that are paths, by name."""
        found = {name: _place(field) for name, field in self.arguments.model_fields.items()}
        return {name: place for name, place in found.items() if place is not None}


def check_agent_tool(tool: Any, where: str) -> AgentTool:
    """Require that what a plugin offers is a tool that the server can describe.

    Args:
        tool: What was found where the plugin said.
        where: Plugin and tool, for messages.

    Raises:
        PluginError: What is wrong.
    """
    if not isinstance(tool, AgentTool):
        raise PluginError(f"{where} is a {type(tool).__name__}; expected an AgentTool")
    for name in ("title", "description"):
        text = getattr(tool, name)
        if not (isinstance(text, str) and 0 < len(text) <= MAX_TEXT and text.isprintable()):
            raise PluginError(f"{where}: {name}: expected 1 to {MAX_TEXT} printable characters")
    for name, base in (("arguments", Settings), ("result", BaseModel)):
        model = getattr(tool, name)
        if not (isinstance(model, type) and issubclass(model, base)):
            raise PluginError(f"{where}: {name}: expected a {base.__name__} class, got {model!r}")
    if not callable(tool.call):
        raise PluginError(f"{where}: call: expected a function, got {tool.call!r:.80}")
    writing = [n for n, p in tool.places.items() if p in (Place.WRITE, Place.UPDATE)]
    if writing and not tool.writes:
        raise PluginError(f"{where}: has the argument {writing[0]!r} and claims to write nothing")
    return tool


def _place(field: FieldInfo) -> Place | None:
    """Return what a path stands for; None of an argument that is none."""
    inner = [item for arg in get_args(field.annotation) for item in get_args(arg)[1:]]
    return next((item for item in (*field.metadata, *inner) if isinstance(item, Place)), None)
