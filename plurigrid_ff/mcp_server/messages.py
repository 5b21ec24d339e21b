"""What server and worker say to each other: one JSON object a line."""

from typing import Any

from plurigrid_ff.config import Settings
from plurigrid_ff.mcp_server.limits import Limits


class Request(Settings):
    """The first line to a worker. Nothing follows; the end of the stream means: stop."""

    job: str
    arguments: dict[str, Any]
    limits: Limits
    allow_plugins: bool


class Failure(Settings):
    """Why a job came to nothing."""

    kind: str
    message: str


class Event(Settings):
    """A line from a worker: progress, or how the job ended."""

    share: float | None = None
    words: str = ""
    result: dict[str, Any] | None = None
    failure: Failure | None = None
