"""Colours, dashes and markers: no two series differ by colour alone.

Reference:
    Okabe & Ito (2002), "Color Universal Design".
"""

from dataclasses import dataclass

from markupsafe import Markup

from plurigrid_ff.colors import marks
from plurigrid_ff.gf3 import Trit

GREEN, PURPLE, ORANGE, SKY = (
    colour.lower() for colour in (marks.GREEN, marks.PURPLE, marks.ORANGE, marks.SKY)
)
POSITIVE = marks.BLUE.lower()  # matplotlib writes hex in lower case
NEGATIVE = marks.VERMILLION.lower()

# Stand-ins that matplotlib draws with and that become colours of the page's style sheet.
INK = "#010203"
MUTED = "#040506"
GRID = "#070809"

VARIABLES = {
    INK: "currentColor",
    MUTED: "var(--muted)",
    GRID: "var(--grid)",
    POSITIVE: "var(--blue)",
    NEGATIVE: "var(--vermillion)",
    GREEN: "var(--green)",
    PURPLE: "var(--purple)",
    ORANGE: "var(--orange)",
    SKY: "var(--sky)",
}

_COLOURS = (POSITIVE, NEGATIVE, GREEN, PURPLE, ORANGE, SKY, INK)
# On and off lengths in pixels; empty is solid.
_DASHES: tuple[tuple[float, ...], ...] = ((), (6, 3), (1.5, 2.5), (8, 3, 2, 3))
# matplotlib's name of each marker, and its outline in a 10 x 10 box.
_MARKERS = (
    ("o", "M5 1a4 4 0 1 0 .001 0Z"),
    ("s", "M1.5 1.5h7v7h-7Z"),
    ("^", "M5 1 9.2 8.6H.8Z"),
    ("D", "M5 .4 9.6 5 5 9.6 .4 5Z"),
    ("v", "M5 9 9.2 1.4H.8Z"),
)
# matplotlib's name of each hatch, and its strokes in a 20 x 10 box.
_HATCHES = (
    ("", ""),
    ("////", "M0 6 6 0M2 10 12 0M8 10 18 0M14 10 20 4"),
    ("....", "M4 3h2M10 3h2M16 3h2M4 7h2M10 7h2M16 7h2"),
    ("\\\\\\\\", "M0 4 6 10M2 0 12 10M8 0 18 10M14 0 20 6"),
    ("xxxx", "M0 6 6 0M2 10 12 0M8 10 18 0M14 10 20 4M0 4 6 10M2 0 12 10M8 0 18 10M14 0 20 6"),
)


@dataclass(frozen=True, slots=True)
class Look:
    """How one series is drawn."""

    colour: str
    dash: tuple[float, ...]
    marker: str
    outline: str
    hatch: str
    strokes: str


def look(index: int) -> Look:
    """Return the look of a chart's n-th series; the first 140 differ."""
    marker, outline = _MARKERS[index % len(_MARKERS)]
    hatch, strokes = _HATCHES[index % len(_HATCHES)]
    return Look(
        colour=_COLOURS[index % len(_COLOURS)],
        dash=_DASHES[index % len(_DASHES)],
        marker=marker,
        outline=outline,
        hatch=hatch,
        strokes=strokes,
    )


def role_colour(trit: Trit) -> str:
    """Return the page's colour of a role, as CSS."""
    return VARIABLES[marks.role_color(trit).lower()]


def swatch(kind: str, index: int) -> Markup:
    """Return the small drawing that stands for the n-th series in a legend.

    Args:
        kind: ``"scatter"``, ``"line"``, ``"bar"`` or ``"histogram"``.
        index: The series' place in its chart.
    """
    style = look(index)
    colour = VARIABLES[style.colour]
    marker = f'<path d="{style.outline}" transform="translate(9 1)" fill="{colour}"/>'
    dash = " ".join(map(str, style.dash)) or "none"
    line = (
        f'<path d="M0 6h28" fill="none" stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="{dash}"/>'
    )
    box = f'<rect x="4" y="1" width="20" height="10" fill="{colour}" fill-opacity=".45" '
    hatch = f'<path d="{style.strokes}" transform="translate(4 1)" stroke="{colour}"/>'
    drawing = {
        "scatter": marker,
        "line": line + marker,
        "bar": f'{box}stroke="{colour}"/>{hatch}',
        "histogram": f'{box}stroke="{colour}" stroke-dasharray="{dash}"/>',
    }[kind]
    # Every piece above is a constant of this module, so nothing is left to escape.
    left, width = (8, 12) if kind == "scatter" else (0, 28)
    return Markup(  # noqa: S704
        f'<svg class="swatch" width="{width}" height="12" viewBox="{left} 0 {width} 12" '
        f'aria-hidden="true">'
        f"{drawing}</svg>"
    )
