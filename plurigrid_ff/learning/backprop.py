"""The rival of every figure: the same stack trained end to end, on the same batches."""

import math
from collections.abc import Callable, Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.data.dataset import Dataset
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.learning.draws import draw_permutation
from plurigrid_ff.learning.network import FFNetwork


def batches(
    samples: int, training: TrainingConfig, *, seed: int, device: torch.device | None = None
) -> Iterator[tuple[float, Tensor]]:
    """Yield step size and sample indices of every batch, as a ``Trainer`` of this seed has them."""
    ids = torch.arange(samples, device=device)
    count = -(-samples // training.batch_size)
    for epoch in range(training.epochs):
        order = draw_permutation(derive_key(seed, "agent-0", "order", epoch), ids)
        for batch, chosen in enumerate(torch.split(order, training.batch_size)):
            rate = training.learning_rate
            if training.decay == "cosine":
                done = (epoch + batch / count) / training.epochs
                rate *= 0.01 + 0.99 * (1 + math.cos(math.pi * done)) / 2
            yield rate, chosen


def train_backprop(
    x: Tensor,
    y: Tensor,
    hidden: tuple[int, ...],
    num_classes: int,
    training: TrainingConfig,
    *,
    seed: int,
    scale: Callable[[Tensor], Tensor],
) -> nn.Sequential:
    """Train linear layers and ReLU, and a linear read-out, by cross-entropy and Adam.

    Args:
        x: Training samples, shape ``(samples, *feature_shape)``; the device they are on is used.
        y: Labels, shape ``(samples,)``.
        hidden: Features after each layer.
        num_classes: Features of the read-out.
        training: Epochs, batches and step sizes.
        seed: Determines the initial weights and the order of samples.
        scale: Brings a batch to ``(batch, features)`` at unit scale.

    Returns:
        The network, which reads scaled samples.
    """
    widths = [math.prod(x.shape[1:]), *hidden]
    modules: list[nn.Module] = []
    with torch.random.fork_rng(devices=[]):  # the caller's draws stay as they were
        torch.manual_seed(seed)
        for width, features in pairwise(widths):
            modules += [nn.Linear(width, features), nn.ReLU()]
        network = nn.Sequential(*modules, nn.Linear(widths[-1], num_classes)).to(x.device)
    optimizer = torch.optim.Adam(network.parameters(), lr=training.learning_rate, fused=True)
    for rate, chosen in batches(len(y), training, seed=seed, device=x.device):
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(network(scale(x[chosen])), y[chosen])
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    return network


def backprop_accuracy(
    data: Dataset,
    network: NetworkConfig,
    training: TrainingConfig,
    *,
    seed: int,
    device: torch.device,
) -> float:
    """Train the rival of a network on the same split; return its share of right test samples."""
    twin = FFNetwork(network, data.feature_shape, data.num_classes, seed=seed)
    x = torch.from_numpy(data.train.x)
    twin.fit_scaling(x)  # the one thing taken from it: how samples are scaled
    twin.to(device)
    y = torch.from_numpy(data.train.y).to(device)
    trained = train_backprop(
        x.to(device),
        y,
        network.hidden,
        data.num_classes,
        training,
        seed=seed,
        scale=twin.scale,
    )
    right = 0
    with torch.no_grad():
        parts = zip(
            torch.split(torch.from_numpy(data.test.x), 2048),
            torch.split(torch.from_numpy(data.test.y), 2048),
            strict=True,
        )
        for samples, labels in parts:
            scores = trained(twin.scale(samples.to(device)))
            right += int((scores.argmax(dim=1).cpu() == labels).sum())
    return right / len(data.test)
