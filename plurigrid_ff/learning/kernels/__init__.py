"""Kernels of our own for what a GPU does besides products of large matrices.

Triton comes with torch's builds for CUDA. Without it torch computes the same, in several passes
instead of one. Each module defines its kernels only where Triton is there; whether they run where
a tensor lies, ``usable`` says.
"""

import torch

try:
    import triton  # noqa: F401
except Exception:  # whatever a broken one raises: it is not needed
    THERE = False
else:
    THERE = torch.version.hip is None
