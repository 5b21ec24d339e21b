"""Contrast of text and background as WCAG 2 defines it.

Reference:
    W3C (2018), Web Content Accessibility Guidelines 2.1, "contrast ratio" and "relative luminance".
"""

import numpy as np
from numpy.typing import ArrayLike

from plurigrid_ff.colors.spaces import Array, decode_srgb

_LUMINANCE = np.array([0.2126, 0.7152, 0.0722])
_FLARE = 0.05


def relative_luminance(rgb: ArrayLike) -> Array:
    """Return the luminance of sRGB ``(..., 3)``: 0 is black, 1 white; shape ``(...)``."""
    luminance: Array = decode_srgb(rgb) @ _LUMINANCE
    return luminance


def contrast(one: ArrayLike, two: ArrayLike) -> Array:
    """Return the contrast of sRGB colours ``(..., 3)``, from 1 to 21, whichever is lighter."""
    lights = relative_luminance(one) + _FLARE, relative_luminance(two) + _FLARE
    ratio: Array = np.maximum(*lights) / np.minimum(*lights)
    return ratio
