"""Call every tool of the MCP server with what its schema allows, and with what it does not.

    python tools/mcp_fuzz.py --calls 10000 --seed 0 --out fuzz.json

Starts ``plurigrid-ff-mcp`` over stdio in a folder of its own, with a finished run, samples, cards,
a composition and links that lead out, and prints what became of the calls: how many were refused
or answered, the slowest, files that appeared outside the working folder, and the server's memory.
Exit 1 if anything crashed, hung, was written outside, or if memory grew by more than a tenth.
"""

import argparse
import json
import os
import random
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import anyio
from mcp import Client, StdioServerParameters

LIMITS = {"max_epochs": 2, "max_width": 64, "max_samples": 5000, "max_seconds": 60}
LIMITS |= {"max_memory_mib": 1024, "concurrency": 2, "queue": 8}
WARM_UP = 500  # calls before memory is measured the first time
SLACK_S = 15.0  # for the start and the end of a worker, and its wait for a turn
CRASH = "the server's log says where"

# What a caller who means well would write, so that some calls get past the first check.
NAMES = ["runs/one", "new.npz", "digits", "digits-projection", "open-games", "labels.csv"]
NAMES += ["runs/two", "triad.toml", "persistent-homology-open-games-forward-forward", "symba"]
NAMES += ["cards", "taste.json", "teal", "#1B4F72", "B3/S23", "pair.toml", "1/64"]
HOSTILE = [
    "..",
    "../secret.toml",
    "/etc/passwd",
    "~",
    "~/x",
    "away/x",
    "photos",
    "a\0b",
    "a" * 5000,
]
HOSTILE += [
    "runs/../../x",
    "\x1b[31m",
    "\u202e",
    "",
    " ",
    ".",
    "%2e%2e",
    "C:\\x",
    "runs/one/run.toml",
]
OTHER: list[Any] = [None, True, -1, 0, 1.5, 1 << 70, "5", [], {}, [[[]]], {"a": {"b": []}}, 1e308]


def calls(schemas: dict[str, dict[str, Any]], seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield endless calls: a tool's name, and arguments from its schema, most of them spoilt."""
    draw = random.Random(seed)  # noqa: S311  # to be repeated, not to be secret
    names = sorted(schemas)
    while True:
        name = draw.choice(names)
        arguments = value_of(schemas[name], schemas[name].get("$defs", {}), draw)
        for _ in range(draw.choice([0, 1, 1, 1, 2, 3])):
            spoil(arguments, draw)
        if draw.random() < 0.01:
            name = draw.choice([name[:-1], name.upper(), "", "a" * 300])
        yield name, arguments


def value_of(schema: dict[str, Any], defs: dict[str, Any], draw: random.Random) -> Any:
    """Draw a value that a schema allows."""
    if "$ref" in schema:
        return value_of(defs[schema["$ref"].rpartition("/")[2]], defs, draw)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return draw.choice(schema["enum"])
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return value_of(draw.choice(schema[union]), defs, draw)
    match schema.get("type"):
        case "object":
            return object_of(schema, defs, draw)
        case "array" if "prefixItems" in schema:
            return [value_of(below, defs, draw) for below in schema["prefixItems"]]
        case "array":
            least = schema.get("minItems", 0)
            count = draw.randint(least, max(least, min(schema.get("maxItems", 3), 3)))
            return [value_of(schema["items"], defs, draw) for _ in range(count)]
        case "integer":
            return draw.randint(*bounds(schema))
        case "number":
            return draw.uniform(0.01, 0.9)
        case "boolean":
            return draw.random() < 0.5
        case "null":
            return None
        case _:
            return draw.choice(NAMES if draw.random() < 0.8 else HOSTILE)


def object_of(schema: dict[str, Any], defs: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """Draw what is required, and some of the rest."""
    required = schema.get("required", [])
    return {
        key: value_of(below, defs, draw)
        for key, below in schema.get("properties", {}).items()
        if key in required or draw.random() < 0.3
    }


def bounds(schema: dict[str, Any]) -> tuple[int, int]:
    """Return the least and a small largest value of an integer."""
    least = schema.get("minimum", schema.get("exclusiveMinimum", -1) + 1)
    return least, min(schema.get("maximum", least + 4), least + 4)


def spoil(arguments: dict[str, Any], draw: random.Random) -> None:
    """Break one thing, somewhere."""
    places = [arguments, *(value for value in arguments.values() if isinstance(value, dict))]
    place = draw.choice(places)
    key = draw.choice([*place, "extra"])
    match draw.randrange(4):
        case 0:
            place.pop(key, None)
        case 1:
            place[draw.choice(["extra", "__class__", "-", key + "s"])] = 1
        case 2:
            place[key] = draw.choice(HOSTILE)
        case _:
            place[key] = deepcopy(draw.choice(OTHER))  # or later faults would be put into it


def furnish(root: Path) -> Path:
    """Make a working folder with samples and traps, and something beside it to miss."""
    import numpy as np

    work = root / "work"
    (work / "photos" / "cats").mkdir(parents=True)
    (root / "secret.toml").write_text("seed = 1")
    (work / "away").symlink_to(root)
    (work / "photos" / "cats" / "one.png").symlink_to(root / "secret.toml")
    (work / "cards" / "one").mkdir(parents=True)
    (work / "cards" / "one" / "SKILL.md").write_text(
        "---\nname: two\ntrit: 7\n---\na\x1b[31m (+1)\n"
    )
    (work / "cards" / "SKILL.md").symlink_to(root / "secret.toml")
    (work / "pair.toml").write_text(
        'name = "pair"\nexpression = "../secret.toml then away/x.toml"\n'
    )
    np.savez(work / "new.npz", x=np.zeros((5, 64), np.float32))
    return work


def train_one(out: Path) -> None:
    """Train the run that calls may name."""
    from plurigrid_ff import NetworkConfig, RunConfig, TrainingConfig, train

    config = RunConfig(network=NetworkConfig(hidden=(8,)), training=TrainingConfig(epochs=1))
    train(config, out)


def outside(root: Path) -> set[str]:
    """List all that lies beside the working folder."""
    found = {path.relative_to(root) for path in root.rglob("*") if "caches" not in path.parts}
    return {str(path) for path in found if path.parts[0] != "work"}


def resident_kib(marker: str) -> int:
    """Return the memory of the server that was started with ``marker``, in KiB."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            line = (process / "cmdline").read_bytes().decode()
        except OSError:
            continue
        if marker in line and str(os.getpid()) != process.name:
            found = re.search(r"VmRSS:\s+(\d+)", (process / "status").read_text())
            return int(found[1]) if found else 0
    raise SystemExit(f"no process with {marker} in its command line")


async def fuzz(count: int, seed: int, root: Path) -> dict[str, Any]:
    """Call ``count`` times and say what happened."""
    work = furnish(root)
    train_one(work / "runs" / "one")
    before = outside(root)
    options = [f"--{name.replace('_', '-')}={value}" for name, value in LIMITS.items()]
    caches = {"MPLCONFIGDIR": str(root / "caches"), "HOME": str(root / "home")}
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "plurigrid_ff.mcp_server", f"--folder={work}", *options],
        env={**os.environ, **caches},
    )
    kinds: Counter[str] = Counter()
    slowest, crashes, warm = (0.0, ""), [], 0
    limit_s = LIMITS["max_seconds"] + SLACK_S
    async with Client(server, mode="legacy", read_timeout_seconds=limit_s) as client:
        schemas = {tool.name: tool.input_schema for tool in (await client.list_tools()).tools}
        for number, (name, arguments) in zip(range(count), calls(schemas, seed), strict=False):
            started = time.perf_counter()
            answer = await client.call_tool(name, arguments)
            slowest = max(slowest, (time.perf_counter() - started, name))
            kinds["refused" if answer.is_error else "answered"] += 1
            text = str(answer.content)
            if CRASH in text or "Traceback" in text:
                crashes.append({"call": number, "tool": name, "arguments": arguments, "text": text})
            if number == min(WARM_UP, count - 1):
                warm = resident_kib(f"--folder={work}")
        at_the_end = resident_kib(f"--folder={work}")
    return {
        "calls": count,
        "seed": seed,
        "refused": kinds["refused"],
        "answered": kinds["answered"],
        "crashes": crashes,
        "slowest_s": round(slowest[0], 2),
        "slowest_tool": slowest[1],
        "limit_s": limit_s,
        "written_outside": sorted(outside(root) - before),
        "server_kib_after_warm_up": warm,
        "server_kib_at_the_end": at_the_end,
    }


def main() -> int:
    """Fuzz, print, and judge."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="write the figures here as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        found = anyio.run(fuzz, options.calls, options.seed, Path(folder).resolve())
        found["seconds"] = round(time.perf_counter() - started)
    text = json.dumps(found, indent=2)
    print(text)
    if options.out:
        options.out.write_text(text + "\n", "utf-8")
    grown = found["server_kib_at_the_end"] > 1.1 * found["server_kib_after_warm_up"]
    return int(bool(found["crashes"] or found["written_outside"] or grown))


if __name__ == "__main__":
    sys.exit(main())
