"""Classes that arrive in turns: what is still known in the end, without and with replay.

Digits in five tasks of two classes, one hidden layer of 200 for everybody, five passes per task,
16 new samples a step and as many recalled. Average accuracy over the tasks after the last one, and
forgetting; all classes so far are candidates. Every learner has the step size that is best on a
seed which is not reported. ``lda`` and ``nearest-mean`` learn no layer: they are the controls.

    python -m benchmarks.continual --seeds 5 --out benchmarks/results/continual.json
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import torch

from plurigrid_ff.continual.contenders import LEARNERS
from plurigrid_ff.continual.settings import ClassesSettings, TasksFound
from plurigrid_ff.continual.tasks import learn_classes
from plurigrid_ff.files import write_text
from plurigrid_ff.provenance import installed_versions

RATES = {"subspaces": (0.05, 0.1, 0.2)}
NO_STEPS = ("nearest-mean", "nearest-mean-untrained", "lda")
TUNING_SEED = 1000


def main() -> None:
    """Let every learner meet the tasks on every seed, and write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--replay", default="0,5,20", help="samples kept of every class")
    parser.add_argument("--hidden", default="200", help="widths, with commas")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    hidden = tuple(map(int, arguments.hidden.split(",")))
    figures = []
    for replay in map(int, arguments.replay.split(",")):
        for name in LEARNERS:
            if name in NO_STEPS and replay:
                continue  # they count new samples only: a memory changes nothing
            figures.append(one_figure(name, replay, hidden, arguments.seeds))
            print({key: figures[-1][key] for key in ("learner", "replay", "accuracy")}, flush=True)
    report = {
        "command": " ".join(["python -m benchmarks.continual", *sys.argv[1:]]),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, 1 thread",
        "versions": installed_versions(),
        "seeds": list(range(arguments.seeds)),
        "tuning_seed": TUNING_SEED,
        "hidden": hidden,
        "figures": figures,
    }
    if arguments.out:
        write_text(arguments.out, json.dumps(report, indent=1) + "\n")


def one_figure(name: str, replay: int, hidden: tuple[int, ...], seeds: int) -> dict[str, Any]:
    """Choose a step size, then measure on every seed."""
    rates = (None,) if name in NO_STEPS else RATES.get(name, (1e-3, 3e-3))
    tried = {r: one_run(name, replay, hidden, r, TUNING_SEED).average_accuracy for r in rates}
    rate = max(tried, key=lambda r: tried[r])
    started = time.process_time()
    found = [one_run(name, replay, hidden, rate, seed) for seed in range(seeds)]
    seconds = (time.process_time() - started) / seeds
    return {
        "learner": name,
        "replay": replay,
        "learning_rate": rate,
        "accuracy": spread([one.average_accuracy for one in found]),
        "forgetting": spread([one.forgetting for one in found]),
        "cpu_seconds": round(seconds, 2),
    }


def one_run(
    name: str, replay: int, hidden: tuple[int, ...], rate: float | None, seed: int
) -> TasksFound:
    """Let one learner meet the tasks."""
    settings = ClassesSettings(
        learners=(name,), replay=replay, hidden=hidden, learning_rate=rate, seed=seed
    )
    return learn_classes(settings).found[name]


def spread(values: list[float]) -> dict[str, Any]:
    """Return mean, standard deviation and all values."""
    return {
        "mean": round(statistics.mean(values), 4),
        "deviation": round(statistics.stdev(values), 4) if len(values) > 1 else None,
        "values": [round(value, 4) for value in values],
    }


if __name__ == "__main__":
    main()
