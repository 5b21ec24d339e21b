"""What a transform is."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from math import prod
from typing import ClassVar

from torch import Tensor, nn

Pullback = Callable[[Tensor], None]


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
    """

    kind: ClassVar[str]
    affine: ClassVar[bool] = True
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
            The output without a graph, and a function of the gradient of the loss at the
            output, ``(rows, *out_shape)``.
        """
