"""The process that does the work of one call, and ends with it.

A process and not a thread: training holds the interpreter for long stretches, a thread can be
neither stopped nor limited in memory, and torch keeps what it once took. A process can be told
to stop, and killed; run folders are whole or absent all the same.

It reads one request, then nothing more: when its standard input ends, the call was cancelled,
or the server is gone, and it interrupts itself as Ctrl-C would. It runs in the working folder,
with ``-P``, so that no file there is ever imported.
"""

import os
import signal
import sys
import threading
import time
import traceback
from _thread import interrupt_main
from collections.abc import Callable
from typing import IO

from plurigrid_ff.errors import LimitError, PlurigridError
from plurigrid_ff.mcp_server.limits import MIB, Limits
from plurigrid_ff.mcp_server.messages import Event, Failure, Request

GRACE_S = 5.0  # between the request to stop and the end
SMALLEST_STEP = 0.005  # of progress: at most 200 messages a call
EXIT_INTERRUPTED = 130


class Channel:
    """Writes events to what was standard output; whatever else is printed goes to stderr."""

    def __init__(self) -> None:
        self._stream: IO[bytes] = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        self._last = 0.0

    def progress(self, share: float, words: str) -> None:
        """Report progress, if there is enough of it."""
        if share >= self._last + SMALLEST_STEP:
            self._last = share
            self.send(Event(share=share, words=words))

    def send(self, event: Event) -> None:
        """Write one event."""
        self._stream.write(event.model_dump_json(exclude_none=True).encode() + b"\n")
        self._stream.flush()


def main() -> int:
    """Do what the request says; 0 if an answer was given."""
    # A shell that starts a server in the background has it, and so its workers, ignore Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    channel = Channel()
    request = Request.model_validate_json(sys.stdin.buffer.readline())
    threading.Thread(target=_stop_at_the_end_of_input, daemon=True).start()
    try:
        limit_memory(request.limits)
        channel.send(outcome(request, channel.progress))
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    return 0


def outcome(request: Request, report: Callable[[float, str], None]) -> Event:
    """Do the job and say how it ended."""
    try:
        from plurigrid_ff.host.plugins import load_host
        from plurigrid_ff.mcp_server.jobs import JOBS, Desk

        arguments, job = JOBS[request.job]
        host = load_host(allow_plugins=request.allow_plugins)
        desk = Desk(host, request.limits, report)
        result = job(arguments.parse(request.arguments, where=request.job), desk)
        return Event(result=result.model_dump(mode="json"))
    except PlurigridError as error:
        return _failed(error)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return Event(failure=Failure(kind="OSError", message=f"{where}{error.strerror or error}"))
    except Exception as error:  # plugins and torch raise what they like
        if is_out_of_memory(error):
            return _failed(out_of_memory(request.limits))
        traceback.print_exc()
        message = f"{request.job} failed with {type(error).__name__}; the server's log says where"
        return Event(failure=Failure(kind=type(error).__name__, message=message))


def _failed(error: PlurigridError) -> Event:
    """Turn an error that the caller can act on into an event."""
    return Event(failure=Failure(kind=type(error).__name__, message=str(error)))


def limit_memory(limits: Limits) -> None:
    """Let the system refuse memory beyond the limit.

    The data segment and not the address space: CUDA reserves terabytes of that. Systems other
    than Linux have no such limit, or do not count mappings in it.
    """
    if sys.platform != "linux":
        return
    import resource

    most = limits.max_memory_mib * MIB
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def is_out_of_memory(error: Exception) -> bool:
    """Whether an allocation failed; torch has no type of its own for it on the CPU."""
    text = str(error)
    return isinstance(error, MemoryError) or "allocate memory" in text or "out of memory" in text


def out_of_memory(limits: Limits) -> LimitError:
    """Build the error for a job that needs more memory than it may have."""
    return LimitError(
        f"more than {limits.max_memory_mib} MiB of memory would be needed; use fewer or narrower "
        "layers, smaller batches or fewer samples, or have the server started with a larger "
        "--max-memory-mib"
    )


def _stop_at_the_end_of_input() -> None:
    """Interrupt the job when the server closes the stream or dies; then end in any case."""
    # Not through sys.stdin: a thread that waits in there blocks the end of the interpreter.
    while os.read(0, 1 << 16):
        pass
    interrupt_main()
    time.sleep(GRACE_S)
    os._exit(EXIT_INTERRUPTED)


if __name__ == "__main__":
    status = main()
    sys.stderr.flush()
    os._exit(status)  # the clean-up of torch takes longer than a short job, and changes nothing
