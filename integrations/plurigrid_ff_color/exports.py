"""Palettes for other programs: CSS, GIMP (``.gpl``), Adobe Swatch Exchange (``.ase``) and SVG.

References:
    CSS Custom Properties for Cascading Variables, W3C; GIMP's palette format,
    https://developer.gimp.org/core/standards/gpl/; ASE has no published standard: a header
    ``ASEF``, version 1.0 and the number of blocks, then one block 0x0001 per colour, big-endian.
"""

import re
import struct
from collections.abc import Callable
from pathlib import Path

from plurigrid_ff.colors.gamut import bytes_of, srgb_of
from plurigrid_ff.colors.messages import Palette
from plurigrid_ff.files import written_beside
from plurigrid_ff_color.notation import ColorError
from plurigrid_ff_color.swatches import draw_svg

_COLOR_BLOCK = 0x0001
_NORMAL = 2  # neither global nor spot


def write_css(palette: Palette, name: str) -> bytes:
    """Write custom properties ``--NAME-1``, ``--NAME-2``, ... on the root."""
    prefix = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "color"
    lines = [f"  --{prefix}-{place}: {color};" for place, color in enumerate(palette.colors, 1)]
    return "\n".join([":root {", *lines, "}", ""]).encode()


def write_gpl(palette: Palette, name: str) -> bytes:
    """Write a palette of GIMP, Inkscape and Krita."""
    title = " ".join(name.split())
    lines = ["GIMP Palette", f"Name: {title}", f"Columns: {len(palette.colors)}", "#"]
    for color in palette.colors:
        red, green, blue = bytes_of(srgb_of(color))
        lines.append(f"{red:3d} {green:3d} {blue:3d}\t{color}")
    return ("\n".join(lines) + "\n").encode()


def write_ase(palette: Palette, name: str) -> bytes:
    """Write an Adobe Swatch Exchange file; the colours are named by their hex."""
    blocks = [_ase_block(color) for color in palette.colors]
    return b"ASEF" + struct.pack(">HHI", 1, 0, len(blocks)) + b"".join(blocks)


def _ase_block(color: str) -> bytes:
    """Write one colour: name in UTF-16 with its end, model, three floats, kind."""
    title = f"{color}\0"
    body = struct.pack(">H", len(title)) + title.encode("utf-16-be")
    body += b"RGB " + struct.pack(">3f", *srgb_of(color)) + struct.pack(">H", _NORMAL)
    return struct.pack(">HI", _COLOR_BLOCK, len(body)) + body


def write_svg(palette: Palette, name: str) -> bytes:
    """Write a picture of the swatches."""
    return draw_svg(palette, name).encode()


FORMATS: dict[str, Callable[[Palette, str], bytes]] = {
    "css": write_css,
    "gpl": write_gpl,
    "ase": write_ase,
    "svg": write_svg,
}


def export_palette(palette: Palette, path: Path, *, name: str | None = None) -> None:
    """Write a palette in the format that the file's ending names.

    Args:
        palette: The colours.
        path: Ends with ``.css``, ``.gpl``, ``.ase`` or ``.svg``.
        name: What the palette is called; the file's name without its ending by default.

    Raises:
        ColorError: An ending of no known format.
    """
    ending = path.suffix.lower().removeprefix(".")
    if ending not in FORMATS:
        known = ", ".join(f".{known}" for known in FORMATS)
        raise ColorError(f"{path}: no format ends with {path.suffix!r}; known: {known}")
    written = FORMATS[ending](palette, name or path.stem)
    with written_beside(path) as temporary:
        temporary.write_bytes(written)
