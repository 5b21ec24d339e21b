"""Pictures of palettes: SVG, and cells of colour in a terminal."""

from collections.abc import Sequence
from xml.sax.saxutils import escape

from rich.color import Color
from rich.style import Style
from rich.text import Text

from plurigrid_ff.colors.gamut import srgb_of
from plurigrid_ff.colors.messages import Palette
from plurigrid_ff_color.contrast import contrast

SIDE = 96
GAP = 12
LABEL = 22


def draw_svg(palette: Palette, title: str) -> str:
    """Draw the swatches side by side, with their hex below, on the palette's background."""
    paper = palette.background or "#FFFFFF"
    ink = readable_on(paper)
    count = len(palette.colors)
    width, height = count * (SIDE + GAP) + GAP, SIDE + 2 * GAP + LABEL
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(title)}: {', '.join(palette.colors)}</title>",
        f'<rect width="{width}" height="{height}" fill="{paper}"/>',
    ]
    for place, color in enumerate(palette.colors):
        left = GAP + place * (SIDE + GAP)
        parts.append(
            f'<rect x="{left}" y="{GAP}" width="{SIDE}" height="{SIDE}" rx="8" fill="{color}"/>'
        )
        parts.append(
            f'<text x="{left + SIDE / 2:g}" y="{GAP + SIDE + 17}" text-anchor="middle" '
            f'font-family="monospace" font-size="14" fill="{ink}">{color}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def terminal_swatches(colors: Sequence[str]) -> Text:
    """Return cells of 24-bit colour with the hex on them; without colours, the hex stays."""
    text = Text()
    for color in colors:
        ink = Color.parse(readable_on(color))
        text.append(f" {color} ", Style(color=ink, bgcolor=Color.parse(color)))
        text.append(" ")
    return text


def readable_on(color: str) -> str:
    """Return black or white, whichever has the higher contrast with a colour."""
    rgb = srgb_of(color)
    return max(("#000000", "#FFFFFF"), key=lambda ink: float(contrast(srgb_of(ink), rgb)))
