"""Optical digits, 8x8, as they come with scikit-learn: small, and always there.

Reference:
    Alpaydin & Kaynak (1998), "Optical Recognition of Handwritten Digits", UCI.
"""

import numpy as np

from plurigrid_ff.data.source import Samples, Source

MAX_INTENSITY = np.float32(16)  # each feature counts the dark pixels of a 4x4 block


def read_digits() -> Source:
    """Return 1797 samples of 64 features in [0, 1]."""
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    x = images.astype(np.float32) / MAX_INTENSITY
    names = tuple(str(digit) for digit in range(10))
    return Source("digits", Samples(x, labels.astype(np.int64)), None, names)
