"""Pooling of a layer's pre-activation, and the way back through it."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

Back = Callable[[Tensor], Tensor]


class Pool:
    """The largest or the mean value of every window; windows do not overlap.

    ReLU and the maximum commute, so a layer pools first and has less to rectify.

    Args:
        size: Extent and stride of the window.
        kind: ``max`` or ``average``.
        dimensions: 1 or 2.
    """

    def __init__(self, size: int, kind: str, dimensions: int) -> None:
        self.size = size
        self.kind = kind
        self.dimensions = dimensions

    def out_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of one pooled sample, ``(channels, *places)``."""
        return (shape[0], *(extent // self.size for extent in shape[1:]))

    def __call__(self, a: Tensor) -> Tensor:
        """Pool ``(rows, channels, *places)``."""
        flat = a if self.dimensions == 2 else a.unsqueeze(2)
        window = (self.size, self.size) if self.dimensions == 2 else (1, self.size)
        pooled = F.max_pool2d(flat, window) if self.kind == "max" else F.avg_pool2d(flat, window)
        return pooled if self.dimensions == 2 else pooled.squeeze(2)

    @torch.no_grad()
    def with_pullback(self, a: Tensor) -> tuple[Tensor, Back]:
        """Pool, and return what carries a gradient back to where ``a`` was."""
        flat = a if self.dimensions == 2 else a.unsqueeze(2)
        window = [self.size] * 2 if self.dimensions == 2 else [1, self.size]
        if self.kind == "max":
            pooled, places = F.max_pool2d(flat, window, return_indices=True)
        else:
            pooled = F.avg_pool2d(flat, window)

        def pull(gradient: Tensor) -> Tensor:
            gradient = gradient.reshape(pooled.shape)
            if self.kind == "max":
                da = torch.ops.aten.max_pool2d_with_indices_backward(
                    gradient, flat, window, window, [0, 0], [1, 1], False, places
                )
            else:
                da = torch.ops.aten.avg_pool2d_backward(
                    gradient, flat, window, window, [0, 0], False, True, None
                )
            back: Tensor = da.reshape(a.shape)
            return back

        return pooled.reshape(len(a), *self.out_shape(tuple(a.shape[1:]))), pull
