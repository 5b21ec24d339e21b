"""What an objective reads of an activity, and the way back from it."""

from math import prod

import torch
from torch import Tensor
from torch.nn import functional as F


class Summary:
    """Flattens an activity, or averages it over a grid of cells first.

    Args:
        shape: Shape of one sample of the activity, ``(features,)`` or ``(channels, *places)``.
        grid: Cells a side; 0 keeps every place. A map smaller than the grid keeps its places.
    """

    def __init__(self, shape: tuple[int, ...], grid: int = 0) -> None:
        self.shape = tuple(shape)
        cells = tuple(min(grid, extent) for extent in shape[1:])
        self.cells = cells if grid and cells != self.shape[1:] else ()
        self.features = shape[0] * prod(self.cells or shape[1:])

    def __call__(self, h: Tensor) -> Tensor:
        """Map ``(rows, *shape)`` to ``(rows, features)``; differentiable."""
        if not self.cells:
            return h.flatten(1)
        if len(self.cells) == 1:
            return F.adaptive_avg_pool1d(h, self.cells[0]).flatten(1)
        return F.adaptive_avg_pool2d(h, (self.cells[0], self.cells[1])).flatten(1)

    @torch.no_grad()
    def pull(self, gradient: Tensor, h: Tensor) -> Tensor:
        """Carry a gradient at the summary, ``(rows, features)``, back to the activity ``h``."""
        if not self.cells:
            return gradient.reshape(h.shape)
        flat = h if h.ndim == 4 else h.unsqueeze(2)
        cells = self.cells if h.ndim == 4 else (1, *self.cells)
        gradient = gradient.reshape(len(h), self.shape[0], *cells)
        dh: Tensor = torch.ops.aten._adaptive_avg_pool2d_backward(gradient, flat)
        return dh.reshape(h.shape)
