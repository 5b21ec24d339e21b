"""From untrained weights: integers on the device beside float, same network and epochs.

The device is the exported C, compiled for this computer; it learns bit for bit what a
microcontroller would. Beside it, on the same splits: the library's own float training (Adam,
batches of 128); float one sample a step with the device's rule and rates; and float weights
rounded to int8 afterwards. Example:

    python -m benchmarks.onchip.scratch --data mnist --out scratch.json
"""

import argparse
import json
import statistics
from pathlib import Path

from benchmarks.onchip.device import Device, setting
from benchmarks.onchip.training import (
    HALVINGS,
    Case,
    export,
    float_accuracy,
    train_device,
    train_float,
    train_float_singly,
)
from plurigrid_ff.data.dataset import Dataset
from plurigrid_ff.files import write_text
from plurigrid_ff.onchip.memory import KIB, memory
from plurigrid_ff.onchip.quantise import quantise

Row = dict[str, object]
OBJECTIVES = ("projection", "class-goodness", "threshold")
CASES = (
    *(Case("mnist", objective, (240, 120), 20) for objective in OBJECTIVES),
    *(Case("digits", objective, (100, 100), 30) for objective in OBJECTIVES),
)
SEEDS = {"mnist": 3, "digits": 5}
SINGLY = ("digits",)  # one sample a step takes an hour on MNIST


def main() -> None:
    """Train every case, print a table and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="mnist,digits", help="Data sets to train on.")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    rows = [measure(case) for case in CASES if case.data in arguments.data.split(",")]
    report = {"setting": setting(), "halvings": HALVINGS, "cases": rows}
    if arguments.out:
        write_text(arguments.out, json.dumps(report, indent=2) + "\n")
    names = ("integers", "float, Adam", "float, one by one", "float, rounded")
    print("\n| data | objective | RAM, flash KiB |", " | ".join(names), "|")
    for row in rows:
        cells = [spread(row[name]) for name in ("device", "float", "float_singly", "rounded")]
        print(
            f"| {row['data']} | {row['objective']} | {row['ram_kib']}, {row['flash_kib']} | "
            f"{' | '.join(cells)} |"
        )


def measure(case: Case) -> Row:
    """Train one case on every seed; accuracies are on the test samples."""
    found: dict[str, list[float]] = {
        name: [] for name in ("device", "float", "float_singly", "rounded", "saturated")
    }
    row: Row = {}
    for seed in range(SEEDS[case.data]):
        data = case.load(seed)
        device, row = _train_device(case, data, seed)
        found["device"].append(device.accuracy(data.test.x, data.test.y))
        found["saturated"].append(device.saturated())
        network = case.network(data, seed)
        train_float(network, data.train, epochs=case.epochs, seed=seed)
        found["float"].append(float_accuracy(network, data.test.x, data.test.y))
        rounded = export(network, data.train, seed=seed)
        found["rounded"].append(rounded.accuracy(data.test.x, data.test.y))
        if case.data in SINGLY:
            network = case.network(data, seed)
            train_float_singly(network, data.train, epochs=case.epochs, seed=seed)
            found["float_singly"].append(float_accuracy(network, data.test.x, data.test.y))
        last = {name: round(values[-1], 4) for name, values in found.items() if values}
        print(f"{case.data} {case.objective} seed {seed}: {last}", flush=True)
    return row | found


def _train_device(case: Case, data: Dataset, seed: int) -> tuple[Device, Row]:
    """Train on the device; return it, and what it takes there."""
    quantised = quantise(case.network(data, seed), data.train.x, seed=seed)
    needs = memory(quantised.network, learns=True)
    device = Device(quantised)
    train_device(device, data.train, epochs=case.epochs, seed=seed)
    return device, {
        "data": case.data,
        "objective": case.objective,
        "hidden": list(case.hidden),
        "epochs": case.epochs,
        "ram_kib": round(needs.ram_in_all / KIB, 1),
        "flash_kib": round(needs.flash / KIB, 1),
    }


def spread(values: object) -> str:
    """Write mean and standard deviation in percent."""
    if not isinstance(values, list) or not values:
        return "—"
    mean, deviation = statistics.mean(values), statistics.stdev(values)
    return f"{mean:.2%} ± {deviation:.2%}"


if __name__ == "__main__":
    main()
