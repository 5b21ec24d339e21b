"""What takes turns in ``speed.py``: ways of training and of predicting, a few batches a call."""

import importlib.util
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import torch

from plurigrid_ff.config import NetworkConfig, RunConfig, TrainingConfig
from plurigrid_ff.learning.backprop import BackpropNetwork
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.optimizers import plan_rival, set_rate
from plurigrid_ff.profiling.contenders import build_contender

FEATURES, CLASSES = 784, 10
ONE_RAIL, TWO_RAILS = ("projection", "class-goodness"), ("threshold",)

# Of a turn, at most: an epoch has costs of its own.
BATCHES, SAMPLES = {"cpu": 4, "cuda": 64}, {"cpu": 8192, "cuda": 8 * 32768}
PREDICTED = 1024  # samples of a turn of prediction

Turn = Callable[[], Any]


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
