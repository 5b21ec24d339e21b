r"""Samples per second of the engine beside backprop on the same layers, in one process.

Contenders take turns within every repeat, so that a busy machine disturbs all of them alike;
medians count, and ratios are medians of the ratios within a repeat. CPU time is told beside the
clock's. The machine's own rate of the same matrix products is measured in the same turns. Every
shape is written as soon as it is done, and the same command called again goes on. On a GPU
backprop also runs as a CUDA graph of its whole step, in float32 and under autocast. With fflib, a
package from PyPI that trains through autograd, on the path, it takes its turn too:

    pip install --no-deps --target /tmp/fflib fflib==0.3.0
    PYTHONPATH=/tmp/fflib python benchmarks/speed.py --out benchmarks/results/speed.json \
        --plot docs/engine-speed.svg
    python benchmarks/speed.py --device cuda --threads 4 --repeats 5 --seconds 0.3 \
        --out benchmarks/results/speed_gpu.json
"""

import argparse
import importlib.util
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import matplotlib as mpl
import torch
from matplotlib.figure import Figure

from plurigrid_ff.config import NetworkConfig, RunConfig, TrainingConfig
from plurigrid_ff.files import write_text
from plurigrid_ff.learning.backprop import BackpropNetwork
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.optimizers import plan_rival, set_rate
from plurigrid_ff.profiling.contenders import build_contender
from plurigrid_ff.provenance import installed_versions

FEATURES, CLASSES = 784, 10
SHAPES = {  # hidden layers, batch
    "784-500-500, batch 256": ((500, 500), 256),
    "784-8x1000, batch 1024": ((1000,) * 8, 1024),
    "784-8x1000, batch 8192": ((1000,) * 8, 8192),
    "784-2x2000, batch 128": ((2000,) * 2, 128),  # fflib's own example
}
ON_GPU = {
    "784-4x2000, batch 8192": ((2000,) * 4, 8192),
    "784-8x2000, batch 8192": ((2000,) * 8, 8192),
    "784-8x2000, batch 32768": ((2000,) * 8, 32768),
}
WIDTHS = (128, 256, 512, 1024, 2048)  # of four layers, batch 1024
ONE_RAIL, TWO_RAILS = ("projection", "class-goodness"), ("threshold",)

# Of a turn, at most: an epoch has costs of its own.
BATCHES, SAMPLES = {"cpu": 4, "cuda": 64}, {"cpu": 8192, "cuda": 8 * 32768}
PREDICTED = 1024  # samples of a turn of prediction

Turn = Callable[[], Any]


def main() -> None:
    """Measure every shape under every number of threads, and print and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--threads", default="1,2", help="numbers of threads, in turn")
    parser.add_argument("--repeats", type=int, default=7, help="at least 5 for a figure")
    parser.add_argument("--seconds", type=float, default=1.0, help="of each turn, at least")
    parser.add_argument("--seeds", type=int, default=1, help="how many initial weights, in turn")
    parser.add_argument("--shrink", type=int, default=1, help="divide widths and batches, to try")
    parser.add_argument("--out", type=Path)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    report: dict[str, Any] = {
        "command": " ".join(["python", *sys.argv]),
        "machine": machine(arguments.device),
        "versions": installed_versions(),
        "repeats": arguments.repeats,
        "seconds": arguments.seconds,
        "shrink": arguments.shrink,
    }
    report["results"] = found_before(arguments.out, report)
    done = {(entry["shape"], entry["threads"], entry["seed"]) for entry in report["results"]}
    device = torch.device(arguments.device)
    shapes = dict(SHAPES)
    if device.type == "cuda":
        shapes |= ON_GPU
    else:
        shapes |= {f"784-4x{w}, batch 1024": ((w,) * 4, 1024) for w in WIDTHS}
    for threads in map(int, arguments.threads.split(",")):
        torch.set_num_threads(threads)
        for seed, name in product(range(arguments.seeds), shapes):
            if (name, threads, seed) in done:
                continue
            hidden, batch = shapes[name]
            hidden = tuple(max(CLASSES, w // arguments.shrink // 10 * 10) for w in hidden)
            batch = max(16, batch // arguments.shrink)
            turns = contenders(hidden, batch, seed, device)
            found = take_turns(turns, arguments.repeats, arguments.seconds, device)
            entry = {"shape": name, "hidden": list(hidden), "batch": batch}
            entry |= {"threads": threads, "seed": seed} | summary(found, hidden, batch, device.type)
            report["results"].append(entry)
            print_entry(entry)
            if arguments.out:
                write_text(arguments.out, json.dumps(report, indent=2) + "\n")
    if arguments.plot:
        draw(report["results"], arguments.plot)


def machine(device: str) -> str:
    """Name what computes."""
    if device == "cuda":
        return torch.cuda.get_device_name()
    return f"{platform.machine()}, {platform.processor() or platform.system()}"


def found_before(path: Path | None, report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what an interrupted call of the same command has found, on the same machine."""
    if path is None or not path.exists():
        return []
    before = json.loads(path.read_text("utf-8"))
    results: list[dict[str, Any]] = before.pop("results")
    return results if before == report else []


def contenders(
    hidden: tuple[int, ...], batch: int, seed: int, device: torch.device
) -> dict[str, Turn]:
    """Return what takes turns: each call goes over a few batches."""
    generator = torch.Generator().manual_seed(seed)
    samples = batches_of(batch, device.type) * batch
    x = torch.rand(samples, FEATURES, generator=generator).to(device)
    y = torch.randint(CLASSES, (samples,), generator=generator).to(device)
    training = TrainingConfig(batch_size=batch, learning_rate=1e-3, decay="none")
    plain = NetworkConfig(hidden=hidden)
    run = RunConfig(network=plain, training=training, seed=seed)
    backprop = build_contender("backprop", run, x, y, CLASSES)
    turns: dict[str, Turn] = {"backprop": backprop.epoch}
    for objective in (*ONE_RAIL, *TWO_RAILS):
        negatives = "wrong-label" if objective in TWO_RAILS else "auto"
        config = NetworkConfig(hidden=hidden, objective=objective, negatives=negatives)
        if objective == "class-goodness" and any(width % CLASSES for width in hidden):
            continue
        for engine in ("auto", "autograd"):
            settings = run.model_copy(
                update={
                    "network": config,
                    "training": training.model_copy(update={"engine": engine}),
                }
            )
            made = build_contender("engine", settings, x, y, CLASSES)
            turns[objective if engine == "auto" else f"{objective}, autograd"] = made.epoch
    low = training.model_copy(update={"precision": "bfloat16"})
    settings = run.model_copy(update={"network": plain, "training": low})
    turns["projection, bfloat16"] = build_contender("engine", settings, x, y, CLASSES).epoch
    turns |= predictors(hidden, x[:PREDICTED], seed)
    turns["products"] = products(hidden, batch, device)
    if importlib.util.find_spec("fflib") is not None:
        turns["fflib"] = fflib_steps(hidden, x, y, batch)
    if device.type == "cuda":
        turns["backprop, graph"] = graphed_backprop(run, x, y)
        turns["backprop, graph, bfloat16"] = graphed_backprop(run, x, y, low=True)
        turns["products, bfloat16"] = products(hidden, batch, device, dtype=torch.bfloat16)
    return turns


def batches_of(batch: int, device: str) -> int:
    """Return how many batches a turn goes over."""
    return max(1, min(BATCHES[device], SAMPLES[device] // batch))


def graphed_backprop(
    run: RunConfig, x: torch.Tensor, y: torch.Tensor, *, low: bool = False
) -> Turn:
    """Return a turn of backprop whose whole step is one CUDA graph, in one order of the samples."""
    rival = BackpropNetwork(run.network, (FEATURES,), CLASSES, seed=run.seed)
    rival.to(x.device)
    optimizer = plan_rival(run.training).build(rival.parameters)
    set_rate(optimizer, 1e-3)
    batch = run.training.batch_size
    order = torch.argsort(torch.rand(len(x), device=x.device))
    held, labels = x[:batch].clone(), y[:batch].clone()

    def step() -> None:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(x.device.type, torch.bfloat16, enabled=low, cache_enabled=False):
            scores = rival(held)
        torch.autograd.backward(torch.nn.functional.cross_entropy(scores.float(), labels))
        optimizer.step()

    side = torch.cuda.Stream()  # type: ignore[no-untyped-call]
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        step()

    def turn(kept: Any) -> None:
        for ids in torch.split(order, batch):
            held.copy_(x[ids])
            labels.copy_(y[ids])
            graph.replay()

    # A graph holds addresses, not the tensors that lie there.
    return partial(turn, (rival, optimizer))


def predictors(hidden: tuple[int, ...], x: torch.Tensor, seed: int) -> dict[str, Turn]:
    """Return what predicts: over all labels, in one pass, and by backprop's network."""
    networks = {
        f"predict, {objective}": FFNetwork(
            NetworkConfig(hidden=hidden, objective=objective), (FEATURES,), CLASSES, seed=seed
        )
        for objective in ("projection", "threshold")
    }
    rival = BackpropNetwork(NetworkConfig(hidden=hidden), (FEATURES,), CLASSES, seed=seed)
    rival.to(x.device)

    def by_backprop() -> None:
        with torch.no_grad():
            rival(x)

    turns: dict[str, Turn] = {"predict, backprop": by_backprop}
    for name, network in networks.items():
        network.to(x.device)
        turns[name] = partial(network.predict, x)
    return turns


def products(
    hidden: tuple[int, ...], batch: int, device: torch.device, dtype: torch.dtype = torch.float32
) -> Turn:
    """Return what makes nothing but a one-rail layer's matrix products, in the engine's parts."""
    widths = (FEATURES, *hidden)
    rows = rows_of(batch, device.type)

    def draw(*shape: int) -> torch.Tensor:
        return torch.rand(shape, device=device).to(dtype)

    made = [
        (draw(rows, below), draw(own, below), draw(rows, own)) for below, own in pairwise(widths)
    ]

    def turn() -> None:
        for _ in range(batches_of(batch, device.type) * batch // rows):
            for x, weight, da in made:
                torch.mm(x, weight.T)
                torch.mm(da.T, x)

    return turn


def rows_of(batch: int, device: str) -> int:
    """Return the rows of a product: a part of the engine's on a CPU, the batch on a GPU."""
    return min(batch, 1024) if device == "cpu" else batch


def flops(hidden: tuple[int, ...], batch: int, device: str) -> int:
    """Count what :func:`products` multiplies and adds."""
    widths = (FEATURES, *hidden)
    rows = rows_of(batch, device)
    layers = sum(a * b for a, b in pairwise(widths))
    return 4 * rows * (batches_of(batch, device) * batch // rows) * layers


def fflib_steps(hidden: tuple[int, ...], x: torch.Tensor, y: torch.Tensor, batch: int) -> Turn:
    """Return training steps of fflib's own layers of the same widths."""
    FFLinear = importlib.import_module("fflib.nn.ff_linear").FFLinear  # noqa: N806

    widths = (FEATURES + CLASSES, *hidden)
    layers = [
        FFLinear(below, own, loss_threshold=1.0, lr=1e-3, device=x.device)
        for below, own in pairwise(widths)
    ]
    hot = torch.nn.functional.one_hot
    positive = torch.cat([x, hot(y, CLASSES).float()], dim=1)
    negative = torch.cat([x, hot((y + 1) % CLASSES, CLASSES).float()], dim=1)

    def turn() -> None:
        rails = (torch.split(part, batch) for part in (positive, negative))
        for h_pos, h_neg in zip(*rails, strict=True):
            for layer in layers:
                layer.run_train(h_pos, h_neg)
                with torch.no_grad():
                    h_pos, h_neg = layer(h_pos), layer(h_neg)

    return turn


def take_turns(
    turns: dict[str, Turn], repeats: int, seconds: float, device: torch.device
) -> dict[str, Any]:
    """Return seconds per call of every turn: by the clock and of the CPU, one per repeat."""

    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize()

    found: dict[str, Any] = {name: {"clock": [], "cpu": []} for name in turns}
    for turn in turns.values():
        turn()
    wait()
    for _ in range(repeats):
        for name, turn in turns.items():
            clock, cpu, calls = time.perf_counter(), time.process_time(), 0
            while time.perf_counter() - clock < seconds or not calls:
                turn()
                wait()
                calls += 1
            found[name]["clock"].append((time.perf_counter() - clock) / calls)
            found[name]["cpu"].append((time.process_time() - cpu) / calls)
    return found


def summary(
    found: dict[str, Any], hidden: tuple[int, ...], batch: int, device: str
) -> dict[str, Any]:
    """Return rates, ratios to backprop within repeats, and the share of the products' own rate."""
    entries = {}
    for name, times in found.items():
        samples, rival = batches_of(batch, device) * batch, "backprop"
        if name.startswith("predict"):
            samples, rival = min(samples, PREDICTED), "predict, backprop"
        entries[name] = {
            "samples_per_s": samples / statistics.median(times["clock"]),
            "samples_per_cpu_s": samples / statistics.median(times["cpu"]),
            "of_backprop": ratio(found[rival]["clock"], times["clock"]),
            "of_backprop_cpu": ratio(found[rival]["cpu"], times["cpu"]),
            "seconds": times["clock"],
            "cpu_seconds": times["cpu"],
        }
    rates = [flops(hidden, batch, device) / second for second in found["products"]["clock"]]
    ideal = dict.fromkeys(ONE_RAIL, "products") | {"projection, bfloat16": "products, bfloat16"}
    which = "cpu" if device == "cpu" else "clock"
    for name, alone in ideal.items():
        if name in entries and alone in found:
            share = ratio(found[alone][which], found[name][which])
            entries[name]["share_of_product_rate"] = share
    return {"gflops_per_s": statistics.median(rates) / 1e9, "contenders": entries}


def ratio(numerator: list[float], denominator: list[float]) -> float:
    """Return the median of ratios within repeats."""
    return statistics.median(a / b for a, b in zip(numerator, denominator, strict=True))


def print_entry(entry: dict[str, Any]) -> None:
    """Print one shape's figures."""
    print(f"{entry['shape']}, {entry['threads']} threads, {entry['gflops_per_s']:.0f} GFLOP/s")
    for name, one in entry["contenders"].items():
        share = one.get("share_of_product_rate")
        told = "" if share is None else f"  {share:.0%} of the products' own rate"
        print(
            f"  {name:28} {one['samples_per_s']:10.0f} samples/s  "
            f"{one['of_backprop']:5.2f} of backprop (CPU {one['of_backprop_cpu']:.2f}){told}",
            flush=True,
        )


def draw(results: list[dict[str, Any]], path: Path) -> None:
    """Draw speed against width, relative to backprop, under the first number of threads."""
    mpl.rcParams["svg.hashsalt"] = "plurigrid-ff"
    chosen = [r for r in results if r["shape"].startswith("784-4x")]
    chosen = [r for r in chosen if r["threads"] == chosen[0]["threads"] and not r["seed"]]
    figure = Figure(figsize=(7.5, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for name in ("backprop", *ONE_RAIL, *TWO_RAILS, "projection, autograd", "fflib"):
        points = [
            (r["hidden"][0], r["contenders"][name]["of_backprop"])
            for r in chosen
            if name in r["contenders"]
        ]
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", label=name)
    axes.set(xscale="log", xlabel="width of four layers", ylabel="samples/s, of backprop's")
    axes.set_xticks(WIDTHS, [str(width) for width in WIDTHS])
    axes.minorticks_off()
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, format="svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
