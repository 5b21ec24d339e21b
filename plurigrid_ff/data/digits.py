"""Optical digits, 8x8, as they come with scikit-learn: small, and always there.

Reference:
    Alpaydin & Kaynak (1998), "Optical Recognition of Handwritten Digits", UCI.
"""

import numpy as np

from plurigrid_ff.data.source import Samples, Source

MAX_INTENSITY = np.float32(16)  # each feature counts the dark pixels of a 4x4 block


def read_digits() -> Source:
    """Return 1797 images of shape ``(8, 8)`` in [0, 1]."""
    from sklearn.datasets import load_digits

    loaded = load_digits()
    x = loaded.images.astype(np.float32) / MAX_INTENSITY
    names = tuple(str(digit) for digit in range(10))
    return Source("digits", Samples(x, loaded.target.astype(np.int64)), None, names)
