"""What lies between the two products of a layer that learns from projected activity.

One pass over the activity scores it, a second carries the gradient back through the ReLU and sums
what the layer needs; torch takes a product that it is slow at, and four passes.
"""

import torch
from torch import Tensor

from plurigrid_ff.learning.kernels import THERE
from plurigrid_ff.learning.kernels.usable import usable

MOST_CLASSES = 64
_LEAST = 16  # that a product in a kernel sums over
# Of a block, by what was fastest on an H100: rows and features.
_SCORED_FEW, _SCORED_MANY = (16, 128), (64, 128)
_PULLED = {torch.float32: (32, 64), torch.bfloat16: (64, 128)}
_FEW = 2048  # rows: more blocks matter more than larger ones
_PRECISION = "tf32x3"  # of float32: three products, nearly exact
_PROGRAMS = 528  # four for each multiprocessor of an H100


def suits(x: Tensor, classes: int) -> bool:
    """Whether the functions here take activities like ``x`` and so many classes."""
    return x.dtype in _PULLED and classes <= MOST_CLASSES and usable(x)


def projected_costs(h: Tensor, directions: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """Score activities by ``h directions^T``, and judge the scores by a softmax.

    Products are of numbers in the activity's precision, and summed in float32.

    Args:
        h: Activity, shape ``(rows, features)``, float32 or bfloat16.
        directions: Shape ``(classes, features)``, float32.
        y: True classes, shape ``(rows,)``, int64.

    Returns:
        The cross-entropy of every row, ``(rows,)``, float32, and the gradient of their mean at
        the scores, ``(rows, n)`` in the activity's precision; n is the classes filled up by zeros.
    """
    (rows, features), classes = h.shape, len(directions)
    h, directions = h.contiguous(), directions.contiguous()
    inner = max(_LEAST, triton.next_power_of_2(classes))
    few = rows <= _FEW
    block, width = _SCORED_FEW if few else _SCORED_MANY
    costs = torch.empty(rows, dtype=torch.float32, device=h.device)
    dg = h.new_empty(rows, inner)
    _projected_costs[(triton.cdiv(rows, block),)](
        h,
        directions,
        y,
        costs,
        dg,
        rows,
        features,
        classes,
        1 / rows,
        ROWS=block,
        FEATURES=width,
        INNER=inner,
        PRECISION=_PRECISION,
        num_stages=2 if few else 3,
    )
    return costs, dg


def rectified_outer(dg: Tensor, directions: Tensor, h: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Carry ``dg directions`` back through a ReLU, and sum what its layer needs.

    Args:
        dg: Gradient at scores, shape ``(rows, n)`` in the activity's precision, n a power of 2
            from 16.
        directions: What the scores read of every feature, shape ``(classes, features)``, float32.
        h: Activity, what the ReLU gave, shape ``(rows, features)``.

    Returns:
        ``(dg directions) * (h > 0)`` in the activity's precision, its sum over rows,
        ``(features,)``, and ``dg^T h``, ``(classes, features)``, both in float32.
    """
    (rows, features), inner, classes = h.shape, dg.shape[1], len(directions)
    dg, directions, h = dg.contiguous(), directions.contiguous(), h.contiguous()
    block, width = _PULLED[h.dtype]
    columns = triton.cdiv(features, width)
    # As many blocks one after the other as leave every multiprocessor busy.
    turns = max(1, rows * columns // (block * _PROGRAMS))
    runs = triton.cdiv(rows, block * turns)
    da = torch.empty_like(h)
    # Of every run: the sums of classes, then that of rows.
    parts = torch.empty(runs, classes + 1, features, dtype=torch.float32, device=h.device)
    _rectified_outer[(runs, columns)](
        dg,
        directions,
        h,
        da,
        parts,
        rows,
        features,
        classes,
        TURNS=turns,
        ROWS=block,
        FEATURES=width,
        INNER=inner,
        PRECISION=_PRECISION,
    )
    total = parts[0] if runs == 1 else parts.sum(dim=0)
    return da, total[classes], total[:classes]


if THERE:
    import triton
    import triton.language as tl

    @triton.jit  # type: ignore[untyped-decorator]
    def _projected_costs(  # type: ignore[no-untyped-def]
        h,
        directions,
        y,
        costs,
        dg,
        rows,
        features,
        classes,
        share,
        ROWS: tl.constexpr,
        FEATURES: tl.constexpr,
        INNER: tl.constexpr,
        PRECISION: tl.constexpr,
    ):
        """Do it for a block of rows."""
        row = tl.program_id(0).to(tl.int64) * ROWS + tl.arange(0, ROWS)
        number = tl.arange(0, INNER)
        there = row < rows
        score = tl.zeros((ROWS, INNER), dtype=tl.float32)
        for start in range(0, features, FEATURES):
            column = start + tl.arange(0, FEATURES)
            own = row[:, None] * features + column[None, :]
            inside = there[:, None] & (column < features)[None, :]
            active = tl.load(h + own, mask=inside, other=0.0)
            place = number[:, None] * features + column[None, :]
            known = (number < classes)[:, None] & (column < features)[None, :]
            read = tl.load(directions + place, mask=known, other=0.0).to(active.dtype)
            score += tl.dot(active, tl.trans(read), input_precision=PRECISION)
        score = tl.where((number < classes)[None, :], score, -float("inf"))
        top = tl.max(score, axis=1)
        weight = tl.exp(score - top[:, None])
        total = tl.sum(weight, axis=1)
        true = number[None, :] == tl.load(y + row, mask=there, other=0)[:, None]
        found = (weight / total[:, None] - tl.where(true, 1.0, 0.0)) * share
        place = row[:, None] * INNER + number[None, :]
        tl.store(dg + place, found.to(dg.dtype.element_ty), mask=there[:, None])
        cost = top + tl.log(total) - tl.sum(tl.where(true, score, 0.0), axis=1)
        tl.store(costs + row, cost, mask=there)

    @triton.jit  # type: ignore[untyped-decorator]
    def _rectified_outer(  # type: ignore[no-untyped-def]
        dg,
        directions,
        h,
        da,
        parts,
        rows,
        features,
        classes,
        TURNS: tl.constexpr,
        ROWS: tl.constexpr,
        FEATURES: tl.constexpr,
        INNER: tl.constexpr,
        PRECISION: tl.constexpr,
    ):
        """Do it for a run of row blocks and one block of features."""
        run = tl.program_id(0)
        column = tl.program_id(1) * FEATURES + tl.arange(0, FEATURES)
        number = tl.arange(0, INNER)
        there = column < features
        place = number[:, None] * features + column[None, :]
        known = (number < classes)[:, None] & there[None, :]
        m = tl.load(directions + place, mask=known, other=0.0).to(h.dtype.element_ty)
        total = tl.zeros((FEATURES,), dtype=tl.float32)
        seen = tl.zeros((INNER, FEATURES), dtype=tl.float32)
        for turn in range(TURNS):
            row = (run * TURNS + turn) * ROWS + tl.arange(0, ROWS)
            inside = (row < rows)[:, None] & there[None, :]
            own = row[:, None].to(tl.int64) * features + column[None, :]
            active = tl.load(h + own, mask=inside, other=0.0)
            place_dg = row[:, None] * INNER + number[None, :]
            gradient = tl.load(dg + place_dg, mask=(row < rows)[:, None], other=0.0)
            back = tl.dot(gradient, m, input_precision=PRECISION)
            found = tl.where(active > 0, back, 0.0).to(da.dtype.element_ty)
            tl.store(da + own, found, mask=inside)
            total += tl.sum(found.to(tl.float32), axis=0)
            seen += tl.dot(tl.trans(gradient), active, input_precision=PRECISION)
        start = parts + run.to(tl.int64) * (classes + 1) * features
        tl.store(start + classes * features + column, total, mask=there)
        tl.store(start + place, seen, mask=known)
