"""Local receptive fields: a convolution whose weights differ from place to place."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.learning.draws import draw_uniform
from plurigrid_ff.learning.transforms.base import Pullback, Transform, write_gradient
from plurigrid_ff.learning.transforms.fields import lay_fields


class Local2d(Transform):
    """Every place of the output reads a patch of its own with weights of its own.

    The arguments are those of a convolution.

    Args:
        in_shape: ``(channels, height, width)``.
        out_channels: Channels of the output.
        kernel: Extent of the patch in both directions.
        stride: Places from one patch to the next.
        padding: ``same`` pads with zeros so that only the stride shrinks the map; ``valid``
            does not pad.
        key: Derived from (seed, role, layer); the initial weights are a function of it.

    Raises:
        ValueError: The patch does not fit into the map.

    Reference:
        Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345, sec. 3.2 and 4,
        whose local receptive fields share no weights.
    """

    kind = "local2d"

    def __init__(
        self,
        in_shape: tuple[int, ...],
        out_channels: int,
        *,
        kernel: int,
        stride: int,
        padding: str,
        key: int,
    ) -> None:
        super().__init__()
        channels, *places = in_shape
        self.in_shape = tuple(in_shape)
        self.kernel, self.stride = kernel, stride
        fields = lay_fields(tuple(places), kernel=kernel, stride=stride, padding=padding)
        self.padding = (fields.near, fields.far) * 2
        self.out_shape = (out_channels, *fields.places)
        self.fan_in = fan_in = channels * kernel**2
        count = self.out_shape[1] * self.out_shape[2]
        shape = (count, out_channels, fan_in)
        # He et al. (2015): keeps the activity's scale through a ReLU.
        weight = draw_uniform(derive_key(key, "weight"), shape, (6 / fan_in) ** 0.5)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(count, out_channels))

    def _patches(self, x: Tensor) -> Tensor:
        """Cut out every place's patch, ``(places, rows, channels * kernel^2)``."""
        padded = F.pad(x, self.padding)
        return F.unfold(padded, self.kernel, stride=self.stride).permute(2, 0, 1)

    def _map(self, patches: Tensor) -> Tensor:
        """Multiply every patch by its own weights."""
        a = torch.baddbmm(self.bias.unsqueeze(1), patches, self.weight.transpose(1, 2))
        return a.permute(1, 2, 0).reshape(patches.shape[1], *self.out_shape)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(rows, *in_shape)`` to ``(rows, *out_shape)``."""
        return self._map(self._patches(x))

    @torch.no_grad()
    def with_pullback(self, x: Tensor) -> tuple[Tensor, Pullback]:
        """Map ``x``; the gradients are those of a dense map, once per place."""
        patches = self._patches(x)

        def pull(da: Tensor, *, add: bool = False) -> None:
            da = da.flatten(2).permute(2, 1, 0)  # (places, out_channels, rows)
            write_gradient(self.weight, da @ patches, add=add)
            write_gradient(self.bias, da.sum(dim=2, dtype=self.bias.dtype), add=add)

        return self._map(patches), pull
