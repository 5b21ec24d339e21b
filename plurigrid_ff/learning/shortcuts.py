"""Shortcuts without parameters: an earlier activity joins a later one on its way up."""

import torch
from torch import Tensor
from torch.nn import functional as F

from plurigrid_ff.errors import ConfigError
from plurigrid_ff.learning.norms import Normalise


class Shortcut:
    """Joins what a layer passes on with what was passed on ``span`` layers before.

    Nothing is learned here and no gradient passes: the layer above reads the sum or the
    concatenation as it reads any input. A larger map is averaged down first.

    Args:
        how: ``add``, or ``concat`` within every class's group of channels.
        span: How many layers back the shortcut starts.
        shape: What the layer puts out, ``(channels, *places)``.
        earlier: What was passed on there.
        groups: Number of classes.
        normalise: Brings the layer's own activity to scale before it joins.
        where: Place of the settings, for errors.

    Raises:
        ConfigError: The shapes cannot be joined.

    Reference:
        Sun et al. (2025), "DeeperForward", ICLR.
    """

    def __init__(
        self,
        how: str,
        span: int,
        shape: tuple[int, ...],
        earlier: tuple[int, ...],
        *,
        groups: int,
        normalise: Normalise,
        where: str,
    ) -> None:
        self.how = how
        self.span = span
        self.groups = groups
        self.places = shape[1:]
        self.earlier = earlier
        self.normalise = normalise
        if len(shape) != len(earlier) or any(
            a < b for a, b in zip(earlier[1:], self.places, strict=True)
        ):
            raise ConfigError(
                f"{where}: a shortcut joins maps of as many dimensions, the earlier one at least "
                f"as large, got {earlier} for {shape}; set shortcut = 'none' or change span"
            )
        if how == "add" and earlier[0] != shape[0]:
            raise ConfigError(
                f"{where}: shortcut 'add' needs as many features as the layer {span} before passes "
                f"on, {earlier[0]}, got {shape[0]}; use shortcut = 'concat'"
            )
        if how == "concat" and (shape[0] % groups or earlier[0] % groups):
            raise ConfigError(
                f"{where}: shortcut 'concat' joins every class's own channels, so both counts must "
                f"be multiples of the {groups} classes, got {earlier[0]} and {shape[0]}"
            )
        channels = shape[0] if how == "add" else shape[0] + earlier[0]
        self.out_shape = (channels, *self.places)

    def __call__(self, h: Tensor, earlier: Tensor) -> Tensor:
        """Join ``(rows, *shape)`` and ``(rows, *earlier)`` to ``(rows, *out_shape)``."""
        h = self.normalise(h)
        if earlier.shape[2:] != h.shape[2:]:
            earlier = self._shrunk(earlier)
        if self.how == "add":
            return h + earlier
        halves = [
            part.reshape(len(part), self.groups, part.shape[1] // self.groups, *self.places)
            for part in (h, earlier)
        ]
        return torch.cat(halves, dim=2).flatten(1, 2)

    def _shrunk(self, earlier: Tensor) -> Tensor:
        """Average an earlier map down to the places of this one."""
        if len(self.places) == 1:
            return F.adaptive_avg_pool1d(earlier, self.places[0])
        return F.adaptive_avg_pool2d(earlier, (self.places[0], self.places[1]))
