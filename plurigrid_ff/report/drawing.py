"""A chart as the page shows it: the picture, its legend, and its words."""

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Drawing:
    """One figure of the page.

    Attributes:
        svg: Inline SVG; None where there was nothing to draw, and ``note`` says why.
        legend: One swatch and one name per series.
    """

    title: str
    svg: Markup | None
    legend: tuple[tuple[Markup, str], ...] = ()
    note: str = ""
