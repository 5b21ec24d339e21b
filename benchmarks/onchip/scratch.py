"""From untrained weights: integers on the device beside float, same network and epochs."""

from benchmarks.onchip.device import Device
from benchmarks.onchip.training import (
    Case,
    export,
    float_accuracy,
    train_device,
    train_float,
    train_float_singly,
)
from plurigrid_ff.data.dataset import Dataset
from plurigrid_ff.onchip.memory import KIB, memory
from plurigrid_ff.onchip.quantise import quantise

Row = dict[str, object]


def measure(case: Case, seeds: int, singly_seeds: int) -> Row:
    """Train one case on every seed; accuracies are on the test samples.

    Args:
        case: What to train.
        seeds: Number of seeds.
        singly_seeds: Seeds that are also trained in float one sample at a time, which is slow.
    """
    found: dict[str, list[float]] = {
        name: [] for name in ("device", "float", "rounded", "float_singly", "saturated")
    }
    row: Row = {}
    for seed in range(seeds):
        data = case.load(seed)
        device, row = _train_device(case, data, seed)
        found["device"].append(device.accuracy(data.test.x, data.test.y))
        found["saturated"].append(device.saturated())
        network = case.network(data, seed)
        train_float(network, data.train, epochs=case.epochs, seed=seed)
        found["float"].append(float_accuracy(network, data.test.x, data.test.y))
        rounded = export(network, data.train, seed=seed)
        found["rounded"].append(rounded.accuracy(data.test.x, data.test.y))
        if seed < singly_seeds:
            network = case.network(data, seed)
            train_float_singly(network, data.train, epochs=case.epochs, seed=seed)
            found["float_singly"].append(float_accuracy(network, data.test.x, data.test.y))
        print(f"{case} seed {seed}:", {k: v[-1] for k, v in found.items() if v}, flush=True)
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
