"""What a transform is."""

from abc import ABC, abstractmethod
from math import prod
from typing import ClassVar, Protocol

import torch
from torch import Tensor, nn

from plurigrid_ff.learning.rounding import full_product


class Pullback(Protocol):
    """Sets the ``grad`` of a transform's parameters; called where autograd records nothing."""

    def __call__(self, da: Tensor, *, add: bool = False) -> None:
        """Carry back the gradient of the loss at the output.

        Args:
            da: Shape ``(rows, *out_shape)``.
            add: Add to the ``grad`` that is there, as for a further part of a batch.
        """


class SummedPullback(Pullback, Protocol):
    """A pullback that can be told what it would sum up."""

    def __call__(self, da: Tensor, *, add: bool = False, sums: Tensor | None = None) -> None:
        """Carry back the gradient of the loss at the output.

        Args:
            da: Shape ``(rows, *out_shape)``.
            add: Add to the ``grad`` that is there, as for a further part of a batch.
            sums: Sum of ``da`` over rows, where it is known.
        """


class Transform(nn.Module, ABC):
    """How a layer maps its input, and the gradient of its own parameters.

    A transform never sees labels; an objective never sees weights.

    Attributes:
        kind: What a report calls it.
        in_shape: Shape of one sample of the input.
        out_shape: Shape of one sample of the output: ``(features,)`` or ``(channels, *places)``.
        fan_in: Numbers that one number of the output depends on.
        affine: Whether it is a linear map and a bias, so that parts of an input can be mapped
            apart and summed.
        closed_form: Whether the pullback asks no autograd.
        rowwise: Whether a row's output and gradient depend on no other row, so that a batch may
            be taken in parts.
    """

    kind: ClassVar[str]
    affine: ClassVar[bool] = True
    closed_form: ClassVar[bool] = True
    rowwise: ClassVar[bool] = True
    in_shape: tuple[int, ...]
    out_shape: tuple[int, ...]
    fan_in: int

    @property
    def in_features(self) -> int:
        """Numbers in one sample of the input."""
        return prod(self.in_shape)

    @property
    def out_features(self) -> int:
        """Numbers in one sample of the output."""
        return prod(self.out_shape)

    @abstractmethod
    def forward(self, x: Tensor) -> Tensor:
        """Map ``(rows, *in_shape)`` to ``(rows, *out_shape)``."""

    def traced(self, x: Tensor) -> Tensor:
        """Map ``x`` as :meth:`with_pullback` last did, differentiable from end to end."""
        mapped: Tensor = self(x)
        return mapped

    def learning(self, x: Tensor) -> Tensor:
        """Map ``x`` as one step of learning does, differentiable from end to end."""
        mapped: Tensor = self(x)
        return mapped

    def end_to_end(self, x: Tensor) -> Tensor:
        """Map ``x`` in the mode that ``train`` and ``eval`` set: for a network of backprop's."""
        mapped: Tensor = self(x)
        return mapped

    @abstractmethod
    def with_pullback(self, x: Tensor) -> tuple[Tensor, Pullback]:
        """Map ``x``, and return what sets the parameters' ``grad``.

        Args:
            x: Detached input, shape ``(rows, *in_shape)``.

        Returns:
            The output without a graph, and its pullback.
        """

    def leading(self, x: Tensor) -> Tensor:
        """Map the first channels of an input whose others are 0."""
        mapped: Tensor = self(self._filled(x))
        return mapped

    def leading_with_pullback(self, x: Tensor) -> tuple[Tensor, Pullback]:
        """Map the first channels of an input whose others are 0, affine.

        Args:
            x: The first channels, shape ``(rows, channels, *places)``.

        Returns:
            The output, and its pullback, after which that of :meth:`trailing_with_pullback` comes.
        """
        return self.with_pullback(self._filled(x))

    def trailing_with_pullback(self, x: Tensor) -> tuple[Tensor, Pullback]:
        """Map the last channels of an input, as if the others and the bias were not there.

        Only of an affine transform.

        Args:
            x: The last channels, shape ``(rows, channels, *places)``.

        Returns:
            The output, and its pullback, which comes after that of
            :meth:`leading_with_pullback`, with the same ``add``.
        """
        missing = self.in_shape[0] - x.shape[1]
        padded = torch.cat([x.new_zeros(len(x), missing, *x.shape[2:]), x], dim=1)
        # The bias cancels against that of a last row of zeros, and so does its gradient.
        a, pull_rows = self.with_pullback(torch.cat([padded, torch.zeros_like(padded[:1])]))

        def pull(da: Tensor, *, add: bool = False) -> None:
            pull_rows(torch.cat([da, -da.sum(dim=0, keepdim=True)]), add=True)

        return a[:-1] - a[-1:], pull

    def _filled(self, x: Tensor) -> Tensor:
        """Append channels of zeros."""
        missing = self.in_shape[0] - x.shape[1]
        return torch.cat([x, x.new_zeros(len(x), missing, *x.shape[2:])], dim=1)


def write_gradient(parameter: nn.Parameter, gradient: Tensor, *, add: bool) -> None:
    """Write a gradient into the parameter's ``grad``, or add it; make one where there is none."""
    if parameter.grad is None:
        parameter.grad = torch.empty_like(parameter).copy_(gradient)
    elif add:
        parameter.grad += gradient
    else:
        parameter.grad.copy_(gradient)


def write_product(
    parameter: nn.Parameter,
    left: Tensor,
    right: Tensor,
    *,
    add: bool,
    columns: slice = slice(None),
) -> None:
    """Write ``left @ right`` into columns of the ``grad``, or add it, with no copy between."""
    if parameter.grad is None:
        parameter.grad = torch.empty_like(parameter)
        add = False
    target = parameter.grad[:, columns]
    if add:
        target.addmm_(left, right)
    else:
        torch.mm(left, right, out=target)


def write_sum(parameter: nn.Parameter, rows: Tensor, *, add: bool) -> None:
    """Write the sum over rows into the parameter's ``grad``, or add it."""
    if rows.dtype == torch.bfloat16:  # a product is faster than a reduction
        total = full_product(rows.new_ones(1, len(rows)), rows).squeeze(0)
    elif parameter.grad is not None and not add:
        torch.sum(rows, dim=0, out=parameter.grad)
        return
    else:
        total = rows.sum(dim=0)
    write_gradient(parameter, total, add=add)
