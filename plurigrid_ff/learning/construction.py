"""Layers out of settings: shapes are followed through, and what cannot fit is refused."""

from dataclasses import dataclass
from math import prod

from plurigrid_ff.config import (
    AnyLayerConfig,
    BlockConfig,
    ConvConfig,
    LayerConfig,
    LinearConfig,
    NetworkConfig,
)
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.layers import FFLayer
from plurigrid_ff.learning.norms import (
    Normalise,
    unchanged,
    unit_groups,
    unit_rms,
    unit_variance,
)
from plurigrid_ff.learning.objectives import Objective, find_objective, parse_options
from plurigrid_ff.learning.peers import PeerNormalisation
from plurigrid_ff.learning.pooling import Pool
from plurigrid_ff.learning.shortcuts import Shortcut
from plurigrid_ff.learning.summaries import Summary
from plurigrid_ff.learning.transforms import build_transform

DIMENSIONS = {"conv1d": 1, "conv2d": 2, "local2d": 2}


@dataclass(frozen=True, slots=True)
class Stack:
    """Layers, and the shortcut at the end of each, or None."""

    layers: list[FFLayer]
    shortcuts: list[Shortcut | None]


def input_shape(config: NetworkConfig, feature_shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape in which the first layer reads one sample.

    A linear layer reads it flat; a convolution over images reads ``(height, width)`` as one
    channel, and one over time reads ``(bands, frames)``, or a series as one channel. A block
    reads as one of these, or in the shape that samples have.

    Raises:
        ConfigError: The first layer cannot read samples of that shape.
    """
    first = config.layers[0]
    dimensions = _dimensions(first)
    if dimensions == 0:
        return (prod(feature_shape),)
    if dimensions is None:
        return tuple(feature_shape)
    wanted = 1 + dimensions
    if len(feature_shape) == wanted:
        return tuple(feature_shape)
    if len(feature_shape) == wanted - 1:
        return (1, *feature_shape)
    need = "(channels, length)" if wanted == 2 else "(channels, height, width)"
    raise ConfigError(
        f"network.hidden: layer 1 is {first.kind!r} and reads samples of shape {need}, got "
        f"{tuple(feature_shape)}; use a linear layer, {_fitting(len(feature_shape))}, or reshape "
        "the samples in an .npz file"
    )


def _dimensions(layer: AnyLayerConfig) -> int | None:
    """Count the axes of places that a layer reads; None where it reads any."""
    if isinstance(layer, LinearConfig):
        return 0
    return layer.dimensions if isinstance(layer, BlockConfig) else DIMENSIONS[layer.kind]


def build_stack(
    config: NetworkConfig, shape: tuple[int, ...], num_classes: int, *, seed: int, role: str
) -> Stack:
    """Build every layer of a network.

    Args:
        config: The network's settings.
        shape: What the first layer reads, any label included.
        num_classes: Number of classes.
        seed: The initial weights are a function of it,
        role: and of whose weights these are.

    Raises:
        ConfigError: Which layer does not fit to what is before it, and what would.
        UnknownNameError: A block that nobody has registered.
    """
    objective = find_objective(config.objective)
    _require_locality(config, objective)
    options = parse_options(config.objective, config.options)
    passed_on = [shape]
    layers: list[FFLayer] = []
    shortcuts: list[Shortcut | None] = []
    for index, layer in enumerate(config.layers):
        where = f"network.hidden: layer {index + 1}"
        _require_readable(layer, passed_on[-1], where)
        key = derive_key(seed, role, index)
        transform = build_transform(layer, passed_on[-1], key=key, where=where)
        pool, grid = None, 0
        if isinstance(layer, ConvConfig):
            pool = _pool(layer, transform.out_shape, where)
        if not isinstance(layer, LinearConfig):
            grid = layer.grid
        out_shape = pool.out_shape(transform.out_shape) if pool else transform.out_shape
        summary = Summary(out_shape, grid)
        normalise = _norm(layer, passed_on[-1], num_classes, first=index == 0, where=where)
        layers.append(
            FFLayer(
                transform,
                objective(summary.features, num_classes, options, key=key),
                normalise=normalise,
                pool=pool,
                summary=summary,
                peers=PeerNormalisation(out_shape[0], layer.peer) if layer.peer else None,
            )
        )
        shortcut = _shortcut(layer, passed_on, out_shape, num_classes, where)
        shortcuts.append(shortcut)
        passed_on.append(shortcut.out_shape if shortcut else out_shape)
    return Stack(layers, shortcuts)


def _require_locality(config: NetworkConfig, objective: type[Objective]) -> None:
    """Refuse pairs of layers where an error has no single way down.

    Raises:
        ConfigError: What the network has that pairs cannot have.
    """
    if config.locality == 1:
        return
    if objective.contrast == "pairs":
        raise ConfigError(
            f"network.locality: objective {config.objective!r} judges pairs of samples, and no "
            "layer above reads those; set network.locality = 1"
        )
    for index, layer in enumerate(config.layers):
        if layer.shortcut != "none":
            raise ConfigError(
                f"network.locality: layer {index + 1} has a shortcut, by which an error would "
                "reach more than the layer below; set network.locality = 1, or shortcut = 'none'"
            )


def _require_readable(layer: AnyLayerConfig, shape: tuple[int, ...], where: str) -> None:
    """Refuse a layer that reads places over something that has none, or other ones.

    Raises:
        ConfigError: What it reads, and what it would have to.
    """
    if (dimensions := _dimensions(layer)) and len(shape) != 1 + dimensions:
        raise ConfigError(
            f"{where} is {layer.kind!r}, but the layer before it passes on {shape}; put it before "
            f"the linear layers, or use {_fitting(len(shape))}"
        )


def _fitting(dimensions: int) -> str:
    """Name the kinds that read samples of so many dimensions."""
    return {1: "'linear'", 2: "'conv1d'", 3: "'conv2d' or 'local2d'"}.get(dimensions, "'linear'")


def _pool(layer: ConvConfig, shape: tuple[int, ...], where: str) -> Pool | None:
    """Build the pooling of a layer, if it has one.

    Raises:
        ConfigError: The window is larger than the map.
    """
    if layer.pool == 1:
        return None
    if layer.pool > min(shape[1:]):
        raise ConfigError(
            f"{where} pools windows of {layer.pool}, but its map is only {shape[1:]}; use a "
            "smaller pool, or a stride of 1"
        )
    return Pool(layer.pool, layer.pooling, DIMENSIONS[layer.kind])


def _norm(
    layer: LayerConfig, shape: tuple[int, ...], num_classes: int, *, first: bool, where: str
) -> Normalise:
    """Find how a layer normalises what it reads.

    Raises:
        ConfigError: Its channels cannot be split into as many groups as there are classes.
    """
    if layer.norm == "group":
        if shape[0] % num_classes:
            raise ConfigError(
                f"{where} normalises one group of channels per class, but {shape[0]} is not a "
                f"multiple of the {num_classes} classes; use norm = 'layer', or another width "
                "before it"
            )
        if prod(shape) == num_classes:
            raise ConfigError(
                f"{where} normalises one group per class, but {shape} leaves one number in each; "
                "use norm = 'rms', or more features before it"
            )
        return unit_groups(num_classes)
    if layer.norm == "layer":
        return unit_variance
    if layer.norm == "none" or (layer.norm == "auto" and first):
        return unchanged
    return unit_rms


def _shortcut(
    layer: LayerConfig,
    passed_on: list[tuple[int, ...]],
    shape: tuple[int, ...],
    num_classes: int,
    where: str,
) -> Shortcut | None:
    """Build the shortcut that ends at a layer, if there is one.

    Raises:
        ConfigError: It would start before the first layer, or the shapes cannot be joined.
    """
    if layer.shortcut == "none":
        return None
    if layer.span >= len(passed_on):
        raise ConfigError(
            f"{where}: its shortcut would start {layer.span} layers before, and there are only "
            f"{len(passed_on) - 1}; use a smaller span"
        )
    scaled = layer if layer.norm != "none" else layer.model_copy(update={"norm": "rms"})
    return Shortcut(
        layer.shortcut,
        layer.span,
        shape,
        passed_on[-layer.span],
        groups=num_classes,
        normalise=_norm(scaled, shape, num_classes, first=False, where=where),
        where=where,
    )
