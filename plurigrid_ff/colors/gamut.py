"""What sRGB can show: bytes, hex, and the nearest colour of the same lightness and hue."""

import re

import numpy as np
from numpy.typing import ArrayLike

from plurigrid_ff.colors.spaces import Array, oklab_from_oklch, srgb_from_oklab

TOLERANCE = 1e-5
"""How far outside of ``[0, 1]`` sRGB may lie and still count as inside: rounding."""

_HALVINGS = 40
_HEX = re.compile(r"#?([0-9A-Fa-f]{6})")


def in_gamut(rgb: ArrayLike) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    """Say of each colour ``(..., 3)`` whether it is one of sRGB, shape ``(...)``."""
    rgb = np.asarray(rgb, dtype=np.float64)
    inside = (rgb >= -TOLERANCE) & (rgb <= 1 + TOLERANCE)
    return np.asarray(inside.all(axis=-1))


def fit_chroma(lch: ArrayLike) -> Array:
    """Reduce chroma, and nothing else, until sRGB can show the colour.

    Lightness at or below 0 becomes black, at or above 1 white.

    Args:
        lch: OkLCH, shape ``(..., 3)``.

    Returns:
        OkLCH of the same shape; a colour inside the gamut comes back as it is.
    """
    lch = np.array(lch, dtype=np.float64)
    lightness, chroma, hue = np.moveaxis(lch, -1, 0)
    beyond = (lightness <= 0) | (lightness >= 1)
    lightness, chroma = np.clip(lightness, 0, 1), np.where(beyond, 0.0, np.maximum(chroma, 0))
    low, high = np.zeros_like(chroma), chroma
    fits = _shown(lightness, chroma, hue)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        inside = _shown(lightness, middle, hue)
        low, high = np.where(inside, middle, low), np.where(inside, high, middle)
    return np.stack([lightness, np.where(fits, chroma, low), hue], axis=-1)


def _shown(
    lightness: Array, chroma: Array, hue: Array
) -> "np.ndarray[tuple[int, ...], np.dtype[np.bool_]]":
    return in_gamut(srgb_from_oklab(oklab_from_oklch(np.stack([lightness, chroma, hue], axis=-1))))


def srgb_from_oklch(lch: ArrayLike) -> Array:
    """Convert OkLCH to the sRGB inside the gamut that has its lightness and hue."""
    return np.clip(srgb_from_oklab(oklab_from_oklch(fit_chroma(lch))), 0.0, 1.0)


def bytes_of(rgb: ArrayLike) -> tuple[int, int, int]:
    """Round one sRGB colour in ``[0, 1]`` to bytes, halves to the even one."""
    red, green, blue = (round(255 * float(part)) for part in np.asarray(rgb))
    return red, green, blue


def hex_of(rgb: ArrayLike) -> str:
    """Write one sRGB colour in ``[0, 1]`` as ``#RRGGBB``."""
    return "#{:02X}{:02X}{:02X}".format(*bytes_of(rgb))


def srgb_of(hexes: "str | list[str] | tuple[str, ...]") -> Array:
    """Read ``#RRGGBB``, one ``(3,)`` or several ``(n, 3)``, as sRGB in ``[0, 1]``.

    Raises:
        ValueError: A text that is not six hexadecimal digits.
    """
    if not isinstance(hexes, str):
        return np.array([srgb_of(text) for text in hexes], dtype=np.float64).reshape(-1, 3)
    found = _HEX.fullmatch(hexes)
    if not found:
        raise ValueError(f"expected a colour as #RRGGBB, got {hexes!r:.40}")
    return np.array([byte / 255 for byte in bytes.fromhex(found[1])])
