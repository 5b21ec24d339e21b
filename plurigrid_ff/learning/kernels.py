"""Kernels of our own for what lies between the products of a layer on a GPU.

Triton comes with torch's builds for CUDA. Without it the same is computed by torch, in several
passes instead of one.
"""

import torch
from torch import Tensor

try:
    import triton
    import triton.language as tl
except ImportError:  # a build of torch without CUDA
    triton = None

THERE = triton is not None
INNER = 16  # the least that a product in a kernel may sum over
_ROWS, _FEATURES = 64, 128  # of a block
_PROGRAMS = 528  # four for each multiprocessor of an H100
_SCORES = 4096  # of a block
_MOST_CLASSES = 1024


def rectified_outer(left: Tensor, right: Tensor, h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Carry ``left @ right`` back through a ReLU, and sum what its layer needs.

    Args:
        left: Gradient at scores, shape ``(rows, k)``, bfloat16; k a multiple of :data:`INNER`.
        right: What the scores read of every feature, shape ``(k, features)``, bfloat16.
        h: Activity, what the ReLU gave, shape ``(rows, features)``, bfloat16.

    Returns:
        ``(left @ right) * (h > 0)`` in bfloat16, its sum over rows, ``(features,)``, and
        ``left^T h``, ``(k, features)``, both in float32.
    """
    (rows, features), inner = h.shape, left.shape[1]
    left, right, h = left.contiguous(), right.contiguous(), h.contiguous()
    columns = triton.cdiv(features, _FEATURES)
    # As many blocks one after the other as leave every multiprocessor busy.
    turns = max(1, rows * columns // (_ROWS * _PROGRAMS))
    runs = triton.cdiv(rows, _ROWS * turns)
    da = torch.empty_like(h)
    sums = torch.empty(runs, features, dtype=torch.float32, device=h.device)
    read = torch.empty(runs, inner, features, dtype=torch.float32, device=h.device)
    _rectified_outer[(runs, columns)](
        left,
        right,
        h,
        da,
        sums,
        read,
        rows,
        features,
        TURNS=turns,
        ROWS=_ROWS,
        FEATURES=_FEATURES,
        INNER=inner,
    )
    return da, sums.sum(dim=0), read.sum(dim=0)


def suits_softmax(scores: Tensor) -> bool:
    """Whether :func:`softmax_costs` computes a softmax of these ``(rows, classes)``."""
    few = scores.shape[1] <= _MOST_CLASSES
    return THERE and scores.is_cuda and scores.dtype == torch.float32 and few


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

    @triton.jit  # type: ignore[untyped-decorator]
    def _rectified_outer(  # type: ignore[no-untyped-def]
        left,
        right,
        h,
        da,
        sums,
        read,
        rows,
        features,
        TURNS: tl.constexpr,
        ROWS: tl.constexpr,
        FEATURES: tl.constexpr,
        INNER: tl.constexpr,
    ):
        """Do it for a run of row blocks and one block of features."""
        run = tl.program_id(0)
        column = tl.program_id(1) * FEATURES + tl.arange(0, FEATURES)
        scores = tl.arange(0, INNER)
        there = column < features
        place = scores[:, None] * features + column[None, :]
        m = tl.load(right + place, mask=there[None, :], other=0.0)
        total = tl.zeros((FEATURES,), dtype=tl.float32)
        seen = tl.zeros((INNER, FEATURES), dtype=tl.float32)
        for turn in range(TURNS):
            row = (run * TURNS + turn) * ROWS + tl.arange(0, ROWS)
            inside = (row < rows)[:, None] & there[None, :]
            own = row[:, None].to(tl.int64) * features + column[None, :]
            active = tl.load(h + own, mask=inside, other=0.0)
            place_left = row[:, None] * INNER + scores[None, :]
            dg = tl.load(left + place_left, mask=(row < rows)[:, None], other=0.0)
            found = tl.where(active > 0, tl.dot(dg, m), 0.0).to(da.dtype.element_ty)
            tl.store(da + own, found, mask=inside)
            total += tl.sum(found.to(tl.float32), axis=0)
            seen += tl.dot(tl.trans(dg), active)
        tl.store(sums + run * features + column, total, mask=there)
        tl.store(read + run * INNER * features + place, seen, mask=there[None, :])
