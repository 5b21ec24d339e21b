"""Fixtures that several rooms share."""

import os

import numpy as np
import pytest
from hypothesis import settings

from plurigrid_ff.data.dataset import Dataset, Split

# Optimising what JAX compiles takes longer than small tests save by it.
os.environ.setdefault("JAX_DISABLE_MOST_OPTIMIZATIONS", "1")

# Timing has no place in tests, and the first call of a kernel is slow.
settings.register_profile("default", deadline=None, max_examples=40, print_blob=True)
settings.load_profile("default")


@pytest.fixture
def blobs() -> Dataset:
    """Three separable classes in 12 features: 240 / 60 / 60 samples."""
    rng = np.random.default_rng(7)
    centres = rng.normal(size=(3, 12)) * 2

    def split(count: int) -> Split:
        y = np.arange(count, dtype=np.int64) % 3
        x = centres[y] + rng.normal(size=(count, 12))
        return Split(x.astype(np.float32), y)

    return Dataset("blobs", split(240), split(60), split(60), ("a", "b", "c"), "digest-of-blobs")
