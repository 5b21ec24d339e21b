"""What the sheaf skills are worth on societies of Forward-Forward agents, and what they cost.

Five questions, one module each; every figure of a society comes from the skills' own code.

    rounds     local training, plain gossip and synchronised maps over rounds, on every seed
    gate       does the gate predict merges that lose more than 5 points?
    rate       diffusion's measured rate beside the spectral prediction
    culprit    is one bad agent among eight named, and never another one?
    scale      matvec, harmonic extension and spectral gap on 1e5 nodes

Example:
    python -m benchmarks.sheaf rounds --seeds 5 --out benchmarks/results/sheaf-rounds.json
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from benchmarks.sheaf.culprit import culprit
from benchmarks.sheaf.gate import gate
from benchmarks.sheaf.rate import rate
from benchmarks.sheaf.rounds import rounds
from benchmarks.sheaf.scale import scale
from plurigrid_ff.files import write_text
from plurigrid_ff.provenance import installed_versions

Result = dict[str, Any]


def main() -> None:
    """Answer one question and write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("question", choices=sorted(QUESTIONS))
    parser.add_argument("--data", default="digits")
    parser.add_argument("--seeds", type=int, default=5, help="or trials, or societies")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--hidden", default="100;100,100", help="networks, separated by ';'")
    parser.add_argument("--objective", default="projection", help="of `rounds`")
    parser.add_argument("--shards", default="iid;classes:5", help="separated by ';'")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=5, help="per round")
    parser.add_argument("--steps", type=int, default=10, help="of diffusion per round")
    parser.add_argument("--learning-rate", type=float, default=0.002, help="of `rounds`")
    parser.add_argument("--societies", type=int, default=50, help="that `culprit` trains")
    parser.add_argument("--samples", type=int, help="training samples that are used; all")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    started = time.process_time()
    report = {
        "command": " ".join(["python -m benchmarks.sheaf", *sys.argv[1:]]),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, 1 thread",
        "versions": installed_versions(),
        "seeds": list(range(arguments.first, arguments.first + arguments.seeds)),
        **QUESTIONS[arguments.question](arguments),
    }
    report["cpu_seconds"] = round(time.process_time() - started, 1)
    if arguments.out:
        write_text(arguments.out, json.dumps(report, indent=1) + "\n")


QUESTIONS: dict[str, Callable[[argparse.Namespace], Result]] = {
    "rounds": rounds,
    "gate": gate,
    "rate": rate,
    "culprit": culprit,
    "scale": scale,
}


if __name__ == "__main__":
    main()
