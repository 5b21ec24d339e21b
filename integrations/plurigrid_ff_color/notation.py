"""Read colours as people write them: hex, rgb(), names, oklch(), oklab()."""

import difflib
import re

import numpy as np

from plurigrid_ff.colors.gamut import hex_of, in_gamut, srgb_from_oklch
from plurigrid_ff.colors.spaces import oklab_from_oklch, oklch_from_oklab, srgb_from_oklab
from plurigrid_ff.errors import PlurigridError

EXAMPLES = "#E67F86, #e78, rgb(230 127 134), rgb(90% 50% 53%), teal, oklch(0.7 0.13 18)"

_HEX = re.compile(r"#?([0-9a-f]{3}|[0-9a-f]{6})")
_FUNCTION = re.compile(r"(rgb|oklch|oklab)\(([^()]*)\)")
_NUMBER = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(%|deg)?")
# What 100 % stands for in each place of a function; None where a percentage makes no sense.
_WHOLE: dict[str, tuple[float | None, ...]] = {
    "rgb": (255.0, 255.0, 255.0),
    "oklab": (1.0, 0.4, 0.4),
    "oklch": (1.0, 0.4, None),
}


class ColorError(PlurigridError):
    """A colour that cannot be read, or that sRGB does not have."""


def parse_color(text: str) -> str:
    """Return a colour as ``#RRGGBB``.

    Args:
        text: ``#rgb``, ``#rrggbb``, ``rgb()`` in 0 .. 255 or per cent, a CSS name, ``oklab()``
            or ``oklch()``.

    Raises:
        ColorError: An unknown notation, or a colour outside of sRGB, with the nearest valid one.
    """
    plain = " ".join(text.strip().lower().split())
    if found := _HEX.fullmatch(plain):
        digits = found[1] if len(found[1]) == 6 else "".join(2 * digit for digit in found[1])
        return f"#{digits.upper()}"
    if found := _FUNCTION.fullmatch(plain):
        return _of_function(found[1], found[2], text)
    named = css_names()
    if plain in named:
        return named[plain]
    near = difflib.get_close_matches(plain, named, n=1)
    hint = f"did you mean {near[0]!r} ({named[near[0]]})?" if near else f"as in {EXAMPLES}"
    raise ColorError(f"unknown colour {text!r:.60}; {hint}")


def css_names() -> dict[str, str]:
    """Return the named colours of CSS, as ``#RRGGBB`` by name."""
    from PIL import ImageColor

    return {
        name: value.upper() for name, value in ImageColor.colormap.items() if isinstance(value, str)
    }


def _of_function(name: str, body: str, text: str) -> str:
    """Read ``rgb()``, ``oklab()`` or ``oklch()``."""
    words = body.replace(",", " ").split()
    if len(words) != 3:
        raise ColorError(
            f"{text!r:.60}: {name}() takes 3 numbers, got {len(words)}; as in {EXAMPLES}"
        )
    whole = _WHOLE[name]
    values = [_number(word, part, text) for word, part in zip(words, whole, strict=True)]
    if name == "rgb":
        rgb = np.array(values) / 255
        lab = None
    else:
        lab = np.array(values) if name == "oklab" else oklab_from_oklch(values)
        rgb = srgb_from_oklab(lab)
    if in_gamut(rgb):
        return hex_of(np.clip(rgb, 0, 1))
    nearest = np.clip(rgb, 0, 1) if lab is None else srgb_from_oklch(oklch_from_oklab(lab))
    raise ColorError(
        f"{text!r:.60} is outside of sRGB; the nearest colour"
        f"{'' if lab is None else ' of its lightness and hue'} is {hex_of(nearest)}"
    )


def _number(word: str, whole: float | None, text: str) -> float:
    """Read one number, plain, per cent or in degrees."""
    found = _NUMBER.fullmatch(word)
    unit = found[2] if found else None
    if found is None or (unit == "%" and whole is None) or (unit == "deg" and whole is not None):
        raise ColorError(f"{text!r:.60}: {word!r:.20} is no number here; as in {EXAMPLES}")
    value = float(found[1])
    return value * whole / 100 if unit == "%" and whole is not None else value
