"""Kernels of our own for what a GPU does besides products of large matrices.

Triton comes with torch's builds for CUDA. Without it torch computes the same, in several passes
instead of one. Each module defines its kernels only where Triton is there, and says what they
suit.
"""

from importlib.util import find_spec

THERE = find_spec("triton") is not None
