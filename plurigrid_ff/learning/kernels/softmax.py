"""Cross-entropy of a softmax and its gradient, in one pass over the scores."""

import torch
from torch import Tensor

from plurigrid_ff.learning.kernels import THERE
from plurigrid_ff.learning.kernels.usable import usable

_SCORES = 1024  # of a block
_MOST_CLASSES = 1024


def suits(scores: Tensor) -> bool:
    """Whether :func:`softmax_costs` computes a softmax of these ``(rows, classes)``."""
    few = scores.shape[1] <= _MOST_CLASSES
    return few and scores.dtype == torch.float32 and usable(scores)


def softmax_costs(scores: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Return the cross-entropy of every row, and the gradient of their mean.

    Args:
        scores: Shape ``(rows, classes)``, float32, laid out in any way.
        y: True classes, shape ``(rows,)``, int64.

    Returns:
        Shapes ``(rows,)`` and ``(rows, classes)``, float32, the latter laid out class by class.
    """
    rows, classes = scores.shape
    padded = triton.next_power_of_2(classes)
    block = max(1, _SCORES // padded)
    costs = scores.new_empty(rows)
    gradient = scores.new_empty(classes, rows)
    _softmax_costs[(triton.cdiv(rows, block),)](
        scores,
        y,
        costs,
        gradient,
        rows,
        classes,
        *scores.stride(),
        1 / rows,
        ROWS=block,
        CLASSES=padded,
    )
    return costs, gradient.T


if THERE:
    import triton
    import triton.language as tl

    @triton.jit  # type: ignore[untyped-decorator]
    def _softmax_costs(  # type: ignore[no-untyped-def]
        scores,
        y,
        costs,
        gradient,
        rows,
        classes,
        row_stride,
        class_stride,
        share,
        ROWS: tl.constexpr,
        CLASSES: tl.constexpr,
    ):
        """Do it for a block of rows."""
        row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
        number = tl.arange(0, CLASSES)[:, None]
        there = row < rows
        inside = (number < classes) & there[None, :]
        place = number * class_stride + row[None, :] * row_stride
        score = tl.load(scores + place, mask=inside, other=0.0)
        score = tl.where(number < classes, score, -float("inf"))
        top = tl.max(score, axis=0)
        weight = tl.exp(score - top[None, :])
        total = tl.sum(weight, axis=0)
        true = number == tl.load(y + row, mask=there, other=0)[None, :]
        found = (weight / total[None, :] - tl.where(true, 1.0, 0.0)) * share
        tl.store(gradient + number * rows + row[None, :], found, mask=inside)
        cost = top + tl.log(total) - tl.sum(tl.where(true, score, 0.0), axis=0)
        tl.store(costs + row, cost, mask=there)
