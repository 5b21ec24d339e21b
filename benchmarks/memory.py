"""Peak memory of the engine beside backprop, against depth and against the batch.

Every point is a process of its own, with a malloc that gives memory back at once: what the
resident set, or on a GPU torch's memory, rises above that of the loaded samples. Backprop runs
plainly, with gradient checkpointing, and with gradients accumulated over micro-batches. Every point
is written as soon as it is done, and the same command called again goes on. Example:

    python benchmarks/memory.py --out benchmarks/results/memory.json --plot docs/engine-memory.svg
    python benchmarks/memory.py --device cuda --out benchmarks/results/memory_gpu.json
"""

import argparse
import json
import platform
import sys
import tempfile
from itertools import product
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.figure import Figure

from plurigrid_ff.config import RunConfig
from plurigrid_ff.files import write_text
from plurigrid_ff.profiling.measuring import joined, run_job
from plurigrid_ff.profiling.results import CONTENDERS, Job
from plurigrid_ff.provenance import installed_versions

FEATURES, CLASSES, SAMPLES = 784, 10, 256
MIB = 1 << 20
# Objective, and the settings of training that differ.
ENGINES: dict[str, tuple[str, dict[str, Any]]] = {
    "engine": ("projection", {}),
    "engine, two rails": ("threshold", {}),
}
ON_GPU: dict[str, tuple[str, dict[str, Any]]] = {
    "engine, parts of 2048": ("projection", {"chunk_size": 2048}),
    "engine, bfloat16": ("projection", {"precision": "bfloat16"}),
}


def main() -> None:
    """Measure every depth and batch, and print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--depths", default="2,8,32,64")
    parser.add_argument("--batches", default="1024,8192")
    parser.add_argument("--width", type=int, default=1000)
    parser.add_argument("--seeds", type=int, default=1, help="how many processes per point")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    report: dict[str, Any] = {
        "command": " ".join(["python", *sys.argv]),
        "machine": machine(arguments.device),
        "versions": installed_versions(),
        "width": arguments.width,
        "threads": arguments.threads,
        "seeds": list(range(arguments.seeds)),
    }
    results = found_before(arguments.out, report)
    done = {(row["batch"], row["depth"], row["seed"]) for row in results}
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "samples.npz"
        rng = np.random.default_rng(0)
        x = rng.random((SAMPLES, FEATURES), dtype=np.float32)
        np.savez(source, x=x, y=np.arange(SAMPLES) % CLASSES)
        batches, depths = (
            [int(part) for part in text.split(",")]
            for text in (arguments.batches, arguments.depths)
        )
        for batch, depth, seed in product(batches, depths, range(arguments.seeds)):
            if (batch, depth, seed) in done:
                continue
            results += point(source, (arguments.width,) * depth, batch, seed, arguments)
            if arguments.out:
                write_text(arguments.out, json.dumps(report | {"results": results}, indent=2))
    report |= {"results": results, "claims": claims(results)}
    for claim, value in report["claims"].items():
        print(f"{claim}: {value:.2f}")
    if arguments.out:
        write_text(arguments.out, json.dumps(report, indent=2) + "\n")
    if arguments.plot:
        draw(results, arguments.plot)


def found_before(path: Path | None, report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an interrupted call of the same command has found, on the same machine."""
    if path is None or not path.exists():
        return []
    before = json.loads(path.read_text("utf-8"))
    same = all(before.get(key) == value for key, value in report.items())
    return list(before["results"]) if same else []


def machine(device: str) -> str:
    """Name what computes."""
    if device == "cuda":
        return torch.cuda.get_device_name()
    return f"{platform.machine()}, {platform.processor() or platform.system()}"


def point(
    source: Path, hidden: tuple[int, ...], batch: int, seed: int, arguments: argparse.Namespace
) -> list[dict[str, Any]]:
    """Measure one shape and batch, every contender in its own process."""
    rows = []
    chosen = dict(ENGINES) | (ON_GPU if arguments.device == "cuda" else {})
    chosen |= {name: ("projection", {}) for name in CONTENDERS if name != "engine"}
    for label, (objective, settings) in chosen.items():
        network = {"hidden": list(hidden), "objective": objective}
        network |= {"negatives": "wrong-label"} if objective == "threshold" else {}
        values = {
            "data": {"source": str(source)},
            "network": network,
            "training": {"batch_size": batch, "learning_rate": 1e-4, **settings},
            "device": arguments.device,
            "seed": seed,
        }
        run = RunConfig.parse(values, where="memory")
        name = next(name for name in reversed(CONTENDERS) if label.startswith(name))
        job = Job(
            run=run,
            contender=name,
            measure="memory",
            seconds=1,
            repeats=1,
            threads=arguments.threads,
        )
        found = joined(run_job(job), (0.0,))
        rows.append(
            {"contender": label, "depth": len(hidden), "batch": batch, "seed": seed}
            | found.model_dump(include={"peak_bytes", "parameter_bytes", "optimizer_bytes"})
            | {"activation_bytes": found.activation_bytes}
        )
        print(
            f"depth {len(hidden):3} batch {batch:5} {label:24} {found.peak_bytes / MIB:8.1f} MiB, "
            f"{found.activation_bytes / MIB:7.1f} above parameters and optimizer",
            flush=True,
        )
    return rows


def claims(results: list[dict[str, Any]]) -> dict[str, float]:
    """Return the ratios that the engine is judged by, at the largest batch."""
    batch = max(row["batch"] for row in results)
    depths = sorted({row["depth"] for row in results})

    def mean(contender: str, depth: int, what: str) -> float:
        wanted = (contender, depth, batch)
        rows = [r for r in results if (r["contender"], r["depth"], r["batch"]) == wanted]
        return float(sum(row[what] for row in rows) / len(rows))

    found = {}
    for depth in depths:
        engine = mean("engine", depth, "peak_bytes")
        for rival in CONTENDERS[1:]:
            name = f"peak of the engine over that of {rival}, depth {depth}, batch {batch}"
            found[name] = engine / mean(rival, depth, "peak_bytes")
    rest = [mean("engine", depth, "activation_bytes") for depth in (depths[-1], depths[0])]
    name = f"above parameters and optimizer, depth {depths[-1]} over {depths[0]}, batch {batch}"
    return found | {name: rest[0] / rest[1]}


def draw(results: list[dict[str, Any]], path: Path) -> None:
    """Draw peak memory against depth, one panel per batch."""
    mpl.rcParams["svg.hashsalt"] = "plurigrid-ff"
    batches = sorted({row["batch"] for row in results})
    figure = Figure(figsize=(4 * len(batches), 3.6), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(batches), sharey=True))
    for axes, batch in zip(panels, batches, strict=True):
        for label in dict.fromkeys(row["contender"] for row in results):
            rows = [r for r in results if r["contender"] == label and r["batch"] == batch]
            depths = sorted({row["depth"] for row in rows})
            peaks = [
                sum(r["peak_bytes"] for r in rows if r["depth"] == depth)
                / sum(r["depth"] == depth for r in rows)
                / MIB
                for depth in depths
            ]
            axes.plot(depths, peaks, marker="o", label=label.replace("_", ", "))
        axes.set(xlabel="layers", title=f"batch {batch}")
        axes.set_ylim(bottom=0)
    panels[0].set_ylabel("peak above the samples, MiB")
    panels[0].legend(frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
