import numpy as np
import pytest
from plurigrid_ff_nca.growing.target import premultiplied


@pytest.fixture
def disc():
    """Return a target of 8 x 8 cells, ``(4, 8, 8)``."""
    y, x = np.mgrid[:8, :8] - 3.5
    pixels = np.zeros((8, 8, 4), np.uint8)
    pixels[x**2 + y**2 < 9] = (200, 50, 0, 255)
    return premultiplied(pixels, where="disc")
