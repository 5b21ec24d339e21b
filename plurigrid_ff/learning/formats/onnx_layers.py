"""Layers as ONNX nodes: what is read, mapped, pooled, summed up and passed on."""

from math import prod

import torch
from torch import Tensor

from plurigrid_ff.config import LayerConfig
from plurigrid_ff.errors import ExportError
from plurigrid_ff.learning.formats.onnx_builder import Builder, averaging
from plurigrid_ff.learning.layers import FFLayer
from plurigrid_ff.learning.pooling import Pool
from plurigrid_ff.learning.shortcuts import Shortcut
from plurigrid_ff.learning.summaries import Summary
from plurigrid_ff.learning.transforms import Linear, Local2d, Transform
from plurigrid_ff.learning.transforms.conv import Conv


def normalised(
    builder: Builder, x: str, shape: tuple[int, ...], norm: str, num_classes: int
) -> str:
    """Normalise samples of a shape.

    Args:
        builder: Takes the nodes.
        x: Name of the samples, ``(rows, *shape)``.
        shape: Shape of one sample.
        norm: ``none``, ``rms``, ``layer`` or ``group``.
        num_classes: Number of groups.
    """
    if norm == "none":
        return x
    rows = num_classes if norm == "group" else 1
    flat = builder.reshape(x, [0, rows, prod(shape) // rows])
    done = builder.unit_rms(flat) if norm == "rms" else builder.unit_variance(flat)
    return builder.reshape(done, [0, *shape])


def norm_of(settings: LayerConfig, *, first: bool) -> str:
    """Return how a layer normalises its input."""
    if settings.norm != "auto":
        return settings.norm
    return "none" if first else "rms"


def pre_activation(
    builder: Builder, transform: Transform, x: str, prefix: str, columns: int | None = None
) -> str:
    """Map ``(rows, *in_shape)`` by a transform, with its bias.

    Args:
        builder: Takes the nodes.
        transform: The map.
        x: Name of the input.
        prefix: Of the names of the constants.
        columns: How many channels of the input there are; the rest is a label, which
            :func:`of_label` adds, bias and all. None: all, and the bias is added here.

    Raises:
        ExportError: Nobody has written this transform as a graph.
    """
    if isinstance(transform, Linear):
        weight = builder.constant(f"{prefix}.weight", transform.weight[:, :columns].T)
        a = builder.add("MatMul", x, weight)
        return a if columns else _biased(builder, a, transform.bias, prefix)
    if isinstance(transform, Conv):
        near = transform.near
        far = near + (transform.uneven[1] if transform.uneven else 0)
        weight = builder.constant(f"{prefix}.weight", transform.weight[:, :columns])
        a = builder.add(
            "Conv",
            x,
            weight,
            strides=list(transform.stride),
            pads=[near] * transform.dimensions + [far] * transform.dimensions,
        )
        bias = transform.bias.reshape(-1, *(1 for _ in transform.stride))
        return a if columns else _biased(builder, a, bias, prefix)
    if isinstance(transform, Local2d):
        return _local(builder, transform, x, prefix, columns)
    raise ExportError(
        f"network.hidden: a layer of kind {transform.kind!r} cannot be written as ONNX; use "
        "--format safetensors"
    )


def of_label(transform: Transform, labels: Tensor) -> Tensor:
    """Return what each candidate's label adds to the pre-activation, bias included.

    Every transform that is written here is affine, so it is what the transform makes of the
    label alone.

    Args:
        transform: The first layer's.
        labels: One input per candidate that holds nothing but the label.
    """
    with torch.no_grad():
        added: Tensor = transform(labels)
    return added


def _biased(builder: Builder, a: str, bias: Tensor, prefix: str) -> str:
    """Add a bias."""
    return builder.add("Add", a, builder.constant(f"{prefix}.bias", bias))


def _local(builder: Builder, transform: Local2d, x: str, prefix: str, columns: int | None) -> str:
    """Cut out patches by a convolution with ones, and multiply each by its own weights."""
    channels, kernel = transform.in_shape[0], transform.kernel
    held = columns or channels
    cut = torch.eye(held * kernel**2).reshape(-1, held, kernel, kernel)
    near, far = transform.padding[:2]
    patches = builder.add(
        "Conv",
        x,
        builder.constant(f"{prefix}.patches", cut),
        strides=[transform.stride] * 2,
        pads=[near, near, far, far],
    )
    flat = builder.reshape(patches, [0, held * kernel**2, len(transform.bias)])
    moved = builder.add("Transpose", flat, perm=[2, 0, 1])  # (places, rows, patch)
    weight = transform.weight[:, :, : held * kernel**2].transpose(1, 2)
    a = builder.add("MatMul", moved, builder.constant(f"{prefix}.weight", weight))
    if columns is None:
        a = _biased(builder, a, transform.bias.unsqueeze(1), prefix)
    return builder.reshape(builder.add("Transpose", a, perm=[1, 2, 0]), [0, *transform.out_shape])


def response(builder: Builder, layer: FFLayer, a: str) -> str:
    """Pool and rectify a pre-activation."""
    if layer.pool is not None:
        a = _pooled(builder, layer.pool, a)
    return builder.add("Relu", a)


def _pooled(builder: Builder, pool: Pool, a: str) -> str:
    """Pool windows that do not overlap."""
    window = [pool.size] * pool.dimensions
    operator = "MaxPool" if pool.kind == "max" else "AveragePool"
    return builder.add(operator, a, kernel_shape=window, strides=window)


def summed_up(builder: Builder, summary: Summary, h: str, prefix: str) -> str:
    """Return what an objective reads, ``(rows, features)``."""
    if summary.cells:
        h = _averaged(builder, h, summary.shape, summary.cells, f"{prefix}.grid")
    return builder.add("Flatten", h, axis=1)


def passed_on(builder: Builder, shortcut: Shortcut, h: str, earlier: str, prefix: str) -> str:
    """Join an activity, normalised already, and an earlier one.

    Args:
        builder: Takes the nodes.
        shortcut: How they join.
        h: Name of the activity, ``(rows, *shape)``.
        earlier: Name of the earlier one.
        prefix: Of the names of the constants.
    """
    if shortcut.earlier[1:] != shortcut.places:
        earlier = _averaged(builder, earlier, shortcut.earlier, shortcut.places, f"{prefix}.shrink")
    if shortcut.how == "add":
        return builder.add("Add", h, earlier)
    size = prod(shortcut.places)
    channels = shortcut.out_shape[0] - shortcut.earlier[0], shortcut.earlier[0]
    parts = [
        builder.reshape(part, [0, shortcut.groups, count // shortcut.groups * size])
        for part, count in zip((h, earlier), channels, strict=True)
    ]
    return builder.reshape(builder.add("Concat", *parts, axis=2), [0, *shortcut.out_shape])


def _averaged(
    builder: Builder, h: str, shape: tuple[int, ...], cells: tuple[int, ...], name: str
) -> str:
    """Average a map over a grid, ``(rows, channels, *cells)``."""
    flat = builder.reshape(h, [0, shape[0], prod(shape[1:])])
    matrix = builder.constant(name, averaging(shape[1:], cells))
    return builder.reshape(builder.add("MatMul", flat, matrix), [0, shape[0], *cells])
