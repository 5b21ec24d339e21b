"""Goodness functions: how well a layer's activity speaks for a sample."""

from torch import Tensor


def sum_of_squares(h: Tensor) -> Tensor:
    """Score each sample by its squared activity, ``(batch, features) -> (batch,)``.

    Reference:
        Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345, eq. 1.
    """
    return h.square().sum(dim=-1)


def mean_of_squares(h: Tensor) -> Tensor:
    """Score each sample by its mean squared activity, ``(batch, features) -> (batch,)``.

    The same order as :func:`sum_of_squares`, on a scale that does not grow with width.
    """
    return h.square().mean(dim=-1)


def projected(h: Tensor, directions: Tensor) -> Tensor:
    """Score each class by projection, ``(batch, features) -> (batch, classes)``.

    Args:
        h: Activities, shape ``(batch, features)``.
        directions: One direction per class, shape ``(classes, features)``.

    Reference:
        Gong, Li & Abdulla (2025), "Mono-Forward", arXiv:2501.09238.
    """
    return h @ directions.T
