"""Whether the kernels run on a device."""

import warnings
from functools import cache

import torch
from torch import Tensor

from plurigrid_ff.learning.kernels import THERE
from plurigrid_ff.learning.kernels.activity import mark_active

OLDEST = (8, 0)  # compute capability: Ampere


def usable(x: Tensor) -> bool:
    """Whether the kernels run where ``x`` lies. Asked before a CUDA graph is recorded."""
    return THERE and x.is_cuda and _works(x.device)


@cache
def _works(device: torch.device) -> bool:
    """Compile a kernel and run it; Triton needs a C compiler besides a GPU that it knows."""
    if torch.cuda.get_device_capability(device) < OLDEST:
        return False
    try:
        flag = torch.zeros((), dtype=torch.bool, device=device)
        mark_active(torch.ones(1, device=device), flag)
        return bool(flag)
    except Exception as error:  # of a compiler, a loader or a driver
        reason = (str(error).splitlines() or [""])[0]
        warnings.warn(
            f"{device} computes without kernels of its own, which is slower, since Triton cannot "
            f"compile one: {type(error).__name__}: {reason}",
            RuntimeWarning,
            stacklevel=2,
        )
        return False
