"""Transforms: how a layer maps its input, and the weight gradient of that map."""

from math import prod

from plurigrid_ff.errors import ConfigError
from plurigrid_ff.layer_config import AnyLayerConfig, BlockConfig, LinearConfig
from plurigrid_ff.learning.blocks import find_block
from plurigrid_ff.learning.transforms.base import Pullback, SummedPullback, Transform
from plurigrid_ff.learning.transforms.block import Block
from plurigrid_ff.learning.transforms.conv import Conv1d, Conv2d
from plurigrid_ff.learning.transforms.linear import Linear
from plurigrid_ff.learning.transforms.local import Local2d

__all__ = [
    "Block",
    "Conv1d",
    "Conv2d",
    "Linear",
    "Local2d",
    "Pullback",
    "SummedPullback",
    "Transform",
    "build_transform",
]

SPATIAL: dict[str, type[Conv1d] | type[Conv2d] | type[Local2d]] = {
    kind.kind: kind for kind in (Conv1d, Conv2d, Local2d)
}


def build_transform(
    config: AnyLayerConfig, in_shape: tuple[int, ...], *, key: int, where: str
) -> Transform:
    """Build the transform of a layer.

    Args:
        config: The layer's settings.
        in_shape: Shape of one sample of what it reads.
        key: Derived from (seed, role, layer).
        where: Place of the settings, for errors.

    Raises:
        ConfigError: It cannot read samples of that shape.
        UnknownNameError: A block that nobody has registered.
        PluginError: A block that its plugin cannot load.
    """
    if isinstance(config, LinearConfig):
        return Linear(prod(in_shape), config.features, key=key)
    if isinstance(config, BlockConfig):
        factory = find_block(config.block, where=where)
        shape = (prod(in_shape),) if config.dimensions == 0 else in_shape
        return Block(shape, factory, key=key, where=f"{where}: block {config.block!r}")
    kind = SPATIAL[config.kind]
    try:
        return kind(
            in_shape,
            config.features,
            kernel=config.kernel,
            stride=config.stride,
            padding=config.padding,
            key=key,
        )
    except ValueError as error:
        raise ConfigError(
            f"{where}: {error}; use a smaller kernel, less pooling before it, or padding = 'same'"
        ) from error
