"""Local training, plain gossip and synchronised maps over rounds, on every seed."""

import argparse
import json
import statistics
from typing import Any

from benchmarks.sheaf.society import colony
from plurigrid_ff.config import DataConfig
from plurigrid_ff.data.dataset import Dataset, Split
from plurigrid_ff.data.load import load_dataset

Result = dict[str, Any]
KINDS = ("local", "identity", "synchronised")


def rounds(arguments: argparse.Namespace) -> Result:
    """Train for rounds, mixing between them as each kind does."""
    runs: list[Result] = []
    widths = [tuple(map(int, text.split(","))) for text in arguments.hidden.split(";")]
    for hidden in widths:
        for shards in arguments.shards.split(";"):
            for seed in range(arguments.first, arguments.first + arguments.seeds):
                data = read_data(arguments, seed)
                found = {
                    kind: one_run(arguments, data, seed, hidden, shards, kind) for kind in KINDS
                }
                runs.append({"hidden": hidden, "shards": shards, "seed": seed, "accuracy": found})
                last = {kind: round(values[-1], 4) for kind, values in found.items()}
                print(f"{hidden} {shards} seed {seed}: {last}", flush=True)
    return {
        "data": arguments.data,
        "training samples": arguments.samples or "all",
        "objective": arguments.objective,
        "graph": "circulant:1,2, 8 agents, different starts",
        "rounds": arguments.rounds,
        "epochs per round": arguments.epochs,
        "learning rate": arguments.learning_rate,
        "batch size": 32,
        "steps of diffusion per round": arguments.steps,
        "summary": [
            summarise(runs, hidden, shards)
            for hidden in widths
            for shards in arguments.shards.split(";")
        ],
        "runs": runs,
    }


def one_run(
    arguments: argparse.Namespace,
    data: Dataset,
    seed: int,
    hidden: tuple[int, ...],
    shards: str,
    kind: str,
) -> list[float]:
    """Return the mean test accuracy of the agents after every round, once mixed."""
    society = colony(
        data,
        seed,
        hidden=hidden,
        objective=arguments.objective,
        epochs=arguments.rounds * arguments.epochs,
        shards=shards,
        learning_rate=arguments.learning_rate,
    )
    reached = []
    for _ in range(arguments.rounds):
        society.train(arguments.epochs)
        if kind != "local":
            society.take_up(society.mix(kind, arguments.steps).weights)
        reached.append(society.accuracy())
    return reached


def summarise(runs: list[Result], hidden: tuple[int, ...], shards: str) -> Result:
    """Return mean and spread over seeds, and how often synchronised maps were the best."""
    chosen = [run["accuracy"] for run in runs if (run["hidden"], run["shards"]) == (hidden, shards)]
    result: Result = {"hidden": hidden, "shards": shards}
    for kind in KINDS:
        for name, place in (("first", 0), ("last", -1)):
            values = [run[kind][place] for run in chosen]
            result[f"{kind}, {name} round"] = spread_of(values)
    for rival in ("local", "identity"):
        for name, of in (("last", lambda v: v[-1]), ("mean over rounds", statistics.mean)):
            wins = sum(of(run["synchronised"]) > of(run[rival]) for run in chosen)
            result[f"seeds above {rival}, {name}"] = f"{wins} of {len(chosen)}"
    print(json.dumps(result, indent=1), flush=True)
    return result


def spread_of(values: list[float]) -> dict[str, float]:
    """Return mean, least and largest."""
    found = statistics.mean(values), min(values), max(values)
    return dict(zip(("mean", "least", "most"), (round(value, 4) for value in found), strict=True))


def read_data(arguments: argparse.Namespace, seed: int) -> Dataset:
    """Read a data set, or the first samples of one that would take too long."""
    data = load_dataset(DataConfig(source=arguments.data), seed=seed)
    if arguments.samples is None:
        return data
    few = arguments.samples

    def cut(split: Split, count: int) -> Split:
        return Split(split.x[:count], split.y[:count])

    return Dataset(
        data.name,
        cut(data.train, few),
        cut(data.validation, few // 4),
        cut(data.test, few // 2),
        data.class_names,
        data.digest,
    )
