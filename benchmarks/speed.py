r"""Samples per second of the engine beside backprop on the same layers, in one process.

Contenders take turns within every repeat, so that a busy machine disturbs all of them alike;
medians count, and ratios are medians of the ratios within a repeat. CPU time is told beside the
clock's. The machine's own rate of the same matrix products is measured in the same turns. Every
shape is written as soon as it is done, and the same command called again goes on. On a GPU
backprop also runs as a CUDA graph of its whole step, in float32 and under autocast. With fflib, a
package from PyPI that trains through autograd, on the path, it takes its turn too:

    pip install --no-deps --target /tmp/fflib fflib==0.3.0
    PYTHONPATH=/tmp/fflib python benchmarks/speed.py --out benchmarks/results/speed.json \
        --plot docs/engine-speed.svg
    python benchmarks/speed.py --device cuda --threads 4 --repeats 5 --seconds 0.3 \
        --out benchmarks/results/speed_gpu.json
"""

import argparse
import json
import platform
import statistics
import sys
import time
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib as mpl
import torch
from matplotlib.figure import Figure

from benchmarks.speed_turns import (
    CLASSES,
    ONE_RAIL,
    PREDICTED,
    TWO_RAILS,
    Turn,
    batches_of,
    contenders,
    flops,
)
from plurigrid_ff.files import write_text
from plurigrid_ff.provenance import installed_versions

SHAPES = {  # hidden layers, batch
    "784-500-500, batch 256": ((500, 500), 256),
    "784-8x1000, batch 1024": ((1000,) * 8, 1024),
    "784-8x1000, batch 8192": ((1000,) * 8, 8192),
    "784-2x2000, batch 128": ((2000,) * 2, 128),  # fflib's own example
}
ON_GPU = {
    "784-4x2000, batch 8192": ((2000,) * 4, 8192),
    "784-8x2000, batch 8192": ((2000,) * 8, 8192),
    "784-8x2000, batch 32768": ((2000,) * 8, 32768),
}
WIDTHS = (128, 256, 512, 1024, 2048)  # of four layers, batch 1024


def main() -> None:
    """Measure every shape under every number of threads, and print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--threads", default="1,2", help="numbers of threads, in turn")
    parser.add_argument("--repeats", type=int, default=7, help="at least 5 for a figure")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each turn, at least")
    parser.add_argument("--seeds", type=int, default=1, help="how many initial weights, in turn")
    parser.add_argument("--shrink", type=int, default=1, help="divide widths and batches, to try")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    report: dict[str, Any] = {
        "command": " ".join(["python", *sys.argv]),
        "machine": machine(arguments.device),
        "versions": installed_versions(),
        "repeats": arguments.repeats,
        "seconds": arguments.seconds,
        "shrink": arguments.shrink,
    }
    report["results"] = found_before(arguments.out, report)
    done = {(entry["shape"], entry["threads"], entry["seed"]) for entry in report["results"]}
    device = torch.device(arguments.device)
    shapes = dict(SHAPES)
    if device.type == "cuda":
        shapes |= ON_GPU
    else:
        shapes |= {f"784-4x{w}, batch 1024": ((w,) * 4, 1024) for w in WIDTHS}
    for threads in map(int, arguments.threads.split(",")):
        torch.set_num_threads(threads)
        for seed, name in product(range(arguments.seeds), shapes):
            if (name, threads, seed) in done:
                continue
            hidden, batch = shapes[name]
            hidden = tuple(max(CLASSES, w // arguments.shrink // 10 * 10) for w in hidden)
            batch = max(16, batch // arguments.shrink)
            turns = contenders(hidden, batch, seed, device)
            found = take_turns(turns, arguments.repeats, arguments.seconds, device)
            entry = {"shape": name, "hidden": list(hidden), "batch": batch}
            entry |= {"threads": threads, "seed": seed} | summary(found, hidden, batch, device.type)
            report["results"].append(entry)
            print_entry(entry)
            if arguments.out:
                write_text(arguments.out, json.dumps(report, indent=2) + "\n")
    if arguments.plot:
        draw(report["results"], arguments.plot)


def machine(device: str) -> str:
    """Name what computes."""
    if device == "cuda":
        return torch.cuda.get_device_name()
    return f"{platform.machine()}, {platform.processor() or platform.system()}"


def found_before(path: Path | None, report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an interrupted call of the same command has found, on the same machine."""
    if path is None or not path.exists():
        return []
    before = json.loads(path.read_text("utf-8"))
    results: list[dict[str, Any]] = before.pop("results")
    return results if before == report else []


def take_turns(
    turns: dict[str, Turn], repeats: int, seconds: float, device: torch.device
) -> dict[str, Any]:
    """Return seconds per call of every turn: by the clock and of the CPU, one per repeat."""

    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize()

    found: dict[str, Any] = {name: {"clock": [], "cpu": []} for name in turns}
    for turn in turns.values():
        turn()
    wait()
    for _ in range(repeats):
        for name, turn in turns.items():
            clock, cpu, calls = time.perf_counter(), time.process_time(), 0
            while time.perf_counter() - clock < seconds or not calls:
                turn()
                wait()
                calls += 1
            found[name]["clock"].append((time.perf_counter() - clock) / calls)
            found[name]["cpu"].append((time.process_time() - cpu) / calls)
    return found


def summary(
    found: dict[str, Any], hidden: tuple[int, ...], batch: int, device: str
) -> dict[str, Any]:
    """Return rates, ratios to backprop within repeats, and the share of the products' own rate."""
    entries = {}
    for name, times in found.items():
        samples, rival = batches_of(batch, device) * batch, "backprop"
        if name.startswith("predict"):
            samples, rival = min(samples, PREDICTED), "predict, backprop"
        entries[name] = {
            "samples_per_s": samples / statistics.median(times["clock"]),
            "samples_per_cpu_s": samples / statistics.median(times["cpu"]),
            "of_backprop": ratio(found[rival]["clock"], times["clock"]),
            "of_backprop_cpu": ratio(found[rival]["cpu"], times["cpu"]),
            "seconds": times["clock"],
            "cpu_seconds": times["cpu"],
        }
    rates = [flops(hidden, batch, device) / second for second in found["products"]["clock"]]
    ideal = dict.fromkeys(ONE_RAIL, "products") | {"projection, bfloat16": "products, bfloat16"}
    which = "cpu" if device == "cpu" else "clock"
    for name, alone in ideal.items():
        if name in entries and alone in found:
            share = ratio(found[alone][which], found[name][which])
            entries[name]["share_of_product_rate"] = share
    return {"gflops_per_s": statistics.median(rates) / 1e9, "contenders": entries}


def ratio(numerator: list[float], denominator: list[float]) -> float:
    """Return the median of ratios within repeats."""
    return statistics.median(a / b for a, b in zip(numerator, denominator, strict=True))


def print_entry(entry: dict[str, Any]) -> None:
    """Print one shape's figures."""
    print(f"{entry['shape']}, {entry['threads']} threads, {entry['gflops_per_s']:.0f} GFLOP/s")
    for name, one in entry["contenders"].items():
        share = one.get("share_of_product_rate")
        told = "" if share is None else f"  {share:.0%} of the products' own rate"
        print(
            f"  {name:28} {one['samples_per_s']:10.0f} samples/s  "
            f"{one['of_backprop']:5.2f} of backprop (CPU {one['of_backprop_cpu']:.2f}){told}",
            flush=True,
        )


def draw(results: list[dict[str, Any]], path: Path) -> None:
    """Draw speed against width, relative to backprop, under the first number of threads."""
    mpl.rcParams["svg.hashsalt"] = "plurigrid-ff"
    chosen = [r for r in results if r["shape"].startswith("784-4x")]
    chosen = [r for r in chosen if r["threads"] == chosen[0]["threads"] and not r["seed"]]
    figure = Figure(figsize=(7.5, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for name in ("backprop", *ONE_RAIL, *TWO_RAILS, "projection, autograd", "fflib"):
        points = [
            (r["hidden"][0], r["contenders"][name]["of_backprop"])
            for r in chosen
            if name in r["contenders"]
        ]
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set(xscale="log", xlabel="width of four layers", ylabel="samples/s, of backprop's")
    axes.set_xticks(WIDTHS, [str(width) for width in WIDTHS])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
