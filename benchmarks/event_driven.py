"""Forward-Forward as spikes: accuracy, operations, and how far the spiking update is off.

Part 1 trains float networks, converts them to integrate-and-fire neurons that read
spikes, and runs them for T time steps under four readings of what a neuron does at its
threshold. With the package `nir` installed each graph is also written to a .nir file,
read back and simulated from the file. Part 2 learns class-goodness from spike counts
alone, and compares that update with the float one at the same weights. Example:

    python benchmarks/event_driven.py --seeds 5 --out benchmarks/results/event_driven.json
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import statistics
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray

from plurigrid_ff.config import DataConfig, NetworkConfig, TrainingConfig
from plurigrid_ff.data.dataset import Dataset
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.files import write_text
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.trainer import Trainer
from plurigrid_ff.learning.transforms import Linear
from plurigrid_ff.provenance import installed_versions

Array = NDArray[np.float32]

STEPS = (2, 4, 8, 16, 32, 64, 128)
CLIPPED = -1  # stands for float activity with the spikes' ceiling: what the ceiling alone costs
LEARNING_STEPS = (8, 32, 128)
SCALE = 4.0  # class-goodness's default inverse temperature
CEILING = 8.0  # activity that a rate of 1 stands for in learning; 4 costs accuracy
LEARNING_RATE = 0.03  # of 0.03, 0.1, 0.3 the best from spikes; seeds 10 to 12, ceiling 4
BATCH = 8
DRAWS = 50
COMPARED = 64


@dataclass(frozen=True)
class Neuron:
    """What an integrate-and-fire neuron does beside adding up its input.

    Attributes:
        subtracts: Keep what exceeds the threshold of 1 on firing, or drop to 0.
        start: Potential before the first step.
        keeps: Share of the potential that is left after a step.
    """

    subtracts: bool
    start: float = 0.0
    keeps: float = 1.0


ROUNDING = Neuron(subtracts=True, start=0.5)
NEURONS = {
    "subtract, from half": ROUNDING,
    "subtract, from zero": Neuron(subtracts=True),
    "to zero, as NIR's equation": Neuron(subtracts=False),
    "leak 0.9, as snntorch reads NIR's IF": Neuron(subtracts=True, keeps=0.9),
}


@dataclass(frozen=True)
class Spiking:
    """Affine maps between populations of neurons with threshold 1; the first encodes input.

    Attributes:
        weights: One map per layer, ``(out_features, in_features)``.
        biases: One per layer, ``(out_features,)``, added at every step.
        ceilings: Activity of the input, then of each layer, that rate 1 stands for.
    """

    weights: list[Array]
    biases: list[Array]
    ceilings: list[float]

    def counts(
        self, x: Array, neuron: Neuron, steps: Sequence[int], start: list[Array] | None = None
    ) -> dict[int, list[Array]]:
        """Count spikes per population, ``(batch, features)``, after each of ``steps``."""
        drive = x / np.float32(self.ceilings[0])
        widths = [x.shape[1], *(len(bias) for bias in self.biases)]
        shapes = [(len(x), width) for width in widths]
        v = [np.full(shape, neuron.start, np.float32) for shape in shapes]
        if start is not None:
            v = [potential.copy() for potential in start]
        total = [np.zeros(shape, np.float32) for shape in shapes]
        seen = {}
        for step in range(1, max(steps) + 1):
            current = drive
            for index in range(len(v)):
                v[index] = v[index] * np.float32(neuron.keeps) + current
                spikes = (v[index] >= 1).astype(np.float32)
                v[index] = v[index] - spikes if neuron.subtracts else v[index] * (1 - spikes)
                total[index] += spikes
                if index < len(self.weights):
                    current = spikes @ self.weights[index].T + self.biases[index]
            if step in steps:
                seen[step] = [count.copy() for count in total]
        return seen


def main() -> None:
    """Run both parts on every seed, print tables and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--hidden", default="120,120")
    parser.add_argument("--epochs", type=int, default=TrainingConfig().epochs)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    hidden = tuple(int(width) for width in arguments.hidden.split(","))
    training = TrainingConfig(epochs=arguments.epochs)
    inference: dict[str, list[dict[str, Any]]] = {"projection": [], "class-goodness": []}
    learning: list[dict[str, Any]] = []
    for seed in range(arguments.seeds):
        data = load_dataset(DataConfig(source="digits"), seed=seed)
        for objective, runs in inference.items():
            runs.append(converted(data, objective, hidden, training, seed))
            print(f"seed {seed}  {objective:16}  {runs[-1]['spiking']['subtract, from half']}")
        learning.append(learned(data, hidden, training, seed))
        print(f"seed {seed}  learning          {learning[-1]}", flush=True)
    nir = importlib.util.find_spec("nir")
    report = {
        "data": "digits",
        "hidden": list(hidden),
        "training": training.model_dump(),
        "seeds": list(range(arguments.seeds)),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {arguments.threads} threads",
        "versions": installed_versions()
        | {"nir": importlib.metadata.version("nir") if nir else "not installed"},
        "inference": inference,
        "learning": learning,
    }
    print(json.dumps({name: report[name] for name in ("machine", "versions", "seeds")}))
    print_inference(inference)
    print_learning(learning)
    if arguments.out:
        write_text(arguments.out, json.dumps(report, indent=2) + "\n")


def converted(
    data: Dataset, objective: str, hidden: tuple[int, ...], training: TrainingConfig, seed: int
) -> dict[str, Any]:
    """Train one float network, and measure its conversion."""
    config = NetworkConfig(hidden=hidden, objective=objective)
    network = FFNetwork(config, data.feature_shape, data.num_classes, seed=seed)
    train, test = torch.from_numpy(data.train.x), torch.from_numpy(data.test.x)
    Trainer(network, train, torch.from_numpy(data.train.y), training, seed=seed).train_epochs(
        training.epochs
    )
    spiking, fixed = convert(network, train)
    x = network.scale(test).numpy()
    float_h = [h.numpy() for h in network.activities(test)]
    fan_out = [len(bias) for bias in spiking.biases]
    result: dict[str, Any] = {
        "float": hits(network, float_h, data),
        "fixed_scale": hits(network, forward(fixed, x), data),
        "dense_macs": sum(weight.size for weight in spiking.weights),
        "nonzero_macs": operations([x, *float_h[:-1]], fan_out, nonzero=True),
        "spiking": {},
    }
    for name, neuron in NEURONS.items():
        rows = []
        for steps, counts in spiking.counts(x, neuron, STEPS).items():
            h = [
                count * np.float32(ceiling / steps)
                for count, ceiling in zip(counts[1:], spiking.ceilings[1:], strict=True)
            ]
            rows.append(
                {
                    "steps": steps,
                    "accuracy": hits(network, h, data),
                    "spikes": float(sum(count.sum(axis=1).mean() for count in counts)),
                    "synaptic_operations": operations(counts[:-1], fan_out, nonzero=False),
                    "neuron_updates": steps * sum(count.shape[1] for count in counts),
                }
            )
        result["spiking"][name] = rows
    if importlib.util.find_spec("nir"):
        again = through_file(spiking)
        ours, theirs = (each.counts(x, ROUNDING, STEPS) for each in (spiking, again))
        same = all(
            np.array_equal(a, b)
            for steps in STEPS
            for a, b in zip(ours[steps], theirs[steps], strict=True)
        )
        result["same_counts_from_nir_file"] = same
    return result


def convert(network: FFNetwork, train: torch.Tensor) -> tuple[Spiking, Spiking]:
    """Return the spiking network, and the same maps before the ceilings are folded in.

    A neuron cannot divide by the RMS of its layer's input, so every later layer divides
    by the mean RMS over training samples, one number. Ceilings are the 99.9th percentile
    of training activity.

    Reference:
        Rueckauer et al. (2017), "Conversion of Continuous-Valued Deep Networks to Efficient
        Event-Driven Networks for Image Classification".
    """
    h: Array = network.scale(train).numpy()
    ceilings = [float(h.max())]
    plain = Spiking([], [], [1.0])
    folded = Spiking([], [], ceilings)
    for index, layer in enumerate(network.stack):
        rms = float(np.sqrt((h**2).mean(axis=1)).mean()) if index else 1.0
        transform = cast("Linear", layer.transform)
        weight: Array = (transform.weight.detach().numpy() / rms).astype(np.float32)
        bias: Array = transform.bias.detach().numpy()
        plain.weights.append(weight)
        plain.biases.append(bias)
        plain.ceilings.append(1.0)
        h = np.maximum(h @ weight.T + bias, 0).astype(np.float32)
        ceilings.append(float(np.percentile(h, 99.9)))
        below, own = ceilings[-2:]
        folded.weights.append((weight * (below / own)).astype(np.float32))
        folded.biases.append((bias / own).astype(np.float32))
    return folded, plain


def forward(network: Spiking, x: Array, ceiling: float = np.inf) -> list[Array]:
    """Return each layer's float activity, cut off at ``ceiling``."""
    activities = []
    for weight, bias in zip(network.weights, network.biases, strict=True):
        x = np.clip(x @ weight.T + bias, 0, ceiling).astype(np.float32)
        activities.append(x)
    return activities


def through_file(network: Spiking) -> Spiking:
    """Write the network as a .nir file, read that back, and rebuild the network from it.

    NIR has no place for the threshold rule's variants, the start potential, or what a rate
    stands for: the reader has to know them.
    """
    nir: Any = importlib.import_module("nir")
    widths = [network.weights[0].shape[1], *(len(bias) for bias in network.biases)]
    nodes: dict[str, Any] = {"input": nir.Input({"input": np.array([widths[0]])})}
    for index, width in enumerate(widths):
        if index:
            nodes[f"affine{index}"] = nir.Affine(
                network.weights[index - 1], network.biases[index - 1]
            )
        else:
            encode = np.full(width, 1 / network.ceilings[0], np.float32)
            nodes["encode"] = nir.Scale(encode)
        nodes[f"fire{index}"] = nir.IF(np.ones(width), np.ones(width), np.zeros(width))
    nodes["output"] = nir.Output({"output": np.array([widths[-1]])})
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.nir"
        nir.write(path, nir.NIRGraph(nodes, list(pairwise(nodes))))
        read = nir.read(path).nodes
    layers = range(1, len(widths))
    return Spiking(
        [read[f"affine{index}"].weight for index in layers],
        [read[f"affine{index}"].bias for index in layers],
        network.ceilings,
    )


def hits(network: FFNetwork, activities: list[Array], data: Dataset) -> float:
    """Share of test samples that the network's own read-out of ``activities`` gets right."""
    with torch.no_grad():
        goodness = [
            layer.objective.goodness(torch.from_numpy(h))
            for layer, h in zip(network.stack, activities, strict=True)
        ]
        answer = network.read_out(torch.stack(goodness)).argmax(dim=1).numpy()
    return float((answer == data.test.y).mean())


def operations(activities: list[Array], fan_out: list[int], *, nonzero: bool) -> list[float]:
    """Per layer, mean operations per sample if each event or nonzero value meets its fan-out."""
    events = [np.count_nonzero(h, axis=1) if nonzero else h.sum(axis=1) for h in activities]
    return [float(e.mean()) * fan for e, fan in zip(events, fan_out, strict=True)]


def learned(
    data: Dataset, hidden: tuple[int, ...], training: TrainingConfig, seed: int
) -> dict[str, Any]:
    """Learn class-goodness by plain SGD, from float activity and from spike counts."""
    config = NetworkConfig(hidden=hidden, objective="class-goodness")
    network = FFNetwork(config, data.feature_shape, data.num_classes, seed=seed)
    x_train = network.scale(torch.from_numpy(data.train.x)).numpy()
    x_test = network.scale(torch.from_numpy(data.test.x)).numpy()
    ceiling = float(x_train.max())
    accuracy: dict[str, float] = {}
    for steps in (0, CLIPPED, *LEARNING_STEPS):
        model = untrained(network, ceiling)
        fit(model, x_train, data, steps, training.epochs, seed)
        rates = observe(model, x_test, steps)
        scores = sum(class_goodness(h, data.num_classes) for h in rates[1:])
        accuracy[named(steps)] = float((np.argmax(scores, axis=1) == data.test.y).mean())
    start, later = untrained(network, ceiling), untrained(network, ceiling)
    fit(later, x_train, data, 0, 1, seed)
    rng = np.random.default_rng(seed)
    compared = {
        when: {named(steps): expectation(m, x_train, data, steps, rng) for steps in LEARNING_STEPS}
        for when, m in (("untrained", start), ("after one float epoch", later))
    }
    return {"accuracy": accuracy, "update": compared}


def untrained(network: FFNetwork, ceiling: float) -> Spiking:
    """Copy the network's initial weights."""
    layers = [cast("Linear", layer.transform) for layer in network.stack]
    return Spiking(
        [layer.weight.detach().numpy().copy() for layer in layers],
        [layer.bias.detach().numpy().copy() for layer in layers],
        [ceiling],
    )


def fit(model: Spiking, x: Array, data: Dataset, steps: int, epochs: int, seed: int) -> None:
    """Learn in place by plain SGD, the step size falling linearly."""
    rng = np.random.default_rng(seed)
    for epoch in range(epochs):
        rate = LEARNING_RATE * (1 - epoch / epochs)
        order = rng.permutation(len(x))
        for ids in np.array_split(order, len(order) // BATCH):
            rates = observe(model, x[ids], steps)
            step(model, updates(rates, data.train.y[ids], data.num_classes), rate)


def named(steps: int) -> str:
    """Name a row of the learning table."""
    return {0: "float", CLIPPED: "float with a ceiling"}.get(steps, f"{steps} steps")


def observe(model: Spiking, x: Array, steps: int, start: list[Array] | None = None) -> list[Array]:
    """Return input and activities as the rule sees them: floats for 0 steps, else rates."""
    if not steps:
        return [x, *forward(model, x)]
    if steps == CLIPPED:
        return [x, *forward(model, x, CEILING)]
    ceilings = [model.ceilings[0], *(CEILING for _ in model.weights)]
    folded = Spiking(
        [
            weight * np.float32(below / own)
            for weight, (below, own) in zip(model.weights, pairwise(ceilings), strict=True)
        ],
        [bias / np.float32(CEILING) for bias in model.biases],
        ceilings,
    )
    counts = folded.counts(x, ROUNDING, (steps,), start)[steps]
    return [
        count * np.float32(ceiling / steps) for count, ceiling in zip(counts, ceilings, strict=True)
    ]


def class_goodness(h: Array, num_classes: int) -> Array:
    """Score classes by the mean squared activity of their own units."""
    scores: Array = SCALE * (h**2).reshape(len(h), num_classes, -1).mean(axis=2)
    return scores


def updates(rates: list[Array], y: NDArray[np.int64], num_classes: int) -> list[Array]:
    """Return each layer's weight gradient with the bias as last column.

    Three factors: the error of the unit's own class, the unit's rate, the input's rate.
    """
    found = []
    for x, h in pairwise(rates):
        goodness = class_goodness(h, num_classes)
        error = np.exp(goodness - goodness.max(axis=1, keepdims=True))
        error /= error.sum(axis=1, keepdims=True)
        error[np.arange(len(y)), y] -= 1
        group = h.shape[1] // num_classes
        dh = np.repeat(error, group, axis=1) * h * np.float32(2 * SCALE / (group * len(y)))
        found.append(np.concatenate([dh.T @ x, dh.sum(axis=0)[:, None]], axis=1))
    return found


def step(model: Spiking, gradients: list[Array], rate: float) -> None:
    """Take one step of plain SGD in place."""
    for weight, bias, gradient in zip(model.weights, model.biases, gradients, strict=True):
        weight -= np.float32(rate) * gradient[:, :-1]
        bias -= np.float32(rate) * gradient[:, -1]


def expectation(
    model: Spiking, x: Array, data: Dataset, steps: int, rng: np.random.Generator
) -> dict[str, float]:
    """Compare the update over random start potentials with the float update of one batch.

    Returns:
        Over the float update's length, all layers together: distance of the mean update
        from the float one, the standard error of that mean, and one update's deviation.
    """
    x, y = x[:COMPARED], data.train.y[:COMPARED]
    target = flat(updates([x, *forward(model, x)], y, data.num_classes))
    widths = [x.shape[1], *(len(bias) for bias in model.biases)]
    drawn = []
    for _ in range(DRAWS):
        start = [rng.random((len(x), width), dtype=np.float32) for width in widths]
        drawn.append(flat(updates(observe(model, x, steps, start), y, data.num_classes)))
    draws = np.stack(drawn)
    length = float(np.linalg.norm(target))
    bias = float(np.linalg.norm(draws.mean(axis=0) - target)) / length
    deviation = float(np.linalg.norm(draws.std(axis=0, ddof=1))) / length
    return {"bias": bias, "bias_standard_error": deviation / DRAWS**0.5, "deviation": deviation}


def flat(parts: list[Array]) -> Array:
    """Lay all layers' gradients end to end."""
    return np.concatenate([part.ravel() for part in parts])


def spread(values: Sequence[float]) -> str:
    """Mean and standard deviation in percent."""
    deviation = statistics.stdev(values) if len(values) > 1 else 0.0
    return f"{statistics.mean(values):.2%} ± {deviation:.2%}"


def print_inference(inference: dict[str, list[dict[str, Any]]]) -> None:
    """Print the tables of part 1."""
    for objective, runs in inference.items():
        nonzero = statistics.mean(sum(run["nonzero_macs"]) for run in runs)
        print(
            f"\n{objective}: float {spread([run['float'] for run in runs])}, "
            f"fixed scale {spread([run['fixed_scale'] for run in runs])}; "
            f"{runs[0]['dense_macs']} dense MACs, {nonzero:.0f} with zeros skipped; same counts "
            f"from the .nir file: {[run.get('same_counts_from_nir_file') for run in runs]}"
        )
        print("\n| neuron | steps | test accuracy | spikes | synaptic operations | of nonzero |")
        print("|---|---|---|---|---|---|")
        for name in NEURONS:
            for index, steps in enumerate(STEPS):
                rows = [run["spiking"][name][index] for run in runs]
                spikes = statistics.mean(row["spikes"] for row in rows)
                synaptic = statistics.mean(sum(row["synaptic_operations"]) for row in rows)
                print(
                    f"| {name} | {steps} | {spread([row['accuracy'] for row in rows])} | "
                    f"{spikes:.0f} | {synaptic:.0f} | {synaptic / nonzero:.1f}x |"
                )


def print_learning(learning: list[dict[str, Any]]) -> None:
    """Print the tables of part 2."""
    print("\n| learned from | test accuracy |\n|---|---|")
    for name in learning[0]["accuracy"]:
        print(f"| {name} | {spread([run['accuracy'][name] for run in learning])} |")
    print("\n| weights | steps | bias of the update | its standard error | deviation |")
    print("|---|---|---|---|---|")
    for when, found in learning[0]["update"].items():
        for name in found:
            cells = [
                f"{statistics.mean(run['update'][when][name][key] for run in learning):.1%}"
                for key in ("bias", "bias_standard_error", "deviation")
            ]
            print(f"| {when} | {name} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
