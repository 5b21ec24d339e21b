"""Do layers that play for half of the updates reach what all updates reach?

The budget game of ``open-games`` schedules the layers of one network at a price of 1 (two
layers at once, of four), beside rivals at the same number of layer updates: layers in
turns, a random half each round, every layer for half of the rounds. Example:

    python benchmarks/budget_game.py --seeds 5 --out benchmarks/results/budget_game_digits.json
"""

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import torch
from plurigrid_ff_open_games import OpenGamesConfig
from plurigrid_ff_open_games.coordinator import BudgetCoordinator

from plurigrid_ff.config import DataConfig, NetworkConfig, TrainingConfig
from plurigrid_ff.data.dataset import Dataset
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.files import write_text
from plurigrid_ff.host.ports import GAINS, SCHEDULE, Inbox, LayerGain
from plurigrid_ff.host.society import Society
from plurigrid_ff.learning.assessment import accuracy, layer_margins, measure
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.trainer import Trainer
from plurigrid_ff.provenance import installed_versions

Plan = Callable[[int, tuple[LayerGain, ...]], tuple[bool, ...]]
"""Maps the number of rounds done and the last round's gains to who trains next."""


def main() -> None:
    """Train every way on every seed, print the means and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="digits")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--hidden", default="100,100,100,100")
    parser.add_argument("--rounds", type=int, default=20, help="of one epoch each")
    parser.add_argument("--train", type=int, default=5000, help="training samples, at most")
    parser.add_argument("--price", type=float, default=1.0)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    runs: dict[str, list[dict[str, float]]] = {}
    for seed in range(arguments.seeds):
        data = load_dataset(DataConfig(source=arguments.data), seed=seed)
        for name, found in one_seed(data, arguments, seed).items():
            runs.setdefault(name, []).append(found)
            print(f"seed {seed}  {name:22}  {found}", flush=True)
    report = {
        "settings": {k: str(v) if isinstance(v, Path) else v for k, v in vars(arguments).items()},
        "machine": f"{platform.machine()}, one thread",
        "versions": installed_versions(),
        "ways": {name: summary(found) for name, found in runs.items()},
        "runs": runs,
    }
    print(json.dumps(report["ways"], indent=2))
    if arguments.out:
        write_text(arguments.out, json.dumps(report, indent=1) + "\n")


def one_seed(
    data: Dataset, arguments: argparse.Namespace, seed: int
) -> dict[str, dict[str, float]]:
    """Train one network in every way."""
    layers = arguments.hidden.count(",") + 1
    rng = np.random.default_rng(seed)
    everyone = (True,) * layers
    ways: dict[str, tuple[int, Plan]] = {
        "all layers": (arguments.rounds, lambda done, gains: everyone),
        "budget game": (arguments.rounds, budget_game(arguments.price)),
        "in turns": (
            arguments.rounds,
            lambda done, gains: tuple(i % 2 == done % 2 for i in range(layers)),
        ),
        "a random half": (
            arguments.rounds,
            lambda done, gains: tuple((rng.permutation(layers) < layers // 2).tolist()),
        ),
        "half of the rounds": (arguments.rounds // 2, lambda done, gains: everyone),
    }
    return {
        name: train(data, arguments, seed, rounds=rounds, plan=plan)
        for name, (rounds, plan) in ways.items()
    }


def budget_game(price: float) -> Plan:
    """Let the skill decide, fed with gains and its own feedback as in a run."""
    coordinator = BudgetCoordinator(OpenGamesConfig(price=price))
    nobody = Society(nx.Graph(), np.zeros((0, 1), np.float32), np.zeros(0, np.int64), 2, seed=0)
    fed_back: dict[str, Any] = {}

    def plan(done: int, gains: tuple[LayerGain, ...]) -> tuple[bool, ...]:
        values = {GAINS.name: {"agent-0": gains}, **fed_back}
        outbox = coordinator.coordinate(Inbox("open-games", done, nobody, values))
        fed_back.update(outbox.values)
        trains: tuple[bool, ...] = outbox.values[SCHEDULE.name]["agent-0"].trains
        return trains

    return plan


def train(
    data: Dataset, arguments: argparse.Namespace, seed: int, *, rounds: int, plan: Plan
) -> dict[str, float]:
    """Train one way; the first round trains every layer, as a run does."""
    hidden = tuple(int(width) for width in arguments.hidden.split(","))
    network = FFNetwork(
        NetworkConfig(hidden=hidden), data.feature_shape, data.num_classes, seed=seed
    )
    x, y = (torch.from_numpy(part[: arguments.train]) for part in (data.train.x, data.train.y))
    trainer = Trainer(network, x, y, TrainingConfig(epochs=rounds), seed=seed)
    probes = torch.from_numpy(data.validation.x[:1000])
    labels = torch.from_numpy(data.validation.y[:1000])
    started = time.process_time()
    trains = (True,) * len(hidden)
    before = layer_margins(measure(network, probes), labels)
    for done in range(1, rounds + 1):
        progress = trainer.train_epochs(1, trains=trains)
        after = layer_margins(measure(network, probes), labels)
        gains = tuple(
            LayerGain(updates=layer.updates, margin_before=old, margin_after=new)
            for layer, old, new in zip(progress, before, after, strict=True)
        )
        before, trains = after, plan(done, gains)
    seconds = time.process_time() - started
    test = torch.from_numpy(data.test.x), torch.from_numpy(data.test.y)
    return {
        "test_accuracy": accuracy(network, *test),
        "layer_updates": sum(trainer.updates),
        "cpu_seconds": round(seconds, 2),
    }


def summary(runs: list[dict[str, float]]) -> dict[str, float]:
    """Mean and spread over seeds."""
    accuracies = [run["test_accuracy"] for run in runs]
    return {
        "test_accuracy_mean": statistics.mean(accuracies),
        "test_accuracy_stdev": statistics.stdev(accuracies) if len(runs) > 1 else 0.0,
        "layer_updates_mean": statistics.mean(run["layer_updates"] for run in runs),
        "cpu_seconds_mean": statistics.mean(run["cpu_seconds"] for run in runs),
    }


if __name__ == "__main__":
    main()
