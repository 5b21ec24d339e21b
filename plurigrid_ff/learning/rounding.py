"""bfloat16 and back."""

import torch
from torch import Tensor


def rounded(x: Tensor) -> Tensor:
    """Round float32 to bfloat16; leave other types alone."""
    return x.bfloat16() if x.dtype == torch.float32 else x


def in_full(x: Tensor) -> Tensor:
    """Return bfloat16 as float32; leave other types alone."""
    return x.float() if x.dtype == torch.bfloat16 else x


def full_product(left: Tensor, right: Tensor) -> Tensor:
    """Multiply bfloat16, ``(n, k) @ (k, m)``, to float32; on a GPU the sums are not rounded."""
    if left.is_cuda:
        return torch.mm(left, right, out_dtype=torch.float32)
    return torch.mm(left, right).float()


def low_activities(device: torch.device) -> bool:
    """Whether a device is faster with activities in bfloat16 than with rounding each of them."""
    return device.type == "cuda"
