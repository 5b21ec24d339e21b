"""Does breeding help a society? The triad with self-evolving-agent beside agents left alone.

Mean test accuracy of four agents on a cycle, class-goodness, one layer of 60; the rival is the same
society without a coordinator.

    python -m benchmarks.evolving_society --seeds 3 --out benchmarks/results/evolving-society.json
"""

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import torch

from plurigrid_ff.config import NetworkConfig, RunConfig, SocietyConfig, TrainingConfig
from plurigrid_ff.files import write_text
from plurigrid_ff.host.triad import find_triad
from plurigrid_ff.provenance import installed_versions
from plurigrid_ff.runs import train

TRIAD = "sheaf-cohomology-self-evolving-agent-forward-forward"


def main() -> None:
    """Train both on every seed and kind of shards, and write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=12, help="two a round")
    parser.add_argument("--shards", default="iid;classes:5", help="separated by ';'")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    started = time.process_time()
    runs = [
        one_run(shards, seed, arguments.epochs)
        for shards in arguments.shards.split(";")
        for seed in range(arguments.seeds)
    ]
    report = {
        "command": " ".join(["python -m benchmarks.evolving_society", *sys.argv[1:]]),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, 1 thread",
        "versions": installed_versions(),
        "seeds": list(range(arguments.seeds)),
        "summary": {
            shards: {
                kind: spread([run[kind] for run in runs if run["shards"] == shards])
                for kind in ("alone", "evolving")
            }
            for shards in arguments.shards.split(";")
        },
        "runs": runs,
        "cpu_seconds": round(time.process_time() - started, 1),
    }
    print(json.dumps(report["summary"], indent=1))
    if arguments.out:
        write_text(arguments.out, json.dumps(report, indent=1) + "\n")


def one_run(shards: str, seed: int, epochs: int) -> dict[str, Any]:
    """Train a society alone and evolving, and count the children that were taken up."""
    found: dict[str, Any] = {"shards": shards, "seed": seed}
    for kind in ("alone", "evolving"):
        config = RunConfig(
            network=NetworkConfig(hidden=(60,), objective="class-goodness"),
            training=TrainingConfig(epochs=epochs, batch_size=32, learning_rate=0.005),
            society=SocietyConfig(agents=4, graph="cycle", shards=shards),
            triad=find_triad(TRIAD) if kind == "evolving" else None,
            seed=seed,
            device="cpu",
        )
        with tempfile.TemporaryDirectory() as folder:
            report = train(config, Path(folder) / "run")
            lines = (Path(folder) / "run" / "rounds.jsonl").read_text("utf-8").splitlines()
        entries = [json.loads(line) for line in lines]
        spread_of_agents = report.society.test_accuracy if report.society else None
        found[kind] = spread_of_agents.mean if spread_of_agents else None
        if kind == "evolving":
            told = [e["summary"] for e in entries if e["role"] == "coordinator"]
            found["accepted by the test"] = sum(summary["accepted"] for summary in told)
            verdicts = [e["summary"]["outcome"] for e in entries if e["role"] == "validator"]
            found["rounds refused by the gate"] = verdicts.count("failed")
    print(found, flush=True)
    return found


def spread(values: list[float]) -> dict[str, float]:
    """Return mean, least and largest."""
    figures = statistics.mean(values), min(values), max(values)
    return dict(zip(("mean", "least", "most"), (round(v, 4) for v in figures), strict=True))


if __name__ == "__main__":
    main()
