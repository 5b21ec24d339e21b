"""How soon the MCP server answers, and what becomes of several clients that train at once.

Part 1 starts the server over stdio, repeatedly, in turns with a server of the SDK that has one
tool and imports nothing of ours, and takes the time to the answer of `initialize`, from there to
that of `tools/list`, and the CPU time, which other work on the machine hardly lengthens. The
first start of each is not counted: it fills the disk's cache.
Part 2 connects clients over HTTP, lets each train on digits at the same moment, and compares
every network with one that was trained alone, byte by byte. Example:

    python benchmarks/mcp_server.py --starts 5 --clients 8 \
        --out benchmarks/results/mcp_server.json
"""

import argparse
import json
import os
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters

from plurigrid_ff.files import write_text
from plurigrid_ff.provenance import installed_versions

OURS = ["-m", "plurigrid_ff.mcp_server"]
BARE = """
from mcp.server import MCPServer
server = MCPServer("bare")

@server.tool()
def add(a: int, b: int) -> int:
    return a + b

server.run()
"""
COMPARED = ("network.safetensors", "rounds.jsonl", "run.toml")


async def time_start(arguments: list[str], folder: Path) -> tuple[float, float, float]:
    """Start a server; return seconds to `initialize`, on to `tools/list`, and of CPU in all."""
    command = StdioServerParameters(
        command=sys.executable, args=arguments, env=dict(os.environ), cwd=folder
    )
    before, started = cpu_seconds(), time.perf_counter()
    async with Client(command, mode="legacy") as client:
        initialized = time.perf_counter()
        await client.list_tools()
        listed = time.perf_counter()
    return initialized - started, listed - initialized, cpu_seconds() - before


def cpu_seconds() -> float:
    """Return the CPU time of all processes that were started from here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


async def time_starts(starts: int, folder: Path) -> dict[str, Any]:
    """Time both servers in turns."""
    commands = {"plurigrid-ff-mcp": OURS, "bare SDK": ["-c", BARE]}
    times: dict[str, list[tuple[float, float, float]]] = {name: [] for name in commands}
    for _ in range(starts + 1):
        for name, arguments in commands.items():
            times[name].append(await time_start(arguments, folder))
    return {name: figures(counted[1:]) for name, counted in times.items()}


def figures(times: list[tuple[float, float, float]]) -> dict[str, Any]:
    """Give medians and every time."""
    initialize, listed, cpu = zip(*times, strict=True)
    return {
        "initialize_median_s": round(statistics.median(initialize), 3),
        "initialize_s": [round(value, 3) for value in initialize],
        "tools_list_median_ms": round(1000 * statistics.median(listed), 1),
        "tools_list_ms": [round(1000 * value, 1) for value in listed],
        "cpu_median_s": round(statistics.median(cpu), 3),
    }


@contextmanager
def serving(folder: Path, concurrency: int) -> Iterator[str]:
    """Serve over HTTP; yield the address."""
    options = ["--folder", str(folder), "--http", "--port", "0", "--concurrency", str(concurrency)]
    log = folder / "server.log"  # a pipe that nobody reads would fill, and stop the server
    with (
        log.open("w") as errors,
        subprocess.Popen([sys.executable, *OURS, *options], stderr=errors) as server,
    ):
        while not (found := re.search(r"serving (\S+),", log.read_text())):
            time.sleep(0.05)
        try:
            yield found[1]
        finally:
            server.terminate()


async def train(address: str, out: str, epochs: int) -> float:
    """Train on digits through a client of its own; return the seconds until the answer."""
    started = time.perf_counter()
    async with Client(address, mode="legacy") as client:
        answer = await client.call_tool("train", {"out": out, "training": {"epochs": epochs}})
    if answer.is_error:
        raise SystemExit(str(answer.content))
    return time.perf_counter() - started


async def train_at_once(
    clients: int, concurrency: int, epochs: int, folder: Path
) -> dict[str, Any]:
    """Train once alone, then with all clients at once, and compare."""
    seconds: dict[str, float] = {}

    async def one(address: str, out: str) -> None:
        seconds[out] = await train(address, out, epochs)

    with serving(folder, concurrency) as address:
        alone = await train(address, "alone", epochs)
        async with anyio.create_task_group() as group:
            for number in range(clients):
                group.start_soon(one, address, f"client-{number}")
    same = [
        all((folder / out / name).read_bytes() == (folder / "alone" / name).read_bytes()
            for name in COMPARED)
        for out in seconds
    ]  # fmt: skip
    return {
        "clients": clients,
        "concurrency": concurrency,
        "epochs": epochs,
        "finished": len(seconds),
        "equal_to_one_alone": sum(same),
        "alone_s": round(alone, 1),
        "first_answer_s": round(min(seconds.values()), 1),
        "last_answer_s": round(max(seconds.values()), 1),
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--concurrency", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        found = {
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "load_average": [round(value, 1) for value in os.getloadavg()],
            "versions": installed_versions() | {"mcp": version("mcp")},
            "start": anyio.run(time_starts, options.starts, folder),
            "at_once": anyio.run(
                train_at_once, options.clients, options.concurrency, options.epochs, folder
            ),
        }
    text = json.dumps(found, indent=2)
    print(text)
    if options.out:
        write_text(options.out, text + "\n")


if __name__ == "__main__":
    main()
