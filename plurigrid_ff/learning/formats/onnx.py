"""The way from samples to labels as one ONNX graph, all candidate labels at once.

Built node by node: ``torch.onnx.export(dynamo=True)`` warns, logs, needs onnxscript and, with
two rails, fixes the batch size and writes the layers once per class.
"""

import json
from collections.abc import Callable
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor

from plurigrid_ff import __version__
from plurigrid_ff.config import LinearConfig
from plurigrid_ff.errors import ExportError, MissingExtraError
from plurigrid_ff.learning.formats import Source
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
from plurigrid_ff.learning.transforms import Linear

try:
    import onnx
    from onnx import helper, numpy_helper
    from onnx.reference import ReferenceEvaluator
except ImportError as error:
    raise MissingExtraError("--format onnx needs onnx: pip install 'plurigrid-ff[onnx]'") from error

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
        goodness, _ = ReferenceEvaluator(model).run(None, {"samples": x.numpy()})
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError):
        return False
    # Rounding in sums of other orders: 6e-7 measured in four layers of 2000.
    return bool(np.abs(goodness - expected).max() <= 1e-3 * np.abs(expected).max())


class _Builder:
    """Nodes and constants in the order they are added; every result has a name."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def add(self, operator: str, *inputs: str, to: str = "", **attributes: int) -> str:
        """Add a node and return the name of its result."""
        to = to or f"{operator.lower()}_{len(self.nodes)}"
        node = helper.make_node(operator, inputs, [to], name=to)
        node.attribute.extend(helper.make_attribute(*item) for item in attributes.items())
        self.nodes.append(node)
        return to

    def constant(self, name: str, value: Tensor | float | list[int]) -> str:
        """Add a constant, float32 but for lists of integers, and return its name."""
        if isinstance(value, Tensor):
            array = np.ascontiguousarray(value.detach().float().numpy())
        else:
            array = np.array(value, np.int64 if isinstance(value, list) else np.float32)
        self.constants[name] = numpy_helper.from_array(array, name)
        return name

    def mean(self, x: str) -> str:
        """Average over the last axis, which goes."""
        return self.add("ReduceMean", x, self.constant("last_axis", [-1]), keepdims=0)

    def unit_rms(self, x: str) -> str:
        """Do what ``norms.unit_rms`` does, with torch's guard against zero."""
        squares = self.add("Mul", x, x)
        mean = self.add("ReduceMean", squares, self.constant("last_axis", [-1]), keepdims=1)
        guard = self.constant("epsilon", torch.finfo(torch.float32).eps)
        return self.add("Div", x, self.add("Sqrt", self.add("Add", mean, guard)))


def _graph(network: FFNetwork) -> onnx.GraphProto:
    """Build the graph of :meth:`FFNetwork.forward` and of the best class."""
    _require_dense(network)
    builder = _Builder()
    h = _scale(builder, network)
    scores = []
    first, last = network.read_out.layers
    for index, layer in enumerate(network.stack[:last]):
        prefix = f"layers.{index}"
        transform = cast("Linear", layer.transform)
        weight: Tensor = transform.weight
        bias: Tensor = transform.bias
        if index == 0 and network.labelled:
            features = weight.shape[1] - network.num_classes
            weight, bias = weight[:, :features], _label_bias(network, weight[:, features:], bias)
            if network.probe is None:
                h = builder.add("Unsqueeze", h, builder.constant("class_axis", [1]))
        elif network.config.layers[index].norm == "rms" or index > 0:
            h = builder.unit_rms(h)
        a = builder.add("MatMul", h, builder.constant(f"{prefix}.weight", weight.T))
        h = builder.add("Relu", builder.add("Add", a, builder.constant(f"{prefix}.bias", bias)))
        if index + 1 < first:
            continue
        if network.probe is None:
            scores.append(_goodness(builder, layer.objective, h, prefix))
        elif isinstance(network.probe, Heads):
            scores.append(_probe_share(builder, network.probe[index], h, 0))
        else:
            scores.append(_probe_share(builder, network.probe, h, index))
    goodness = builder.add("Sum", *scores, to="goodness")
    builder.add("ArgMax", goodness, to="label", axis=1, keepdims=0)
    return _finished(builder, network)


def _require_dense(network: FFNetwork) -> None:
    """Refuse layers that nobody has written as a graph.

    Raises:
        ExportError: The first of them.
    """
    for index, layer in enumerate(network.config.layers):
        plain = isinstance(layer, LinearConfig) and layer.norm in ("auto", "rms")
        if not plain or layer.shortcut != "none":
            raise ExportError(
                f"network.hidden: layer {index + 1} cannot be written as ONNX, only linear ones "
                "that normalise by 'rms' and have no shortcut; use --format safetensors"
            )


def _scale(builder: _Builder, network: FFNetwork) -> str:
    """Flatten and scale samples, as :meth:`FFNetwork.scale` does."""
    x = builder.add("Flatten", "samples", axis=1)
    if network.config.scaling != "standard":
        return builder.unit_rms(x)
    mean = builder.constant("input_mean", network.get_buffer("input_mean"))
    deviation = builder.constant("input_deviation", network.get_buffer("input_deviation"))
    return builder.add("Div", builder.add("Sub", x, mean), deviation)


def _label_bias(network: FFNetwork, weight: Tensor, bias: Tensor) -> Tensor:
    """Return what each candidate label adds in the first layer, ``(classes, features)``.

    The layer is affine, so the label part of its input becomes one bias per class and the
    samples are multiplied once, not once per class. A probe reads one neutral label instead.
    """
    if network.probe is not None:
        neutral = embed_neutral(torch.zeros(1, 0), network.num_classes)
        return torch.addmm(bias, neutral, weight.T).squeeze(0)
    no_features = torch.zeros(network.num_classes, 0)
    labels = embed_labels(no_features, torch.arange(network.num_classes), network.num_classes)
    return torch.addmm(bias, labels, weight.T)


def _goodness(builder: _Builder, objective: Objective, h: str, prefix: str) -> str:
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


def _projection(builder: _Builder, objective: Projection, h: str, prefix: str) -> str:
    """Multiply by the directions of the classes."""
    directions = builder.constant(f"{prefix}.directions", objective.directions.T)
    return builder.add("MatMul", h, directions)


def _class_goodness(builder: _Builder, objective: ClassGoodness, h: str, prefix: str) -> str:
    """Average over every class's own units."""
    score = builder.add("Mul", h, h) if objective.squares else h
    # 0 keeps the size of the batch, an empty one included.
    shape = builder.constant(f"{prefix}.groups", [0, objective.num_classes, objective.group])
    mean = builder.mean(builder.add("Reshape", score, shape))
    return builder.add("Mul", mean, builder.constant(f"{prefix}.scale", objective.scale))


def _hierarchical(builder: _Builder, objective: Hierarchical, h: str, prefix: str) -> str:
    """Average over a class's units, and over its super-class where the layer knows no more."""
    goodness = _class_goodness(builder, objective, h, prefix)
    if objective.tree < 1:
        return goodness
    averaging = builder.constant(f"{prefix}.averaging", objective.averaging())
    return builder.add("MatMul", goodness, averaging)


def _two_rails(builder: _Builder, objective: TwoRails, h: str, prefix: str) -> str:
    """Average over units, ``(batch, classes, features) -> (batch, classes)``."""
    return builder.mean(h if isinstance(objective.kind, Plain) else builder.add("Mul", h, h))


def _distance(builder: _Builder, objective: Distance, h: str, prefix: str) -> str:
    """Take the cosine to every anchor, times the scale."""
    squares = builder.add("Mul", h, h)
    axis = builder.constant("last_axis", [-1])
    square = builder.add("ReduceSum", squares, axis, keepdims=1)
    guarded = builder.add("Add", square, builder.constant("distance_epsilon", EPSILON))
    unit = builder.add("Div", h, builder.add("Sqrt", guarded))
    anchors = objective.scale * unit_length(objective.anchors)[0]
    return builder.add("MatMul", unit, builder.constant(f"{prefix}.anchors", anchors.T))


def _probe_share(builder: _Builder, probe: Probe, h: str, index: int) -> str:
    """Score every class by a layer's share of a probe, ``(batch, classes)``."""
    part = torch.split(probe.weight, probe.widths, dim=1)[index]
    weight = builder.constant(f"probe.{index}.weight", part.T)
    bias = builder.constant("probe.bias", probe.bias / len(probe.widths))
    return builder.add("Add", builder.add("MatMul", builder.unit_rms(h), weight), bias)


GOODNESS: dict[type[Objective], Callable[[_Builder, Any, str, str], str]] = {
    Projection: _projection,
    ClassGoodness: _class_goodness,
    Distance: _distance,
    Hierarchical: _hierarchical,
    SymBa: _two_rails,
    Threshold: _two_rails,
}


def _finished(builder: _Builder, network: FFNetwork) -> onnx.GraphProto:
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
