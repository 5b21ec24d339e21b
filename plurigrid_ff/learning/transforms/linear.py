"""The dense transform."""

import torch
from torch import Tensor, nn

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.learning.draws import draw_uniform
from plurigrid_ff.learning.transforms.base import (
    Pullback,
    SummedPullback,
    Transform,
    write_gradient,
    write_product,
    write_sum,
)


class Linear(Transform):
    """The affine map ``a = x W^T + b``.

    Args:
        in_features: Width of the input.
        out_features: Width of the output.
        key: Derived from (seed, role, layer); the initial weights are a function of it.
    """

    kind = "linear"

    def __init__(self, in_features: int, out_features: int, *, key: int) -> None:
        super().__init__()
        self.in_shape = (in_features,)
        self.out_shape = (out_features,)
        self.fan_in = in_features
        # He et al. (2015): keeps the activity's scale through a ReLU.
        bound = (6 / in_features) ** 0.5
        weight = draw_uniform(derive_key(key, "weight"), (out_features, in_features), bound)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(out_features))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(rows, in_features)`` to ``(rows, out_features)``."""
        return torch.addmm(self.bias, x, self.weight.T)

    @torch.no_grad()
    def with_pullback(self, x: Tensor, *, rectify: bool = False) -> tuple[Tensor, SummedPullback]:
        """Map ``x``; the gradients are ``da^T x`` and the sum of ``da``.

        Args:
            x: Detached input, shape ``(rows, in_features)``.
            rectify: Return what a ReLU makes of the output.
        """

        def pull(da: Tensor, *, add: bool = False, sums: Tensor | None = None) -> None:
            write_product(self.weight, da.T, x, add=add)
            if sums is None:
                write_sum(self.bias, da, add=add)
            elif add:
                write_gradient(self.bias, sums, add=True)
            else:  # a copy would be a kernel of its own
                self.bias.grad = sums

        if rectify:  # by the product itself, before it is written
            return torch._addmm_activation(self.bias, x, self.weight.T), pull
        return self(x), pull

    def leading(self, x: Tensor) -> Tensor:
        """Map by the first columns of the weight."""
        return torch.addmm(self.bias, x, self.weight[:, : x.shape[1]].T)

    @torch.no_grad()
    def leading_with_pullback(self, x: Tensor) -> tuple[Tensor, Pullback]:
        """Map by the first columns of the weight."""
        columns = slice(x.shape[1])

        def pull(da: Tensor, *, add: bool = False) -> None:
            write_product(self.weight, da.T, x, add=add, columns=columns)
            write_sum(self.bias, da, add=add)

        return self.leading(x), pull

    @torch.no_grad()
    def trailing_with_pullback(self, x: Tensor) -> tuple[Tensor, Pullback]:
        """Map by the last columns of the weight."""
        columns = slice(self.weight.shape[1] - x.shape[1], None)

        def pull(da: Tensor, *, add: bool = False) -> None:
            write_product(self.weight, da.T, x, add=add, columns=columns)

        return x @ self.weight[:, columns].T, pull
