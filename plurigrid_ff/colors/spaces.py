"""sRGB, OkLab and OkLCH, and back. Arrays have shape ``(..., 3)`` and dtype float64.

sRGB and linear RGB lie in ``[0, 1]`` inside the gamut; OkLab is ``(L, a, b)`` with L in
``[0, 1]``; OkLCH is ``(L, chroma, hue in degrees)``.

References:
    Ottosson (2020), "A perceptual color space for image processing",
    https://bottosson.github.io/posts/oklab/; the matrices are those of CSS Color Module Level 4,
    https://www.w3.org/TR/css-color-4/#color-conversion-code.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_XYZ_OF_RGB = np.array(
    [
        [506752 / 1228815, 87881 / 245763, 12673 / 70218],
        [87098 / 409605, 175762 / 245763, 12673 / 175545],
        [7918 / 409605, 87881 / 737289, 1001167 / 1053270],
    ]
)
_LMS_OF_XYZ = np.array(
    [
        [0.8190224379967030, 0.3619062600528904, -0.1288737815209879],
        [0.0329836539323885, 0.9292868615863434, 0.0361446663506424],
        [0.0481771893596242, 0.2642395317527308, 0.6335478284694309],
    ]
)
_LAB_OF_LMS = np.array(
    [
        [0.2104542683093140, 0.7936177747023054, -0.0040720430116193],
        [1.9779985324311684, -2.4285922420485799, 0.4505937096174110],
        [0.0259040424655478, 0.7827717124575296, -0.8086757549230774],
    ]
)
_LMS_OF_RGB = _LMS_OF_XYZ @ _XYZ_OF_RGB
_RGB_OF_LMS = np.linalg.inv(_LMS_OF_RGB)
_LMS_OF_LAB = np.linalg.inv(_LAB_OF_LMS)
_TURN = 360.0


def decode_srgb(rgb: ArrayLike) -> Array:
    """Undo the sRGB transfer: sRGB to linear RGB. Outside of ``[0, 1]`` it is odd."""
    rgb = np.asarray(rgb, dtype=np.float64)
    size = np.abs(rgb)
    linear: Array = np.sign(rgb) * np.where(
        size <= 0.04045, size / 12.92, ((size + 0.055) / 1.055) ** 2.4
    )
    return linear


def encode_srgb(linear: ArrayLike) -> Array:
    """Apply the sRGB transfer: linear RGB to sRGB."""
    linear = np.asarray(linear, dtype=np.float64)
    size = np.abs(linear)
    rgb: Array = np.sign(linear) * np.where(
        size <= 0.0031308, 12.92 * size, 1.055 * size ** (1 / 2.4) - 0.055
    )
    return rgb


def oklab_from_srgb(rgb: ArrayLike) -> Array:
    """Convert sRGB to OkLab."""
    lab: Array = np.cbrt(decode_srgb(rgb) @ _LMS_OF_RGB.T) @ _LAB_OF_LMS.T
    return lab


def srgb_from_oklab(lab: ArrayLike) -> Array:
    """Convert OkLab to sRGB, which lies outside of ``[0, 1]`` where sRGB has no such colour."""
    lms = (np.asarray(lab, dtype=np.float64) @ _LMS_OF_LAB.T) ** 3
    return encode_srgb(lms @ _RGB_OF_LMS.T)


def oklch_from_oklab(lab: ArrayLike) -> Array:
    """Convert OkLab to OkLCH; a grey has hue 0 or whatever its rounding points to."""
    lab = np.asarray(lab, dtype=np.float64)
    lightness, a, b = np.moveaxis(lab, -1, 0)
    hue = np.degrees(np.arctan2(b, a)) % _TURN
    return np.stack([lightness, np.hypot(a, b), hue], axis=-1)


def oklab_from_oklch(lch: ArrayLike) -> Array:
    """Convert OkLCH to OkLab."""
    lightness, chroma, hue = np.moveaxis(np.asarray(lch, dtype=np.float64), -1, 0)
    angle = np.radians(hue)
    return np.stack([lightness, chroma * np.cos(angle), chroma * np.sin(angle)], axis=-1)


def distances(one: ArrayLike, two: ArrayLike) -> Array:
    """Return the Euclidean distance of every colour of one set from every one of another.

    Args:
        one: OkLab, shape ``(n, 3)``.
        two: OkLab, shape ``(m, 3)``.

    Returns:
        Distances, shape ``(n, m)``; black and white are 1 apart, 0.02 is just noticeable.
    """
    apart = np.asarray(one, dtype=np.float64)[:, None] - np.asarray(two, dtype=np.float64)[None]
    length: Array = np.sqrt((apart**2).sum(axis=-1))
    return length
