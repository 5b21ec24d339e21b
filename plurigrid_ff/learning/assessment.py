"""A network measured: accuracy of every layer, goodness of positives and negatives."""

from dataclasses import dataclass

import torch
from torch import Tensor

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.errors import CheckpointError
from plurigrid_ff.learning.layers import FFLayer
from plurigrid_ff.learning.negatives.wrong_label import wrong_labels
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.results import Assessment, Histogram, LayerReport, ReadoutLayers

NUM_BINS = 40


@dataclass(frozen=True, slots=True)
class Measured:
    """Raw measurements on one split, on the CPU.

    Attributes:
        goodness: Shape ``(layers, samples, classes)``.
        total: The read-out over layers, shape ``(samples, classes)``.
    """

    goodness: Tensor
    total: Tensor


def measure(network: FFNetwork, x: Tensor) -> Measured:
    """Score every class in every layer, in batches, without any gradient.

    Raises:
        CheckpointError: A score is not finite.
    """
    chunks = [network.layer_goodness(part).cpu() for part in torch.split(x, network.rows_per_pass)]
    goodness = torch.cat(chunks, dim=1)
    if not goodness.isfinite().all():
        raise CheckpointError(
            "network: its goodness is not finite on these samples: its weights are damaged or far "
            "too large; restore the file or train again"
        )
    return Measured(goodness, network.read_out(goodness))


def accuracy(network: FFNetwork, x: Tensor, y: Tensor) -> float:
    """Return the share of samples whose class the network predicts.

    Args:
        network: The network, on its device.
        x: Samples, shape ``(samples, *feature_shape)``.
        y: True labels, shape ``(samples,)``.
    """
    right = measure(network, x).total.argmax(dim=1) == y.cpu()
    return float(right.double().mean())


def layer_margins(measured: Measured, y: Tensor) -> list[float]:
    """Mean log-probability of the true class under each layer's own goodness."""
    log_p = torch.log_softmax(measured.goodness.double(), dim=2)
    index = y.cpu().view(1, -1, 1).expand(len(log_p), -1, 1)
    return [float(value) for value in log_p.gather(2, index).squeeze(2).mean(dim=1)]


def probe_margins(measured: Measured, y: Tensor) -> Tensor:
    """Score of the true class minus the best other one, ``(samples,)`` float32.

    Positive exactly where the network is right; ties count as 0.
    """
    index = y.cpu().unsqueeze(1)
    others = measured.total.scatter(1, index, -torch.inf)
    margins = measured.total.gather(1, index).squeeze(1) - others.max(dim=1).values
    return margins.float()


def layer_accuracies(measured: Measured, y: Tensor) -> list[float]:
    """Share of samples whose true class has the highest goodness, per layer."""
    right = measured.goodness.argmax(dim=2) == y.cpu()
    return [float(value) for value in right.double().mean(dim=1)]


def assess(
    network: FFNetwork,
    x: Tensor,
    y: Tensor,
    *,
    class_names: tuple[str, ...],
    updates: tuple[int, ...] = (),
    split: str = "test",
    seed: int = 0,
) -> Assessment:
    """Measure a network on labelled samples.

    Args:
        network: The network, on its device.
        x: Samples, shape ``(samples, *feature_shape)``.
        y: True labels, shape ``(samples,)``.
        class_names: One name per class.
        updates: Optimizer steps each layer took.
        split: Name of the samples, for the report.
        seed: The wrong labels of the negatives are drawn from it.
    """
    measured = measure(network, x)
    y = y.cpu()
    ids = torch.arange(len(y))
    key = derive_key(seed, "assessment", "wrong-label")
    wrong = wrong_labels(y, network.num_classes, key=key, sample_ids=ids)
    accuracies = layer_accuracies(measured, y)
    dead = _dead_units(network, x)
    layers = tuple(
        _layer_report(
            network.stack[index],
            index=index,
            updates=updates[index] if updates else 0,
            accuracy=accuracies[index],
            positive=measured.goodness[index, ids, y],
            negative=measured.goodness[index, ids, wrong],
            dead_units=dead[index],
        )
        for index in range(len(network.stack))
    )
    predicted = measured.total.argmax(dim=1)
    first, last = network.read_out.layers
    return Assessment(
        split=split,
        samples=len(y),
        accuracy=float((predicted == y).double().mean()),
        readout=network.config.readout,
        readout_layers=ReadoutLayers(first=first, last=last, validated=network.read_out.validated),
        layers=layers,
        confusion=_confusion(y, predicted, network.num_classes),
        class_names=class_names,
    )


def _layer_report(
    layer: FFLayer,
    *,
    index: int,
    updates: int,
    accuracy: float,
    positive: Tensor,
    negative: Tensor,
    dead_units: int,
) -> LayerReport:
    """Describe one layer; ``positive`` and ``negative`` hold one goodness per sample."""
    return LayerReport(
        index=index,
        kind=layer.transform.kind,
        in_shape=layer.in_shape,
        out_shape=layer.out_shape,
        objective=layer.objective.name,
        updates=updates,
        accuracy=accuracy,
        goodness_positive=float(positive.mean()),
        goodness_negative=float(negative.mean()),
        dead_units=dead_units,
        goodness=_histogram(positive, negative),
    )


def _dead_units(network: FFNetwork, x: Tensor) -> list[int]:
    """Count, per layer, the units that no sample activates anywhere."""
    alive: list[Tensor] | None = None
    units = [layer.out_shape[0] for layer in network.stack]
    for part in torch.split(x, network.rows_per_pass):
        activities = zip(network.activities(part), units, strict=True)
        active = [(h > 0).any(dim=0).reshape(count, -1).any(dim=1) for h, count in activities]
        alive = active if alive is None else [a | b for a, b in zip(alive, active, strict=True)]
    return [int((~layer).sum()) for layer in alive or []]


def _histogram(positive: Tensor, negative: Tensor) -> Histogram:
    """Count both on common edges, from the lowest to the highest goodness."""
    both = torch.cat([positive, negative]).double()
    low, high = float(both.min()), float(both.max())
    high = high if high > low else low + 1.0
    edges = torch.linspace(low, high, NUM_BINS + 1, dtype=torch.float64)

    def counts(values: Tensor) -> tuple[int, ...]:
        place = torch.bucketize(values.double(), edges[1:-1])
        return tuple(torch.bincount(place, minlength=NUM_BINS).tolist())

    return Histogram(
        edges=tuple(edges.tolist()), positive=counts(positive), negative=counts(negative)
    )


def _confusion(y: Tensor, predicted: Tensor, num_classes: int) -> tuple[tuple[int, ...], ...]:
    """Count predictions; rows are true classes."""
    counts = torch.bincount(y * num_classes + predicted, minlength=num_classes**2)
    return tuple(map(tuple, counts.reshape(num_classes, num_classes).tolist()))
