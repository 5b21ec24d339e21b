"""The way from samples to labels as one ONNX graph, all candidate labels at once.

Built node by node: ``torch.onnx.export(dynamo=True)`` warns, logs, needs onnxscript and, with
two rails, fixes the batch size and writes the layers once per class.
"""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from plurigrid_ff import __version__
from plurigrid_ff.errors import ExportError
from plurigrid_ff.learning.flows import FeedForward
from plurigrid_ff.learning.formats import Source
from plurigrid_ff.learning.formats.onnx_builder import Builder, helper, onnx
from plurigrid_ff.learning.formats.onnx_layers import (
    norm_of,
    normalised,
    of_label,
    passed_on,
    pre_activation,
    response,
    summed_up,
)
from plurigrid_ff.learning.goodness import Plain
from plurigrid_ff.learning.labels import embed_labels, embed_neutral
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.objectives.base import Objective
from plurigrid_ff.learning.objectives.class_goodness import ClassGoodness
from plurigrid_ff.learning.objectives.distance import EPSILON, Distance, unit_length
from plurigrid_ff.learning.objectives.hierarchical import Hierarchical
from plurigrid_ff.learning.objectives.projection import Projection
from plurigrid_ff.learning.objectives.symba import SymBa
from plurigrid_ff.learning.objectives.threshold import Threshold
from plurigrid_ff.learning.objectives.two_rails import TwoRails
from plurigrid_ff.learning.probe import Heads, Probe

OPSET = 18  # the oldest whose ReduceMean takes its axes as later ones do
IR_VERSION = 8  # what opset 18 came with; a newer one shuts out older runtimes
MAX_BYTES = (1 << 31) - (1 << 20)  # protobuf ends at 2 GiB; the rest is for names and nodes


def encode(source: Source, name: str) -> dict[str, bytes]:
    """Write the graph, its weights and what the network's card says.

    Input ``samples``, ``(batch, *feature_shape)``, float32; outputs ``goodness``,
    ``(batch, classes)``, and ``label``, ``(batch,)``, int64. The batch may have any size.

    Raises:
        ExportError: The network is too large for one file, or nobody has written its
            objective, with these options, as a graph.
    """
    network, card = source.network, source.card
    size = 4 * sum(value.numel() for value in network.state_dict().values())
    if size > MAX_BYTES:
        raise ExportError(
            f"{source.path}: its weights take {size} bytes, but an ONNX file holds at most "
            f"{MAX_BYTES}; use --format safetensors"
        )
    model = helper.make_model(
        _graph(network),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="plurigrid-ff",
        producer_version=__version__,
    )
    facts = {
        "class_names": json.dumps(card.class_names),
        "data": card.data,
        "objective": card.network.objective,
        "plurigrid_ff_version": __version__,
    }
    helper.set_model_props(model, facts)
    if not _computes_the_same(model, network):
        raise ExportError(
            f"{source.path}: its network cannot be written as ONNX: the graph of "
            f"{card.network.objective!r} with options {card.network.options} computes something "
            "else; use --format safetensors"
        )
    return {name: model.SerializeToString()}


def _computes_the_same(model: onnx.ModelProto, network: FFNetwork) -> bool:
    """Run the graph beside the network on drawn samples.

    The graph is a second implementation: a setting that it does not know of would otherwise
    give a file that is well-formed and wrong.
    """
    generator = torch.Generator().manual_seed(0)
    x = torch.randn((16, *network.feature_shape), generator=generator)
    if network.config.scaling == "standard":
        flat = x.flatten(1) * network.get_buffer("input_deviation")
        x = (flat + network.get_buffer("input_mean")).view_as(x)
    expected = network(x).numpy()
    try:
        onnx.checker.check_model(model, full_check=True)
        runner: Any = onnx.reference.ReferenceEvaluator(model)
        goodness, _ = runner.run(None, {"samples": x.numpy()})
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError):
        return False
    if goodness.shape != expected.shape:
        return False
    # Rounding in sums of other orders: 6e-7 measured in four layers of 2000.
    return bool(np.abs(goodness - expected).max() <= 1e-3 * np.abs(expected).max())


def _graph(network: FFNetwork) -> onnx.GraphProto:
    """Build the graph of :meth:`FFNetwork.forward` and of the best class."""
    builder = Builder()
    h = _scale(builder, network)
    scores = []
    first, last = network.read_out.layers
    passed: list[tuple[str, tuple[int, ...]]] = [(h, network.input_shape)]
    flow = network.flow
    if not isinstance(flow, FeedForward):
        raise ExportError(
            "network.recurrent: layers that hear the layer above cannot be written as ONNX; use "
            "--format safetensors"
        )
    for index, layer in enumerate(network.stack[:last]):
        prefix = f"layers.{index}"
        settings = network.config.layers[index]
        x, shape = passed[-1]
        norm = norm_of(settings, first=index == 0)
        if index == 0 and network.labelled:
            a = _with_labels(builder, network, x, prefix)
        else:
            read = normalised(builder, x, shape, norm, network.num_classes)
            if len(layer.in_shape) == 1 and len(shape) > 1:
                read = builder.add("Flatten", read, axis=1)
            a = pre_activation(builder, layer.transform, read, prefix)
        h = response(builder, layer, a)
        shortcut = flow.shortcuts[index]
        if shortcut is None:
            passed.append((h, layer.out_shape))
        else:
            own = normalised(
                builder, h, layer.out_shape, norm if norm != "none" else "rms", network.num_classes
            )
            joined = passed_on(builder, shortcut, own, passed[-shortcut.span][0], prefix)
            passed.append((joined, shortcut.out_shape))
        if index + 1 < first:
            continue
        scores.append(_score(builder, network, index, h))
    goodness = builder.add("Sum", *scores, to="goodness")
    builder.add("ArgMax", goodness, to="label", axis=1, keepdims=0)
    return _finished(builder, network)


def _score(builder: Builder, network: FFNetwork, index: int, h: str) -> str:
    """Score every class by a layer's activity, ``(batch, classes)``, as its read-out does."""
    prefix, layer = f"layers.{index}", network.stack[index]
    read = summed_up(builder, layer.summary, h, prefix)
    if isinstance(network.probe, Heads):
        return _probe_share(builder, network.probe[index], read, 0)
    if network.probe is not None:
        return _probe_share(builder, network.probe, read, index)
    score = _goodness(builder, layer.objective, read, prefix)
    # Where the input holds a label, every candidate has a row of its own.
    return builder.reshape(score, [-1, network.num_classes]) if network.labelled else score


def _with_labels(builder: Builder, network: FFNetwork, x: str, prefix: str) -> str:
    """Map samples by a first layer that reads labels: a row for every candidate.

    The layer is affine, so the label part of its input becomes one summand per class and the
    samples are mapped once, not once per class. A probe reads one neutral label instead.
    """
    transform = network.stack[0].transform
    channels, *places = network.input_shape
    classes = network.num_classes
    if network.probe is not None:
        labels = embed_neutral(torch.zeros(1, channels, *places), classes)
    else:
        nothing = torch.zeros(classes, channels, *places)
        labels = embed_labels(nothing, torch.arange(classes), classes)
    own = builder.constant(f"{prefix}.label", of_label(transform, labels))
    a = pre_activation(builder, transform, x, prefix, columns=channels)
    if network.probe is not None:
        return builder.add("Add", a, own)
    each = builder.add("Unsqueeze", a, builder.constant("class_axis", [1]))
    return builder.reshape(builder.add("Add", each, own), [-1, *transform.out_shape])


def _scale(builder: Builder, network: FFNetwork) -> str:
    """Scale samples, as :meth:`FFNetwork.scale` does."""
    x = builder.add("Flatten", "samples", axis=1)
    shape = [0, *network.input_shape]
    if network.config.scaling != "standard":
        return builder.reshape(builder.unit_rms(x), shape)
    mean = builder.constant("input_mean", network.get_buffer("input_mean"))
    deviation = builder.constant("input_deviation", network.get_buffer("input_deviation"))
    scaled = builder.add("Div", builder.add("Sub", x, mean), deviation)
    return builder.reshape(scaled, shape)


def _goodness(builder: Builder, objective: Objective, h: str, prefix: str) -> str:
    """Score every class by a layer's activity, ``(batch, classes)``.

    Raises:
        ExportError: Nobody has written this objective as a graph.
    """
    try:
        translate = GOODNESS[type(objective)]
    except KeyError:
        raise ExportError(
            f"network.objective: {objective.name!r} cannot be written as ONNX, only "
            f"{', '.join(sorted(known.name for known in GOODNESS))}; use --format safetensors"
        ) from None
    return translate(builder, objective, h, prefix)


def _projection(builder: Builder, objective: Projection, h: str, prefix: str) -> str:
    """Multiply by the directions of the classes."""
    directions = builder.constant(f"{prefix}.directions", objective.directions.T)
    return builder.add("MatMul", h, directions)


def _class_goodness(builder: Builder, objective: ClassGoodness, h: str, prefix: str) -> str:
    """Average over every class's own units."""
    score = builder.add("Mul", h, h) if objective.squares else h
    # A product, not a mean over a third axis: onnxruntime 1.30 keeps that axis.
    share = objective.scale / objective.group
    groups = torch.eye(objective.num_classes).repeat_interleave(objective.group, dim=0) * share
    return builder.add("MatMul", score, builder.constant(f"{prefix}.groups", groups))


def _hierarchical(builder: Builder, objective: Hierarchical, h: str, prefix: str) -> str:
    """Average over a class's units, and over its super-class where the layer knows no more."""
    goodness = _class_goodness(builder, objective, h, prefix)
    if objective.tree < 1:
        return goodness
    averaging = builder.constant(f"{prefix}.averaging", objective.averaging())
    return builder.add("MatMul", goodness, averaging)


def _two_rails(builder: Builder, objective: TwoRails, h: str, prefix: str) -> str:
    """Average over units, ``(rows, features) -> (rows,)``."""
    return builder.mean(h if isinstance(objective.kind, Plain) else builder.add("Mul", h, h))


def _distance(builder: Builder, objective: Distance, h: str, prefix: str) -> str:
    """Take the cosine to every anchor, times the scale."""
    squares = builder.add("Mul", h, h)
    axis = builder.constant("last_axis", [-1])
    square = builder.add("ReduceSum", squares, axis, keepdims=1)
    guarded = builder.add("Add", square, builder.constant("distance_epsilon", EPSILON))
    unit = builder.add("Div", h, builder.add("Sqrt", guarded))
    anchors = objective.scale * unit_length(objective.anchors)[0]
    return builder.add("MatMul", unit, builder.constant(f"{prefix}.anchors", anchors.T))


def _probe_share(builder: Builder, probe: Probe, h: str, index: int) -> str:
    """Score every class by a layer's share of a probe, ``(batch, classes)``."""
    part = torch.split(probe.weight, probe.widths, dim=1)[index]
    weight = builder.constant(f"probe.{index}.weight", part.T)
    bias = builder.constant("probe.bias", probe.bias / len(probe.widths))
    return builder.add("Add", builder.add("MatMul", builder.unit_rms(h), weight), bias)


GOODNESS: dict[type[Objective], Callable[[Builder, Any, str, str], str]] = {
    Projection: _projection,
    ClassGoodness: _class_goodness,
    Distance: _distance,
    Hierarchical: _hierarchical,
    SymBa: _two_rails,
    Threshold: _two_rails,
}


def _finished(builder: Builder, network: FFNetwork) -> onnx.GraphProto:
    """Name what goes in and what comes out."""
    real, whole = onnx.TensorProto.FLOAT, onnx.TensorProto.INT64
    return helper.make_graph(
        builder.nodes,
        "forward-forward",
        [helper.make_tensor_value_info("samples", real, ["batch", *network.feature_shape])],
        [
            helper.make_tensor_value_info("goodness", real, ["batch", network.num_classes]),
            helper.make_tensor_value_info("label", whole, ["batch"]),
        ],
        list(builder.constants.values()),
    )
