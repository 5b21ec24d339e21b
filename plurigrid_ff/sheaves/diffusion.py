"""Diffusion on a sheaf: every node moves towards what its neighbours ask of it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
ROUNDING = 1e-6
"""Share of the cochain's length below which rounding hides a discord: it is the root of a
difference of squares."""


@dataclass(frozen=True, slots=True)
class Diffused:
    """Where diffusion came to.

    Attributes:
        x: The cochain after the last step.
        discord: ``|d0 x|`` before the first step and after every one.
        measured_rate: Ratio of the last two discords; None where rounding hides it. It rises
            to the predicted rate from below, as the faster modes die out.
    """

    x: Vector
    discord: tuple[float, ...]
    measured_rate: float | None


def diffuse(
    laplacian: Callable[[Vector], Vector], x: Vector, *, steps: int, step: float
) -> Diffused:
    """Take steps ``x <- x - step * L x``; no node but a neighbour is read.

    Args:
        laplacian: Applies L; ``sheaf.laplacian.__matmul__`` is one.
        x: Shape ``(numbers,)`` or ``(numbers, columns)``.
        steps: How many.
        step: Between 0 and ``2 / lambda_max``: see :meth:`.Spectrum.require_converging`.

    Reference:
        Hansen & Ghrist (2021), "Opinion dynamics on discourse sheaves", arXiv:2005.12798.
    """
    discords = []
    for _ in range(steps):
        pull = laplacian(x)
        discords.append(_energy(x, pull) ** 0.5)
        x = x - step * pull
    discords.append(_energy(x, laplacian(x)) ** 0.5)
    measured = None
    if steps and discords[-1] > ROUNDING * float(np.linalg.norm(x)):
        measured = discords[-1] / discords[-2]
    return Diffused(x, tuple(discords), measured)


def _energy(x: Vector, pull: Vector) -> float:
    """Return ``x^T L x``; rounding may take a zero below zero."""
    return max(float(np.sum(x * pull)), 0.0)
