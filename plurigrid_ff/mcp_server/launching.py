"""Start a worker process for a call, follow it, and end it in any case."""

import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, cast

import anyio
from anyio.abc import ByteReceiveStream, ByteSendStream, Process
from anyio.streams.buffered import BufferedByteReceiveStream
from pydantic import ValidationError

from plurigrid_ff.errors import LimitError, PlurigridError
from plurigrid_ff.mcp_server.messages import Event, Failure, Request
from plurigrid_ff.mcp_server.worker import GRACE_S

MAX_LINE_BYTES = 1 << 28  # as large as a report may be
WORKER = "plurigrid_ff.mcp_server.worker"

Report = Callable[[float, str], Awaitable[None]]


class StoppedError(LimitError):
    """A job that was ended, or died, before it was done."""


class WorkerError(PlurigridError):
    """What a worker said went wrong, in its own words."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.kind = failure.kind


async def run_in_worker(request: Request, folder: Path, report: Report) -> dict[str, Any]:
    """Do a job in a process of its own.

    Args:
        request: What to do.
        folder: Where the process runs.
        report: Told the share that is done, and a few words.

    Returns:
        The result model's dump.

    Raises:
        StoppedError: It took too long, or its process died.
        WorkerError: Anything else that the caller can put right.
    """
    with anyio.move_on_after(request.limits.max_seconds):
        async with _worker(request, folder) as process:
            return await _follow(process, request, report)
    raise StoppedError(
        f"{request.job}: stopped after {request.limits.max_seconds} s, the most one call may take; "
        "ask for less, or have the server started with a larger --max-seconds"
    )


@asynccontextmanager
async def _worker(request: Request, folder: Path) -> AsyncIterator[Process]:
    """Start a worker and hand it the request; on the way out it ends, whatever happens."""
    # -P: a file torch.py in the working folder is not torch.
    command = [sys.executable, "-P", "-m", WORKER]
    environment = {"OMP_NUM_THREADS": _threads(request.limits.concurrency), **os.environ}
    process = await anyio.open_process(command, stderr=None, cwd=folder, env=environment)
    told = cast(ByteSendStream, process.stdin)  # a pipe, as is stdout: open_process made them
    try:
        with suppress(anyio.BrokenResourceError):  # it died at once: whoever follows it finds out
            await told.send(request.model_dump_json().encode() + b"\n")
        yield process
    finally:
        with anyio.CancelScope(shield=True):
            await told.aclose()  # which asks it to stop
            with anyio.move_on_after(GRACE_S):
                await process.wait()
            if process.returncode is None:
                process.kill()
            await process.aclose()


async def _follow(process: Process, request: Request, report: Report) -> dict[str, Any]:
    """Read events until one ends the job."""
    lines = BufferedByteReceiveStream(cast(ByteReceiveStream, process.stdout))
    while True:
        try:
            event = Event.model_validate_json(await lines.receive_until(b"\n", MAX_LINE_BYTES))
        except (anyio.EndOfStream, anyio.IncompleteRead, ValidationError):
            raise await _died(process, request) from None
        if event.result is not None:
            return event.result
        if event.failure is not None:
            raise WorkerError(event.failure)
        if event.share is not None:
            await report(event.share, event.words)


async def _died(process: Process, request: Request) -> StoppedError:
    """Say what became of a worker that ended without an answer."""
    with anyio.move_on_after(GRACE_S):
        await process.wait()
    return StoppedError(
        f"{request.job}: its process ended without an answer (status {process.returncode}); most "
        f"likely {request.limits.max_memory_mib} MiB of memory were too few: use a smaller network "
        "or fewer samples, or have the server started with a larger --max-memory-mib"
    )


def _threads(concurrency: int) -> str:
    """Share the cores among the calls that may run at once."""
    return str(max(1, (os.cpu_count() or 1) // concurrency))
