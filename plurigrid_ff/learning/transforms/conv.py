"""Convolutions, with the weight gradient that the library has."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.learning.draws import draw_uniform
from plurigrid_ff.learning.transforms.base import Pullback, Transform, write_gradient
from plurigrid_ff.learning.transforms.fields import lay_fields


class Conv(Transform):
    """A convolution over one or two dimensions; subclasses say how many.

    Args:
        in_shape: ``(channels, *places)``.
        out_channels: Channels of the output.
        kernel: Extent of the receptive field in every dimension.
        stride: Places from one field to the next.
        padding: ``same`` pads with zeros so that only the stride shrinks the map; ``valid``
            does not pad.
        key: Derived from (seed, role, layer); the initial weights are a function of it.

    Raises:
        ValueError: The field does not fit into the map.
    """

    dimensions: int

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
        self.stride = (stride,) * self.dimensions
        fields = lay_fields(tuple(places), kernel=kernel, stride=stride, padding=padding)
        self.near = fields.near
        uneven = fields.far > fields.near
        self.uneven = (0, fields.far - fields.near) * self.dimensions if uneven else None
        self.out_shape = (out_channels, *fields.places)
        self.fan_in = fan_in = channels * kernel**self.dimensions
        shape = (out_channels, channels, *(kernel,) * self.dimensions)
        # He et al. (2015): keeps the activity's scale through a ReLU.
        weight = draw_uniform(derive_key(key, "weight"), shape, (6 / fan_in) ** 0.5)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(out_channels))

    def _padded(self, x: Tensor) -> Tensor:
        """Add what the convolution's own, even padding leaves out."""
        return _laid_out(x if self.uneven is None else F.pad(x, self.uneven))

    def _convolve(self, x: Tensor) -> Tensor:
        """Convolve padded input."""
        convolve = F.conv1d if self.dimensions == 1 else F.conv2d
        weight, bias = _laid_out(self.weight).to(x.dtype), self.bias.to(x.dtype)
        return convolve(x, weight, bias, self.stride, self.near)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(rows, *in_shape)`` to ``(rows, *out_shape)``."""
        return self._convolve(self._padded(x))

    @torch.no_grad()
    def with_pullback(self, x: Tensor) -> tuple[Tensor, Pullback]:
        """Map ``x``; the gradient is the library's convolution of the input with ``da``."""
        x = self._padded(x)

        def pull(da: Tensor, *, add: bool = False) -> None:
            dimensions = self.dimensions
            _, of_weight, of_bias = torch.ops.aten.convolution_backward(
                _laid_out(da),
                x,
                _laid_out(self.weight),
                bias_sizes=[len(self.bias)],
                stride=list(self.stride),
                padding=[self.near] * dimensions,
                dilation=[1] * dimensions,
                transposed=False,
                output_padding=[0] * dimensions,
                groups=1,
                output_mask=[False, True, True],
            )
            write_gradient(self.weight, of_weight, add=add)
            write_gradient(self.bias, of_bias, add=add)

        return self._convolve(x), pull


class Conv1d(Conv):
    """Convolution over time, ``(channels, length)``."""

    kind = "conv1d"
    dimensions = 1


class Conv2d(Conv):
    """Convolution over an image, ``(channels, height, width)``."""

    kind = "conv2d"
    dimensions = 2


def _laid_out(x: Tensor) -> Tensor:
    """Lay images out with their channels innermost: convolution and pooling are faster so."""
    return x.contiguous(memory_format=torch.channels_last) if x.ndim == 4 else x
