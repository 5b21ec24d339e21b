"""Colours that follow from a seed and an index: two schemes, by name.

``gay_mcp`` draws hue, saturation and lightness of HSL from a split generator, bit for bit as the
published colours of seed 1069. ``oklch`` turns the hue by the golden angle, so that neighbours
differ, at lightness and chroma drawn around the middle; all of it is brought into sRGB by
reducing chroma.
"""

import colorsys
import math
from typing import Literal, get_args

from pydantic import Field

from plurigrid_ff import gf3
from plurigrid_ff.colors.splittable import SplittableRandom
from plurigrid_ff.derivation import derive_key, draw
from plurigrid_ff.errors import ConfigError, unknown_name
from plurigrid_ff.settings import Settings

Scheme = Literal["gay_mcp", "oklch"]
SCHEMES: tuple[Scheme, ...] = get_args(Scheme)

MAX_INDEX = 100_000
GOLDEN_ANGLE = 180 * (3 - math.sqrt(5))
"""Degrees by which successive hues differ."""


class SeededColor(Settings):
    """One colour of a scheme."""

    scheme: Scheme
    seed: int
    index: int
    hex: str = Field(description="#RRGGBB")
    trit: Literal[-1, 0, 1] = Field(description="(R + G + B) mod 3 - 1, over bytes.")


def color_at(seed: int, index: int, scheme: Scheme = "gay_mcp") -> SeededColor:
    """Return the colour of a seed at an index.

    Args:
        seed: Any number of 64 bits; others are taken modulo 2**64.
        index: Which colour; the first is 1.
        scheme: Name of the scheme.

    Raises:
        ConfigError: An index that is below 1 or too large.
        UnknownNameError: No such scheme.
    """
    if scheme not in SCHEMES:
        raise unknown_name("scheme", scheme, SCHEMES, where="color: ")
    if not 1 <= index <= MAX_INDEX:
        raise ConfigError(f"color: index must be in 1 .. {MAX_INDEX}, got {index}")
    red, green, blue = _gay_mcp(seed, index) if scheme == "gay_mcp" else _oklch(seed, index)
    return SeededColor(
        scheme=scheme,
        seed=seed,
        index=index,
        hex=f"#{red:02X}{green:02X}{blue:02X}",
        trit=trit_of(red, green, blue),
    )


def trit_of(red: int, green: int, blue: int) -> gf3.Trit:
    """Return the trit of a colour in bytes: ``(R + G + B) mod 3 - 1``."""
    return gf3.reduce((red + green + blue) % 3 - 1)


def _gay_mcp(seed: int, index: int) -> tuple[int, int, int]:
    """Draw HSL from the generator that is split ``index`` times."""
    random = SplittableRandom(seed % (1 << 64))
    for _ in range(index):
        random = random.split()
    hue, saturation, lightness = random.uniform(), random.uniform(), random.uniform()
    rgb = colorsys.hls_to_rgb(hue, 0.35 + 0.4 * lightness, 0.5 + 0.4 * saturation)
    red, green, blue = (round(255 * part) for part in rgb)
    return red, green, blue


def _oklch(seed: int, index: int) -> tuple[int, int, int]:
    """Turn the hue by the golden angle; draw lightness and chroma."""
    from plurigrid_ff.colors.gamut import bytes_of, srgb_from_oklch

    key = derive_key(seed, "color", "oklch")
    start, first, second = (draw(key, item) / 2.0**64 for item in (0, 2 * index - 1, 2 * index))
    lch = (0.55 + 0.25 * first, 0.09 + 0.09 * second, 360 * start + GOLDEN_ANGLE * index)
    return bytes_of(srgb_from_oklch(lch))
