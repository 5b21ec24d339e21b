"""Transforms: how a layer maps its input, and the weight gradient of that map.

A transform never sees labels; an objective never sees weights.
"""

import torch
from torch import Tensor, nn

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.learning.draws import draw_uniform


class Linear(nn.Module):
    """The affine map ``a = x W^T + b``.

    Args:
        in_features: Width of the input.
        out_features: Width of the output.
        key: Derived from (seed, role, layer); the initial weights are a function of it.
    """

    kind = "linear"

    def __init__(self, in_features: int, out_features: int, *, key: int) -> None:
        super().__init__()
        self.in_features = in_features
        self.out_features = out_features
        # He et al. (2015): keeps the activity's scale through a ReLU.
        bound = (6 / in_features) ** 0.5
        weight = draw_uniform(derive_key(key, "weight"), (out_features, in_features), bound)
        self.weight = nn.Parameter(weight)
        self.bias = nn.Parameter(torch.zeros(out_features))

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(rows, in_features)`` to ``(rows, out_features)``."""
        return torch.addmm(self.bias, x, self.weight.T)

    def write_gradient(self, x: Tensor, da: Tensor) -> None:
        """Set the parameters' ``grad`` from the gradient of the loss at the output.

        Args:
            x: What :meth:`forward` was given, shape ``(rows, in_features)``.
            da: Gradient of the loss, shape ``(rows, out_features)``.
        """
        self.weight.grad = da.T @ x
        self.bias.grad = da.sum(dim=0)
