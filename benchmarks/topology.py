"""What the topology of layers is good for: a drift alarm and early stopping, beside rivals.

Drift: windows of fresh test samples, clean or spoilt (noise, a shift by a pixel, a class
left out), against held-out samples of the same network. Rivals on the same relabelings:
mean goodness, predicted labels, and the persistence diagrams of the windows themselves.

Early stopping: after every epoch the avoidable cross-class share of H0 merges on held-out
probes says when to stop; rivals stop by validation accuracy, or never. Example:

    python benchmarks/topology.py --seeds 5 --out benchmarks/results/topology_digits.json
"""

import argparse
import json
import platform
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from plurigrid_ff_persistent_homology import drift
from plurigrid_ff_persistent_homology.alarm import DriftSettings, compare_window
from plurigrid_ff_persistent_homology.clouds import distances_between, scale_rows
from plurigrid_ff_persistent_homology.comparison import block_shares, deal_blocks
from plurigrid_ff_persistent_homology.connected import spanning_trees
from plurigrid_ff_persistent_homology.diagrams import distances_of
from plurigrid_ff_persistent_homology.probes import choose_probes, count_blocks

from plurigrid_ff.config import DataConfig, NetworkConfig, TrainingConfig
from plurigrid_ff.data.dataset import Dataset, Split
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.files import write_text
from plurigrid_ff.learning.assessment import accuracy
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.trainer import Trainer
from plurigrid_ff.observation import Observation, observe
from plurigrid_ff.provenance import installed_versions

NOISE = 0.2
DEALS = 8


def main() -> None:
    """Run both parts on every seed, print the means and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="digits")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--hidden", default="100,100")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--train", type=int, default=5000, help="training samples, at most")
    parser.add_argument("--window", type=int, default=150)
    parser.add_argument("--reference", type=int, default=450)
    parser.add_argument("--clean", type=int, default=20, help="clean windows per seed")
    parser.add_argument("--spoilt", type=int, default=4, help="windows per kind and seed")
    parser.add_argument("--relabelings", type=int, default=99)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    runs = []
    for seed in range(arguments.seeds):
        started = time.process_time()
        runs.append(one_seed(arguments, seed))
        runs[-1]["cpu_seconds"] = round(time.process_time() - started, 1)
        print(f"seed {seed}: {json.dumps(runs[-1])}", flush=True)
    report = {
        "settings": {k: str(v) if isinstance(v, Path) else v for k, v in vars(arguments).items()},
        "machine": f"{platform.machine()}, one thread",
        "versions": installed_versions(),
        "drift": mean_rates([run["drift"] for run in runs]),
        "stopping": mean_stops([run["stopping"] for run in runs]),
        "runs": runs,
    }
    print(json.dumps({key: report[key] for key in ("drift", "stopping")}, indent=2))
    if arguments.out:
        write_text(arguments.out, json.dumps(report, indent=1) + "\n")


def one_seed(arguments: argparse.Namespace, seed: int) -> dict[str, Any]:
    """Train one network, watching its topology, then try the alarm on it."""
    data = load_dataset(DataConfig(source=arguments.data, test_fraction=0.4), seed=seed)
    hidden = tuple(int(width) for width in arguments.hidden.split(","))
    network = FFNetwork(
        NetworkConfig(hidden=hidden), data.feature_shape, data.num_classes, seed=seed
    )
    stopping = watch_training(network, data, arguments, seed)
    return {"stopping": stopping, "drift": try_alarm(network, data, arguments, seed)}


def watch_training(
    network: FFNetwork, data: Dataset, arguments: argparse.Namespace, seed: int
) -> dict[str, Any]:
    """Train, and say what each rule of stopping would have kept."""
    x, y = (torch.from_numpy(part[: arguments.train]) for part in (data.train.x, data.train.y))
    training = TrainingConfig(epochs=arguments.epochs, decay="none")
    trainer = Trainer(network, x, y, training, seed=seed)
    probes = data.validation
    chosen = choose_probes(probes.y, count=300, key=seed)
    labels = probes.y[chosen]
    dealt = deal_blocks(labels, blocks=count_blocks(labels), deals=DEALS, key=seed)
    held = Split(probes.x[:1000], probes.y[:1000])
    epochs = []
    for _ in range(arguments.epochs):
        trainer.train_epochs(1)
        seen = observe(network, probes.x[chosen])
        shares = [
            block_shares(distances_between(scale_rows(layer)), labels, dealt).mean
            for layer in seen.layers
        ]
        epochs.append(
            {
                "share": statistics.mean(shares),
                "validation": share_right(network, held),
                "test": share_right(network, Split(data.test.x[:2000], data.test.y[:2000])),
            }
        )
    tests = [epoch["test"] for epoch in epochs]
    by_share = min(range(len(epochs)), key=lambda i: epochs[i]["share"])
    by_accuracy = max(range(len(epochs)), key=lambda i: epochs[i]["validation"])
    rules = {
        "lowest cross-class share": by_share,
        "highest validation accuracy": by_accuracy,
        "last epoch": len(epochs) - 1,
    }
    return {
        rule: {"epoch": index + 1, "test_accuracy": tests[index]} for rule, index in rules.items()
    } | {"best of all epochs": {"epoch": int(np.argmax(tests)) + 1, "test_accuracy": max(tests)}}


def share_right(network: FFNetwork, split: Split) -> float:
    """Measure accuracy on a split."""
    return accuracy(network, torch.from_numpy(split.x), torch.from_numpy(split.y))


def try_alarm(
    network: FFNetwork, data: Dataset, arguments: argparse.Namespace, seed: int
) -> dict[str, dict[str, float]]:
    """Count alarms on windows of every kind."""
    rng = np.random.default_rng(seed)
    x = np.concatenate([data.validation.x, data.test.x])
    y = np.concatenate([data.validation.y, data.test.y])
    # Digits lie in the order of their writers, so a split without a shuffle is a drift.
    order = rng.permutation(len(y))
    reference = observe(network, x[order[: arguments.reference]])
    fresh, labels = x[order[arguments.reference :]], y[order[arguments.reference :]]
    kinds = ["clean", "noise", "shift", *(f"without {c}" for c in range(data.num_classes))]
    rates = {}
    for kind in kinds:
        count = arguments.clean if kind == "clean" else arguments.spoilt
        alarms = []
        for trial in range(count):
            window = spoil(fresh, labels, kind, arguments.window, rng)
            settings = DriftSettings(relabelings=arguments.relabelings, seed=seed * 100_000 + trial)
            seen = observe(network, window)
            found = compare_window(reference, seen, settings, data.class_names)
            said = {item.name: item.alarm for item in found}
            said["diagrams apart"] = compare_diagrams(reference, seen, settings)
            alarms.append(said)
        rates[kind] = {
            name: statistics.mean(float(said[name]) for said in alarms) for name in alarms[0]
        }
    return rates


def spoil(
    x: NDArray[np.float32],
    y: NDArray[np.int64],
    kind: str,
    size: int,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Draw a window of one kind."""
    keep = np.flatnonzero(y != int(kind.split()[1])) if "without" in kind else np.arange(len(y))
    window: NDArray[np.float32] = x[rng.permutation(keep)[:size]]
    if kind == "noise":
        window = (window + NOISE * rng.normal(size=window.shape)).astype(np.float32)
    elif kind == "shift":
        window = np.roll(window, 1, axis=-1)
    return window


def compare_diagrams(reference: Observation, window: Observation, settings: DriftSettings) -> bool:
    """Judge a window by the Wasserstein distance of its H0 diagram to the relabelings' mean."""
    inside = drift.relabelings(
        len(reference.goodness), len(window.goodness), count=19, key=settings.seed
    )
    numbers = []
    for known, new in zip(reference.layers, window.layers, strict=True):
        distances = distances_between(scale_rows(np.concatenate([known, new])))
        members = np.stack([np.flatnonzero(row) for row in inside])
        clouds = distances[members[:, :, None], members[:, None, :]]
        ends = np.sort(spanning_trees(clouds).lengths, axis=1)  # (labelings, window - 1)
        zeros = np.zeros(ends.shape[1])
        mean = np.column_stack([zeros, ends.mean(axis=0)])
        numbers.append(
            [distances_of(np.column_stack([zeros, own]), mean).wasserstein for own in ends]
        )
    return drift.judge(np.array(numbers).T, rate=settings.rate).alarm


def mean_rates(runs: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, list[float]]]:
    """Mean, lowest and highest alarm rate over seeds, by kind of window and statistic."""
    return {
        kind: {
            name: [
                round(statistics.mean(run[kind][name] for run in runs), 3),
                min(run[kind][name] for run in runs),
                max(run[kind][name] for run in runs),
            ]
            for name in runs[0][kind]
        }
        for kind in runs[0]
    }


def mean_stops(runs: list[dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Mean and spread of the test accuracy that each rule keeps, and its mean epoch."""
    return {
        rule: {
            "test_accuracy_mean": statistics.mean(run[rule]["test_accuracy"] for run in runs),
            "test_accuracy_stdev": statistics.stdev(run[rule]["test_accuracy"] for run in runs)
            if len(runs) > 1
            else 0.0,
            "epoch_mean": statistics.mean(run[rule]["epoch"] for run in runs),
        }
        for rule in runs[0]
    }


if __name__ == "__main__":
    main()
