"""Whether anything is active, without a reduction: whoever finds something says so."""

import torch
from torch import Tensor

from plurigrid_ff.learning.kernels import THERE

_NUMBERS = 4096  # of a block


def mark_active(h: Tensor, flag: Tensor) -> None:
    """Set a flag if any number is not 0; one that is not a number is not.

    Args:
        h: Contiguous, any shape.
        flag: A bool, shape ``()``; stays as it is otherwise.
    """
    numbers = h.numel()
    _mark_active[(triton.cdiv(numbers, _NUMBERS),)](
        h, flag.view(torch.uint8), numbers, NUMBERS=_NUMBERS
    )


if THERE:
    import triton
    import triton.language as tl

    @triton.jit  # type: ignore[untyped-decorator]
    def _mark_active(h, flag, numbers, NUMBERS: tl.constexpr):  # type: ignore[no-untyped-def]
        """Do it for a block of numbers."""
        place = tl.program_id(0).to(tl.int64) * NUMBERS + tl.arange(0, NUMBERS)
        found = tl.load(h + place, mask=place < numbers, other=0.0) != 0
        tl.store(flag, 1, mask=tl.max(found.to(tl.int32), axis=0) > 0)
