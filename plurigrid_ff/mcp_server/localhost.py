"""Streamable HTTP, for this machine only."""

import errno
import socket
from collections.abc import Callable

import uvicorn
from mcp.server import MCPServer

from plurigrid_ff.errors import PortError

HOST = "127.0.0.1"
PATH = "/mcp"
STOP_S = 5  # for open streams, once the server was told to end


def listen(port: int) -> socket.socket:
    """Take a port of this machine, which no other machine can reach.

    Args:
        port: The port; 0 takes any that is free.

    Raises:
        PortError: It is taken, or may not be had.
    """
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
        taken.listen()
    except OSError as error:
        taken.close()
        why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be had: {error.strerror}"
        raise PortError(
            f"port {port} of {HOST} {why}; name another with --port, or 0 for any that is free"
        ) from error
    return taken


async def serve(server: MCPServer, at: socket.socket, announce: Callable[[str], None]) -> None:
    """Serve until interrupted.

    The SDK refuses requests whose Host or Origin is not of this machine, which keeps web pages
    out that make a browser call us under another name.

    Args:
        server: What to serve.
        at: From :func:`listen`.
        announce: Told the address.

    Raises:
        KeyboardInterrupt: It was interrupted, which is how it ends.
    """
    app = server.streamable_http_app(host=HOST, streamable_http_path=PATH)
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=STOP_S)
    announce(f"http://{HOST}:{at.getsockname()[1]}{PATH}")
    await uvicorn.Server(config).serve(sockets=[at])
    # uvicorn takes the signal for itself and hands it back where asyncio may not see it any more.
    raise KeyboardInterrupt
