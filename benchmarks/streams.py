"""Drifting streams: local updates beside layers that stopped learning, and beside backprop.

Prequential accuracy after a warm-up of 1,000 of 4,000 samples, four samples a step, two hidden
layers of 100 for everybody. ``frozen`` learns as ``projection`` does, in the warm-up only. Every
learner has the step size that is best on a seed which is not reported. With replay as many samples
as are new are recalled at every step, from 20 of every class.

    python -m benchmarks.streams --seeds 5 --out benchmarks/results/streams.json
"""

import argparse
import json
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from benchmarks.continual import TUNING_SEED, spread
from plurigrid_ff.continual.prequential import FROZEN, follow_stream
from plurigrid_ff.continual.settings import StreamReport, StreamSettings
from plurigrid_ff.continual.streams import STREAMS
from plurigrid_ff.files import write_text
from plurigrid_ff.provenance import installed_versions

CONTENDERS = (
    ("projection", 0),
    (FROZEN, 0),
    ("backprop", 0),
    ("subspaces", 0),
    ("projection", 20),
    ("backprop", 20),
)
RATES = {"subspaces": (0.05, 0.2)}
TUNING_SAMPLES = 2000


def main() -> None:
    """Let every learner follow every stream on every seed, and write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--streams", default=",".join(STREAMS), help="names, with commas")
    parser.add_argument("--samples", type=int, default=4000)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    figures = []
    for stream in arguments.streams.split(","):
        rates: dict[str, float] = {}
        for name, replay in CONTENDERS:
            like = "projection" if name == FROZEN else name
            if like not in rates:
                rates[like] = best_rate(stream, like)
            figures.append(
                one_figure(stream, name, replay, rates[like], arguments.seeds, arguments.samples)
            )
            shown = ("stream", "learner", "replay", "accuracy")
            print({key: figures[-1][key] for key in shown}, flush=True)
    report = {
        "command": " ".join(["python -m benchmarks.streams", *sys.argv[1:]]),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, 1 thread",
        "versions": {**installed_versions(), "river": version("river")},
        "seeds": list(range(arguments.seeds)),
        "tuning_seed": TUNING_SEED,
        "figures": figures,
    }
    if arguments.out:
        write_text(arguments.out, json.dumps(report, indent=1) + "\n")


def best_rate(stream: str, name: str) -> float:
    """Choose a step size on a shorter stream of another seed."""
    found = {
        rate: one_run(stream, name, 0, rate, TUNING_SEED, TUNING_SAMPLES).found[name].accuracy
        for rate in RATES.get(name, (1e-3, 3e-3, 1e-2))
    }
    return max(found, key=lambda rate: found[rate])


def one_figure(
    stream: str, name: str, replay: int, rate: float, seeds: int, samples: int
) -> dict[str, Any]:
    """Measure one learner on every seed."""
    started = time.process_time()
    runs = [one_run(stream, name, replay, rate, seed, samples) for seed in range(seeds)]
    return {
        "stream": stream,
        "learner": name,
        "replay": replay,
        "learning_rate": rate,
        "accuracy": spread([run.found[name].accuracy for run in runs]),
        "majority": spread([run.majority for run in runs]),
        "cpu_seconds": round((time.process_time() - started) / seeds, 2),
    }


def one_run(
    stream: str, name: str, replay: int, rate: float, seed: int, samples: int
) -> StreamReport:
    """Let one learner follow a stream."""
    return follow_stream(
        StreamSettings(
            stream=stream,
            samples=samples,
            learners=(name,),
            replay=replay,
            learning_rate=rate,
            seed=seed,
        )
    )


if __name__ == "__main__":
    main()
