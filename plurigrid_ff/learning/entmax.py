"""Entmax with alpha = 1.5: a softmax that gives exact zeros.

Reference:
    Peters, Niculae & Martins (2019), "Sparse Sequence-to-Sequence Models",
    arXiv:1905.05702, algorithm 2 and proposition 2.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable


def entmax(z: Tensor) -> Tensor:
    """Return weights that sum to 1 per row, ``(rows, features)``; small scores get 0."""
    weights: Tensor = _Entmax.apply(z)  # type: ignore[no-untyped-call]
    return weights


def entmax_slope(p: Tensor, v: Tensor) -> Tensor:
    """Return ``J^T v`` for weights ``p = entmax(z)``, ``J = diag(s) - s s^T / sum(s)``.

    Args:
        p: Weights, shape ``(rows, features)``.
        v: What is carried back, same shape.
    """
    s = p.sqrt()
    return s * (v - (s * v).sum(dim=1, keepdim=True) / s.sum(dim=1, keepdim=True))


class _Entmax(torch.autograd.Function):
    """The exact algorithm by sorting, with its derivative in closed form."""

    @staticmethod
    def forward(ctx: Any, z: Tensor) -> Tensor:
        """Find the threshold tau at which ``[z / 2 - tau]_+^2`` sums to 1."""
        z = (z - z.amax(dim=1, keepdim=True)) / 2
        ordered = z.sort(dim=1, descending=True).values
        rank = torch.arange(1, z.shape[1] + 1, dtype=z.dtype, device=z.device)
        mean = ordered.cumsum(dim=1) / rank
        spread = ordered.square().cumsum(dim=1) - rank * mean.square()
        tau = mean - ((1 - spread) / rank).clamp(min=0).sqrt()
        support = (tau <= ordered).sum(dim=1, keepdim=True)
        p = (z - tau.gather(1, support - 1)).clamp(min=0).square()
        ctx.save_for_backward(p)
        return p

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        """Return ``J^T gradient``."""
        (p,) = ctx.saved_tensors
        return entmax_slope(p, gradient)
