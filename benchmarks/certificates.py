r"""How much of a first layer can be certified, and what the checkers cost.

For each objective and seed a network is trained on digits, its first layer is rounded to
integers, and every test sample gets a box of each radius. Beside the certified share stands
what a box can at most allow: the share that an attack, descent to the corners of the box,
fails to turn. The truth lies between the two. Example:

    OMP_NUM_THREADS=1 python benchmarks/certificates.py --seeds 5 \
        --out benchmarks/results/certificates.json
"""

import argparse
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from plurigrid_ff_proofgeneral_narya.building import build_certificate, parse_radius
from plurigrid_ff_proofgeneral_narya.certificate import Certificate
from plurigrid_ff_proofgeneral_narya.layers import integer_layer, integer_samples
from plurigrid_ff_proofgeneral_narya.margins import LayerBounds
from plurigrid_ff_proofgeneral_narya.provers import check_coq, check_integers

from plurigrid_ff.config import DataConfig, NetworkConfig, TrainingConfig
from plurigrid_ff.data.dataset import Dataset
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.files import write_text
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.trainer import Trainer
from plurigrid_ff.provenance import describe_machine, installed_versions

OBJECTIVES = ("threshold", "projection", "class-goodness")
RADII = ("0", "1/64", "1/32", "1/16")
ATTACK_STEPS = 4
Shares = dict[str, dict[str, float]]


def main() -> None:
    """Measure every objective on every seed, print tables and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--hidden", default="100,100")
    parser.add_argument("--epochs", type=int, default=TrainingConfig().epochs)
    parser.add_argument("--theorems", type=int, default=5, help="samples given to the provers")
    parser.add_argument("--workers", type=int, default=1, help="processes at once")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    hidden = tuple(int(width) for width in arguments.hidden.split(","))
    jobs = [(o, seed) for o in OBJECTIVES for seed in range(arguments.seeds)]
    measuring = partial(measure, hidden, arguments.epochs, arguments.theorems)
    found: dict[str, list[Shares]] = {}
    costs: dict[str, dict[str, object]] = {}
    with ProcessPoolExecutor(arguments.workers) as pool:
        for (objective, _), (of_seed, cost) in zip(jobs, pool.map(measuring, jobs), strict=True):
            found.setdefault(objective, []).append(of_seed)
            if cost is not None:
                costs[objective] = cost
    report = {
        "command": " ".join(sys.argv),
        "machine": f"{platform.machine()}, {platform.system()}",
        "environment": describe_machine(),
        "versions": installed_versions(),
        "seeds": arguments.seeds,
        "hidden": hidden,
        "epochs": arguments.epochs,
        "attack_steps": ATTACK_STEPS,
        "shares": {name: summary(runs) for name, runs in found.items()},
        "runs": found,
        "cpu_seconds": costs,
    }
    print_tables(report["shares"], costs)
    if arguments.out:
        write_text(arguments.out, json.dumps(report, indent=2) + "\n")


def measure(
    hidden: tuple[int, ...], epochs: int, theorems: int, job: tuple[str, int]
) -> tuple[Shares, dict[str, object] | None]:
    """Train one network and measure it; the first seed also goes to the provers."""
    objective, seed = job
    data = load_dataset(DataConfig(), seed=seed)
    network = trained(objective, hidden, epochs, data, seed)
    found = shares(network, data)
    if seed:
        return found, None
    splits = data.train, data.test
    certificate = build_certificate(network, *splits, [], seed=seed, count=theorems, radius="1/64")
    return found, prover_seconds(certificate)


def trained(
    objective: str, hidden: tuple[int, ...], epochs: int, data: Dataset, seed: int
) -> FFNetwork:
    """Train a network as the trainer does by default."""
    config = NetworkConfig(hidden=hidden, objective=objective)
    network = FFNetwork(config, data.feature_shape, data.num_classes, seed=seed, role="agent-0")
    x, y = torch.from_numpy(data.train.x), torch.from_numpy(data.train.y)
    Trainer(network, x, y, TrainingConfig(epochs=epochs), seed=seed).train_epochs(epochs)
    return network


def shares(network: FFNetwork, data: Dataset) -> Shares:
    """Return, per radius, the shares of test samples: certified twice, and not turned."""
    bounds = LayerBounds(integer_layer(network, data.train.x))
    x, y = integer_samples(network, data.test.x), data.test.y
    result = {}
    for text in RADII:
        steps = parse_radius(text).steps
        margins = bounds.margins(x, y, steps)
        result[text] = {
            "shared": float((margins.shared > 0).mean()),
            "separate": float((margins.separate > 0).mean()),
            "withstands_attack": float(withstands(bounds, x, y, steps).mean()),
        }
    return result


def withstands(
    bounds: LayerBounds, x: NDArray[np.int64], y: NDArray[np.int64], steps: int
) -> NDArray[np.bool_]:
    """Mark samples of which no class overtakes the true one on the way to a corner of the box."""
    standing = is_ahead(bounds, x, y)
    for k in range(len(bounds.offsets)):
        at = x
        for step in range(1, ATTACK_STEPS + 1):
            slope = gradient(bounds, at, y) - gradient(bounds, at, np.full_like(y, k))
            at = x - (steps * step // ATTACK_STEPS) * np.sign(slope).astype(np.int64)
            standing &= is_ahead(bounds, at, y)
    return standing


def is_ahead(
    bounds: LayerBounds, x: NDArray[np.int64], labels: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Mark samples whose true class alone has the highest goodness."""
    s = x @ bounds.weights.T + bounds.bias  # (samples, units)
    pairs = zip(bounds.offsets, bounds.factors, strict=True)
    goodness = np.stack([(f * np.maximum(s + o, 0) ** bounds.power).sum(axis=1) for o, f in pairs])
    own = goodness[labels, np.arange(len(labels))]
    ahead: NDArray[np.bool_] = (goodness >= own).sum(axis=0) == 1
    return ahead


def gradient(
    bounds: LayerBounds, x: NDArray[np.int64], labels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the slope of goodness of one class per sample, ``(samples, inputs)``."""
    a = (x @ bounds.weights.T + bounds.bias + bounds.offsets[labels]).astype(np.float64)
    slope = np.maximum(a, 0) * 2 if bounds.power == 2 else (a > 0).astype(np.float64)
    result: NDArray[np.float64] = (bounds.factors[labels] * slope) @ bounds.weights
    return result


def prover_seconds(certificate: Certificate) -> dict[str, object]:
    """Return the CPU seconds of each checker on one certificate."""

    def spent(work: Callable[[], object]) -> tuple[float, object]:
        before = os.times()
        result = work()
        after = os.times()
        return round(sum(after[:4]) - sum(before[:4]), 2), result

    integers, _ = spent(lambda: check_integers(certificate))
    coqc, compiled = spent(lambda: check_coq(certificate, "coqc"))
    both, checked = spent(lambda: check_coq(certificate, "coqchk"))
    theorems = sum(s.shared[_place(certificate)] > 0 for s in certificate.samples)
    said = [check.model_dump(exclude={"seconds"}) for check in (*compiled, *checked)]  # type: ignore[misc]
    return {
        "samples": len(certificate.samples),
        "theorems": theorems,
        "checker": integers,
        "coqc": coqc,
        "coqchk": round(both - coqc, 2),
        "said": said,
    }


def _place(certificate: Certificate) -> int:
    """Return the place of the radius at which theorems are written out."""
    return [radius.steps for radius in certificate.radii].index(certificate.proved)


def summary(runs: list[Shares]) -> dict[str, dict[str, dict[str, float]]]:
    """Mean and spread over seeds, per radius and share."""
    return {
        radius: {
            kind: {
                "mean": statistics.mean(values := [run[radius][kind] for run in runs]),
                "stdev": statistics.stdev(values) if len(values) > 1 else 0.0,
            }
            for kind in runs[0][radius]
        }
        for radius in RADII
    }


def print_tables(
    found: dict[str, dict[str, dict[str, dict[str, float]]]], costs: dict[str, dict[str, object]]
) -> None:
    """Print the tables that the documents quote."""
    print("| objective | radius | certified, one point | a point each | withstands the attack |")
    print("|---|---|---|---|---|")
    for objective, by_radius in found.items():
        for radius, kinds in by_radius.items():
            cells = " | ".join(
                f"{kinds[kind]['mean']:.1%} ± {kinds[kind]['stdev']:.1%}"
                for kind in ("shared", "separate", "withstands_attack")
            )
            print(f"| {objective} | {radius} | {cells} |")
    print("\n| objective | theorems | checker, CPU s | coqc | coqchk |\n|---|---|---|---|---|")
    for objective, cost in costs.items():
        print(
            f"| {objective} | {cost['theorems']} | {cost['checker']} | {cost['coqc']} | "
            f"{cost['coqchk']} |"
        )


if __name__ == "__main__":
    main()
