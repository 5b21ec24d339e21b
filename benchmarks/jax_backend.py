r"""Samples per CPU-second of the JAX backend beside the torch engine and backprop.

784-500-500, batches of 256, Adam, one thread. Contenders take turns within every repeat, so that a
busy machine disturbs all of them alike; medians count, and ratios are medians of the ratios within
a repeat. Both make their negatives themselves. Beside the speed stands how far the weights of JAX
and of torch lie apart after three steps of Adam from the same weights on the same batches.

    python benchmarks/jax_backend.py --seeds 0 1 2 --out benchmarks/results/jax_backend.json
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

# Read when JAX first compiles: one thread, as torch has.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"

import jax
import jax.numpy as jnp
import optax
import torch

import plurigrid_ff.jax_backend as backend
from plurigrid_ff.config import EngineName, NetworkConfig, RunConfig, TrainingConfig
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.files import write_text
from plurigrid_ff.learning.draws import draw_permutation
from plurigrid_ff.learning.negatives.wrong_label import WrongLabel, wrong_labels
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.trainer import Trainer
from plurigrid_ff.profiling.contenders import build_contender
from plurigrid_ff.provenance import installed_versions

FEATURES, CLASSES, HIDDEN, BATCH, BATCHES = 784, 10, (500, 500), 256, 8
RATE = 1e-3
OBJECTIVES = ("projection", "class-goodness", "distance", "threshold", "symba")
TRAINING = TrainingConfig(batch_size=BATCH, learning_rate=RATE, decay="none")

Turn = Callable[[], Any]
Weights = dict[str, torch.Tensor]


def main() -> None:
    """Measure every seed, and print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--repeats", type=int, default=7, help="at least 5 for a figure")
    parser.add_argument("--seconds", type=float, default=1.0, help="CPU time of each turn")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    versions = installed_versions() | {name: version(name) for name in ("jax", "jaxlib", "optax")}
    report: dict[str, Any] = {
        "command": " ".join(["python", *sys.argv]),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_average": [round(load, 1) for load in os.getloadavg()],
        "versions": versions,
        "shape": [FEATURES, *HIDDEN],
        "batch": BATCH,
        "repeats": arguments.repeats,
        "seconds": arguments.seconds,
        "seeds": [],
    }
    for seed in arguments.seeds:
        times = take_turns(contenders(seed), arguments.repeats, arguments.seconds)
        distance = {objective: weights_apart(objective, seed) for objective in OBJECTIVES}
        entry = {"seed": seed, "contenders": summary(times), "weights_apart": distance}
        report["seeds"].append(entry)
        show(entry)
    if arguments.out:
        write_text(arguments.out, json.dumps(report, indent=2) + "\n")


def config_of(objective: str) -> NetworkConfig:
    """Return the network that is measured, with wrong labels as negatives if it needs any."""
    negatives = "wrong-label" if objective in ("threshold", "symba") else "auto"
    return NetworkConfig(hidden=HIDDEN, objective=objective, negatives=negatives)


def samples_of(seed: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Draw samples, ``(count, features)``, and labels."""
    generator = torch.Generator().manual_seed(seed)
    x = torch.rand(count, FEATURES, generator=generator)
    return x, torch.randint(CLASSES, (count,), generator=generator)


def contenders(seed: int) -> dict[str, Turn]:
    """Return what takes turns: each call goes over ``BATCHES`` batches."""
    x, y = samples_of(seed, BATCHES * BATCH)
    run = RunConfig(network=NetworkConfig(hidden=HIDDEN), training=TRAINING, seed=seed)
    turns: dict[str, Turn] = {"backprop": build_contender("backprop", run, x, y, CLASSES).epoch}
    for objective in OBJECTIVES:
        own = run.model_copy(update={"network": config_of(objective)})
        turns[f"{objective}, torch"] = build_contender("engine", own, x, y, CLASSES).epoch
        turns[f"{objective}, jax"] = jax_epochs(objective, seed, x, y)
    return turns


def jax_epochs(objective: str, seed: int, x: torch.Tensor, y: torch.Tensor) -> Turn:
    """Return epochs of the JAX backend, compiled before."""
    model, params = backend.init(config_of(objective), (FEATURES,), CLASSES, seed=seed)
    optimizers = [optax.adam(RATE)] * len(HIDDEN)
    step = backend.build_step(model, optimizers)
    batches = [
        (
            jnp.asarray(x[start : start + BATCH].numpy()),
            jnp.asarray(y[start : start + BATCH].numpy()),
        )
        for start in range(0, len(y), BATCH)
    ]
    held = [backend.init_state(model, params, optimizers, seed=seed)]

    def epoch() -> None:
        state = held.pop()
        for x, y in batches:
            state, _ = step(state, x, y)
        state.params["layers"][-1]["transform"]["bias"].block_until_ready()
        held.append(state)

    epoch()
    return epoch


def weights_apart(objective: str, seed: int) -> dict[str, float]:
    """Return the largest differences of a weight after three steps of Adam from the same weights.

    Adam divides a gradient by its own size, so one that is all rounding error moves its weight by
    chance: in float32 torch's closed form and torch's autograd differ as well, and are told beside.
    """
    closed, by_jax = three_steps(objective, seed, torch.float32, "auto")
    by_autograd, _ = three_steps(objective, seed, torch.float32, "autograd")
    exact, exact_by_jax = three_steps(objective, seed, torch.float64, "auto")
    return {
        "float32": largest(closed, by_jax),
        "float32, torch from its own autograd": largest(closed, by_autograd),
        "float64": largest(exact, exact_by_jax),
    }


def three_steps(
    objective: str, seed: int, dtype: torch.dtype, engine: EngineName
) -> tuple[Weights, Weights]:
    """Take the same three steps by torch and by JAX; return the weights of both."""
    x, y = samples_of(seed, BATCH)
    x, ids = x.to(dtype), torch.arange(BATCH)
    network = FFNetwork(config_of(objective), (FEATURES,), CLASSES, seed=seed).to(dtype)
    training = TRAINING.model_copy(update={"engine": engine})
    trainer = Trainer(network, x, y, training, seed=seed)
    with jax.enable_x64(dtype == torch.float64):
        model, params = backend.from_torch(network)
        optimizers = [optax.adam(RATE)] * len(HIDDEN)
        state = backend.init_state(model, params, optimizers)
        for epoch in range(3):
            order = draw_permutation(derive_key(seed, trainer.role, "order", epoch), ids)
            shown, labels = jnp.asarray(x[order].numpy()), jnp.asarray(y[order].numpy())
            negatives = None
            if isinstance(trainer.negatives, WrongLabel):
                key = derive_key(seed, trainer.role, WrongLabel.name, epoch)
                wrong = wrong_labels(y[order], CLASSES, key=key, sample_ids=order)
                negatives = jnp.asarray(wrong.numpy())
            state, _ = backend.local_step(model, optimizers, state, shown, labels, negatives)
            trainer.train_epochs(1)
        moved = backend.to_torch(model, state.params).state_dict()
    return network.state_dict(), moved


def largest(a: Weights, b: Weights) -> float:
    """Return the largest difference between two networks' weights."""
    return max(float((a[name] - b[name]).abs().max()) for name in a)


def take_turns(turns: dict[str, Turn], repeats: int, seconds: float) -> dict[str, list[float]]:
    """Return CPU-seconds per sample of every turn, one per repeat."""
    found: dict[str, list[float]] = {name: [] for name in turns}
    for turn in turns.values():
        turn()
    for _ in range(repeats):
        for name, turn in turns.items():
            start, calls = time.process_time(), 0
            while time.process_time() - start < seconds:
                turn()
                calls += 1
            found[name].append((time.process_time() - start) / (calls * BATCHES * BATCH))
    return found


def summary(times: dict[str, list[float]]) -> dict[str, Any]:
    """Return rates, and ratios to the torch engine within repeats."""
    entries: dict[str, Any] = {}
    for name, own in times.items():
        entries[name] = {
            "samples_per_cpu_s": round(1 / statistics.median(own)),
            "least": round(1 / max(own)),
            "most": round(1 / min(own)),
        }
        if name.endswith(", jax"):
            rival = times[name.replace(", jax", ", torch")]
            ratios = [theirs / ours for theirs, ours in zip(rival, own, strict=True)]
            entries[name]["of_torch"] = round(statistics.median(ratios), 3)
    return entries


def show(entry: dict[str, Any]) -> None:
    """Print one seed's figures."""
    print(f"seed {entry['seed']}, {'-'.join(map(str, (FEATURES, *HIDDEN)))}, batch {BATCH}")
    for name, one in entry["contenders"].items():
        told = f"  {one['of_torch']:.2f} of torch" if "of_torch" in one else ""
        spread = f"{one['least']} to {one['most']}"
        print(f"  {name:24} {one['samples_per_cpu_s']:7} samples per CPU-second ({spread}){told}")
    print("  weights apart after three steps of Adam:")
    for name, apart in entry["weights_apart"].items():
        told = ", ".join(f"{kind} {value:.0e}" for kind, value in apart.items())
        print(f"    {name}: {told}", flush=True)


if __name__ == "__main__":
    main()
