r"""Layers in two processes against one: samples per second, and what a cost model makes of it.

Eight layers of 1000 units on 784 features, one thread per process. Contenders live in processes of
their own and take turns within every repeat, so that a busy machine disturbs all alike; while one
works, the others sleep. A turn is a stretch of epochs, from the first batch to the last weight.

    sequential   the engine alone: ``Trainer`` in one process
    processes 1  the same through a fleet of one process
    processes 2  two stages of layers, activities sent by gloo
    threads 2    two stages in one process, training.workers = 2

Medians count; ratios are medians of the ratios within a repeat. Beside the clock stands CPU time: a
stage cannot be faster than its own CPU seconds, so their largest, stretched by the pipeline's fill,
is what idle cores would show. What the sequential engine and two processes learn is compared.

    python benchmarks/layer_parallel.py --repeats 5 --out benchmarks/results/layer_parallel.json
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import time
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.distributed import Fleet, Launch, Leader, work
from plurigrid_ff.distributed.cost_model import (
    Machine,
    Measured,
    Workload,
    fit,
    most_that_pay,
    predict,
)
from plurigrid_ff.files import write_text
from plurigrid_ff.learning.footprint import parameter_bytes
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.partition import balanced, layer_cost
from plurigrid_ff.learning.pipeline import LocalPipeline
from plurigrid_ff.learning.trainer import Trainer
from plurigrid_ff.provenance import describe_machine, installed_versions

FEATURES, CLASSES, WIDTH, LAYERS = 784, 10, 1000, 8
CONTENDERS = ("sequential", "processes 1", "processes 2", "threads 2")
LINK = {"bytes_per_s": 1.25e9, "latency_s": 50e-6}  # assumed: 10 Gbit/s, another machine
DEEP = 1024  # layers of the network on paper
ACCELERATED = 200  # times a core, assumed: what a GPU makes of the same products


def main() -> None:
    """Measure, fit, predict, print and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5, help="at least 5 for a figure")
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--batches", type=int, default=32, help="of a turn")
    parser.add_argument("--width", type=int, default=WIDTH, help="of the layers, to try")
    parser.add_argument("--seeds", type=int, default=1, help="how many initial weights, in turn")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.serve:
        serve(arguments.serve, arguments)
        return
    report: dict[str, Any] = {
        "command": " ".join(["python", *sys.argv]),
        "machine": describe_machine() | {"cores": str(os.cpu_count())},
        "versions": installed_versions(),
        "repeats": arguments.repeats,
        "seeds": list(range(arguments.seeds)),
        "shape": f"{FEATURES}-{LAYERS}x{arguments.width}",
        "batch": arguments.batch,
        "batches_per_turn": arguments.batches,
    }
    print(json.dumps(report, indent=2), flush=True)
    report["results"] = [measure(arguments, seed) for seed in range(arguments.seeds)]
    report["model"] = model(arguments, report["results"][0])
    if arguments.out:
        write_text(arguments.out, json.dumps(report, indent=2) + "\n")


def build(arguments: argparse.Namespace, seed: int, workers: int = 1, **options: Any) -> Trainer:
    """Build the trainer that all contenders have."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(arguments.batch * arguments.batches, FEATURES, generator=generator)
    y = torch.randint(CLASSES, (len(x),), generator=generator)
    config = NetworkConfig(hidden=(arguments.width,) * LAYERS)
    network = FFNetwork(config, (FEATURES,), CLASSES, seed=seed)
    training = TrainingConfig(
        batch_size=arguments.batch, learning_rate=1e-3, decay="none", workers=workers
    )
    return Trainer(network, x, y, training, seed=seed, **options)


def serve(name: str, arguments: argparse.Namespace) -> None:
    """Be a contender, or the other process of one: train whenever a line comes in."""
    kind, _, count = name.partition(" ")
    options: dict[str, Any] = {"pipeline": LocalPipeline}
    if kind == "processes":
        fleet = Fleet(Launch.read(), {"count": count})
        if fleet.rank:
            work(fleet)
            return
        options = {"pipeline": partial(Leader, fleet)}
    seed = int(os.environ["SEED"])
    trainer = build(arguments, seed, int(count) if kind == "threads" else 1, **options)
    for _ in sys.stdin:
        clock, cpu = time.perf_counter(), time.process_time()
        trainer.train_epochs(1)
        found: dict[str, Any] = {
            "clock": time.perf_counter() - clock,
            "cpu": [time.process_time() - cpu],
            "digest": sum(float(p.detach().double().sum()) for p in trainer.network.parameters()),
        }
        if isinstance(trainer.pipeline, Leader):
            found["cpu"] = [stage for _, stage in trainer.pipeline.seconds]
            found["cuts"] = [[cut.start, cut.stop] for cut in fleet.cuts]
        print(json.dumps(found), flush=True)
    if kind == "processes":
        fleet.dismiss()


def start(name: str, seed: int) -> list[subprocess.Popen[str]]:
    """Start the processes of one contender; the first is the one to talk to."""
    count = int(name.partition(" ")[2] or 1) if name.startswith("processes") else 1
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, *sys.argv, "--serve", name]
    place = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    return [
        subprocess.Popen(
            command,
            env=os.environ | place | {"OMP_NUM_THREADS": "1", "SEED": str(seed), "RANK": str(rank)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(count)
    ]


def turn(processes: list[subprocess.Popen[str]]) -> dict[str, Any]:
    """Let a contender train for one stretch."""
    leader = processes[0]
    assert leader.stdin is not None  # noqa: S101 - it is a pipe
    assert leader.stdout is not None  # noqa: S101 - and so is this
    leader.stdin.write("\n")
    leader.stdin.flush()
    found: dict[str, Any] = json.loads(leader.stdout.readline())
    return found


def measure(arguments: argparse.Namespace, seed: int) -> dict[str, Any]:
    """Let contenders take turns; return and print their figures."""
    running = {name: start(name, seed) for name in CONTENDERS}
    for processes in running.values():
        turn(processes)  # the first makes optimizer state, and wakes the libraries
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in CONTENDERS}
    loads = []  # of the machine, others' work included, over the last minute
    for _ in range(arguments.repeats):
        loads.append(os.getloadavg()[0])
        for name, processes in running.items():
            found[name].append(turn(processes))
    for processes in running.values():
        for process in processes:
            assert process.stdin is not None  # noqa: S101 - they are pipes
            process.stdin.close()
        for process in processes:
            process.wait()
    samples = arguments.batch * arguments.batches
    alone = found["sequential"]
    entry: dict[str, Any] = {"seed": seed, "load_averages": loads, "contenders": {}}
    print(f"load averages {min(loads):.1f} to {max(loads):.1f} on {os.cpu_count()} cores")
    for name, turns in found.items():
        stages = len(turns[0]["cpu"])
        fill = (arguments.batches + stages - 1) / arguments.batches
        figures = {
            "samples_per_s": samples / statistics.median(one["clock"] for one in turns),
            "speedup": ratio([one["clock"] for one in alone], [one["clock"] for one in turns]),
            "speedup_on_idle_cores": ratio(
                [one["cpu"][0] for one in alone], [fill * max(one["cpu"]) for one in turns]
            ),
            "cpu_seconds_per_stage": [
                statistics.median(one["cpu"][stage] for one in turns) for stage in range(stages)
            ],
            "seconds": [one["clock"] for one in turns],
            "cpu_seconds": [one["cpu"] for one in turns],
            "same_weights": [one["digest"] for one in turns] == [one["digest"] for one in alone],
        }
        if name == "threads 2":  # the CPU time of a process is that of both threads
            del figures["speedup_on_idle_cores"]
        if "cuts" in turns[0]:
            figures["cuts"] = turns[0]["cuts"]
        entry["contenders"][name] = figures
        print(
            f"{name:12} {figures['samples_per_s']:8.0f} samples/s  {figures['speedup']:.2f} of "
            f"sequential by the clock, {figures.get('speedup_on_idle_cores', float('nan')):.2f} by "
            f"CPU time  same weights: {figures['same_weights']}",
            flush=True,
        )
    return entry


def ratio(numerator: list[float], denominator: list[float]) -> float:
    """Return the median of ratios within repeats."""
    return statistics.median(a / b for a, b in zip(numerator, denominator, strict=True))


def model(arguments: argparse.Namespace, entry: dict[str, Any]) -> dict[str, Any]:
    """Fit the cost model to one and two processes; predict, print and return its figures."""
    network = build(arguments, 0).network
    load = workload(network, arguments.batch, arguments.batches)
    one, two = (entry["contenders"][f"processes {count}"] for count in (1, 2))
    cuts = tuple(range(*cut) for cut in two["cuts"])
    machine = fit(
        load,
        Measured(arguments.batches, tuple(one["cpu_seconds_per_stage"]), (range(LAYERS),)),
        Measured(arguments.batches, tuple(two["cpu_seconds_per_stage"]), cuts),
        **LINK,
    )
    # Sixty thousand samples a pass; two passes between checkpoints, or all twenty.
    layer, passes = -2, -(-60_000 // arguments.batch)  # a layer as all but the first are
    deep, rarely = (
        Workload(
            (load.costs[layer],) * DEEP,
            (load.activity_bytes[layer],) * DEEP,
            (load.parameter_bytes[layer],) * DEEP,
            epochs * passes,
        )
        for epochs in (2, 20)
    )
    # Such a device copies beside its work.
    fast = Machine(machine.seconds_per_unit / ACCELERATED, 0.0, **LINK)
    counts = tuple(2**n for n in range(11))
    cases = {
        "measured network, this core": (machine, load, (1, 2, 4, 8)),
        f"{DEEP} layers, this core, checkpoints every 2 epochs": (machine, deep, counts),
        f"{DEEP} layers, this core, checkpoints every 20 epochs": (machine, rarely, counts),
        f"{DEEP} layers, {ACCELERATED} times as fast, every 20 epochs": (fast, rarely, counts),
    }
    found: dict[str, Any] = {
        "machine": asdict(machine),
        "even_cut": [[cut.start, cut.stop] for cut in balanced(load.costs, 2)],
        "predictions": {},
    }
    for title, (kind, case, counts) in cases.items():
        rows = [predict(kind, case, stages) for stages in counts]
        found["predictions"][title] = {
            "batches_between_checkpoints": case.batches,
            "doubling_pays_up_to": most_that_pay(kind, case),
            "rows": [asdict(row) for row in rows],
        }
        print(f"\n{title}: doubling pays up to {most_that_pay(kind, case)} stages")
        print("| stages | speedup | efficiency | bubble | checkpoint | link MB/s | GB a stage |")
        print("|---|---|---|---|---|---|---|")
        for row in rows:
            print(
                f"| {row.stages} | {row.speedup:.1f} | {row.efficiency:.0%} | {row.bubble:.0%} | "
                f"{row.gathering:.0%} | {row.link_bytes_per_s / 1e6:.0f} | "
                f"{max(row.memory_bytes, row.leader_bytes) / 1e9:.2f} |"
            )
    return found


def workload(network: FFNetwork, batch: int, batches: int) -> Workload:
    """Describe what a network costs in batches of a size."""
    return Workload(
        costs=tuple(layer_cost(layer, batch) for layer in network.stack),
        activity_bytes=tuple(
            4.0 * batch * layer.objective.rails * layer.out_features for layer in network.stack
        ),
        parameter_bytes=tuple(float(parameter_bytes(layer)) for layer in network.stack),
        batches=batches,
    )


if __name__ == "__main__":
    main()
