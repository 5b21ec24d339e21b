"""Accuracy and training time of every objective beside backprop and logistic regression.

Every method sees the same split, the same batches in the same order, the same widths,
epochs, Adam and step sizes; only where the gradient may flow differs. Methods take turns
within each seed, so that a busy machine disturbs all of them alike. Example:

    python benchmarks/accuracy.py --data digits --seeds 10 --out benchmarks/results/digits.json
"""

import argparse
import json
import os
import platform
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import torch
from sklearn.linear_model import LogisticRegression
from torch import Tensor

from plurigrid_ff.config import DataConfig, NetworkConfig, TrainingConfig
from plurigrid_ff.data.dataset import Dataset
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.files import write_text
from plurigrid_ff.learning.backprop import BackpropNetwork, train_backprop
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.objectives import find_objective, known_objectives
from plurigrid_ff.learning.trainer import Trainer
from plurigrid_ff.learning.untrained import untrained_accuracy
from plurigrid_ff.provenance import installed_versions

Result = dict[str, float | list[float]]


def main() -> None:
    """Run every method on every seed, print a table and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="digits")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--hidden", default="500,500")
    parser.add_argument("--epochs", type=int, default=TrainingConfig().epochs)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument(
        "--objectives",
        default=",".join(known_objectives()),
        help="which objectives run, separated by commas; all by default",
    )
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    hidden = tuple(int(width) for width in arguments.hidden.split(","))
    training = TrainingConfig(epochs=arguments.epochs)
    methods: dict[str, Callable[[Dataset, int], Result]] = {
        **{
            f"forward-forward, {name}": forward_forward(name, hidden, training)
            for name in arguments.objectives.split(",")
        },
        "untrained layers, probe": untrained(hidden, training),
        "backprop, same shape": backprop(hidden, training),
        "logistic regression": logistic_regression,
    }
    runs: dict[str, list[Result]] = {name: [] for name in methods}
    for seed in range(arguments.seeds):
        data = load_dataset(DataConfig(source=arguments.data), seed=seed)
        for name, method in methods.items():
            runs[name].append(method(data, seed))
            print(f"seed {seed}  {name:30}  {runs[name][-1]}", flush=True)
    report = {
        "data": arguments.data,
        "hidden": list(hidden),
        "training": training.model_dump(),
        "seeds": list(range(arguments.seeds)),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {arguments.threads} threads",
        "versions": installed_versions(),
        "methods": {name: summary(results) for name, results in runs.items()},
    }
    print_table(report["methods"])
    if arguments.out:
        write_text(arguments.out, json.dumps(report, indent=2) + "\n")


def forward_forward(
    objective: str, hidden: tuple[int, ...], training: TrainingConfig
) -> Callable[[Dataset, int], Result]:
    """Make the method that trains each layer on its own goodness, at the defaults."""
    labelled = find_objective(objective).contrast != "pairs"
    config = NetworkConfig(
        hidden=hidden, objective=objective, readout="goodness" if labelled else "probe"
    )

    def run(data: Dataset, seed: int) -> Result:
        network = FFNetwork(config, data.feature_shape, data.num_classes, seed=seed)
        x, y = tensors(data)
        trainer = Trainer(network, x, y, training, seed=seed)
        started = time.perf_counter()
        trainer.train_epochs(training.epochs)
        seconds = time.perf_counter() - started
        test = torch.from_numpy(data.test.x)
        goodness = torch.cat([network.layer_goodness(part) for part in torch.split(test, 2048)], 1)
        layers = [score(layer, data) for layer in goodness]
        accuracy = score(network.read_out(goodness), data)
        return {"accuracy": accuracy, "seconds": seconds, "layers": layers}

    return run


def untrained(
    hidden: tuple[int, ...], training: TrainingConfig
) -> Callable[[Dataset, int], Result]:
    """Make the method that trains a probe on layers left as they were drawn."""

    def run(data: Dataset, seed: int) -> Result:
        config = NetworkConfig(hidden=hidden, readout="probe")
        started = time.perf_counter()
        accuracy = untrained_accuracy(data, config, training, seed=seed, device=torch.device("cpu"))
        return {"accuracy": accuracy, "seconds": time.perf_counter() - started}

    return run


def backprop(hidden: tuple[int, ...], training: TrainingConfig) -> Callable[[Dataset, int], Result]:
    """Make the method that trains the same stack end to end, by cross-entropy."""

    def run(data: Dataset, seed: int) -> Result:
        x, y = tensors(data)
        config = NetworkConfig(hidden=hidden)
        network = BackpropNetwork(config, data.feature_shape, data.num_classes, seed=seed)
        started = time.perf_counter()
        train_backprop(network, x, y, training, seed=seed)
        seconds = time.perf_counter() - started
        with torch.no_grad():
            scores = network(torch.from_numpy(data.test.x))
        return {"accuracy": score(scores, data), "seconds": seconds}

    return run


def logistic_regression(data: Dataset, seed: int) -> Result:
    """Fit scikit-learn's logistic regression: what no hidden layer at all reaches."""
    started = time.perf_counter()
    # 100 iterations do not quite converge on MNIST; accuracy has settled by then.
    model = LogisticRegression(max_iter=100, random_state=seed)
    model.fit(data.train.x.reshape(len(data.train), -1), data.train.y)
    seconds = time.perf_counter() - started
    return {
        "accuracy": float(model.score(data.test.x.reshape(len(data.test), -1), data.test.y)),
        "seconds": seconds,
    }


def tensors(data: Dataset) -> tuple[Tensor, Tensor]:
    """Return the training samples as tensors."""
    return torch.from_numpy(data.train.x), torch.from_numpy(data.train.y)


def score(scores: Tensor, data: Dataset) -> float:
    """Share of test samples whose class has the highest score."""
    return float((scores.argmax(dim=1) == torch.from_numpy(data.test.y)).double().mean())


def summary(results: list[Result]) -> dict[str, object]:
    """Mean and spread over seeds, and the raw figures."""
    accuracies = [float(result["accuracy"]) for result in results]  # type: ignore[arg-type]
    seconds = [float(result["seconds"]) for result in results]  # type: ignore[arg-type]
    spread = statistics.stdev(accuracies) if len(accuracies) > 1 else 0.0
    return {
        "accuracy_mean": statistics.mean(accuracies),
        "accuracy_stdev": spread,
        "accuracy_min": min(accuracies),
        "seconds_median": statistics.median(seconds),
        "runs": results,
    }


def print_table(methods: dict[str, dict[str, object]]) -> None:
    """Print the table that the README quotes."""
    print("\n| method | test accuracy % | lowest | training s |\n|---|---|---|---|")
    for name, found in methods.items():
        print(
            f"| {name} | {found['accuracy_mean']:.2%} ± {found['accuracy_stdev']:.2%} | "
            f"{found['accuracy_min']:.2%} | {found['seconds_median']:.1f} |"
        )


if __name__ == "__main__":
    main()
