"""A matplotlib figure that becomes inline SVG in the page's own colours and font.

Names are user data. matplotlib would read ``$`` as mathematics and warn of letters that its
font lacks, so it lays out harmless stand-ins, and the names take their place afterwards.
"""

import io
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager

from markupsafe import Markup
from matplotlib import style
from matplotlib.figure import Figure

from plurigrid_ff.report.palette import GRID, INK, MUTED, VARIABLES
from plurigrid_ff.report.wording import clean, display_width, shorten

_SVG = "{http://www.w3.org/2000/svg}"
_HREF = "{http://www.w3.org/1999/xlink}href"
_DROPPED = {f"{_SVG}metadata", f"{_SVG}style"}
_LONG_DECIMAL = re.compile(r"-?\d+\.\d{3,}")
_FONT_SIZE = re.compile(r"font[^;]*?(\d[\d.]*)px[^;]*")

STYLE = {
    "axes.formatter.useoffset": False,  # a number on the axis is the number
    "svg.fonttype": "none",
    "svg.hashsalt": "plurigrid-ff",
    "font.size": 12,
    "axes.titlesize": 12,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "xtick.major.pad": 5,
    "ytick.major.pad": 5,
    "xtick.minor.size": 0,
    "ytick.minor.size": 0,
    "hatch.linewidth": 0.7,
}


class Canvas:
    """One figure and the words on it. Sizes are in CSS pixels at natural size."""

    def __init__(self, key: str, width: float, height: float) -> None:
        self.key = key
        self.width = width
        self.figure = Figure(figsize=(width / 72, height / 72), dpi=72, layout="constrained")
        self.axes = self.figure.add_subplot()
        self._words: dict[str, str] = {}

    def word(self, text: str, limit: int = 48) -> str:
        """Return a stand-in of the same width for a text that anybody may have written."""
        shown = shorten(text, limit)
        if not shown:
            return ""
        token = f"t{len(self._words)}".ljust(display_width(shown), "x")
        self._words[token] = shown
        return token

    def svg(self, description: str) -> Markup:
        """Draw the figure; ``description`` is what a screen reader says instead."""
        buffer = io.StringIO()
        self.figure.savefig(
            buffer, format="svg", dpi=144, transparent=True, metadata={"Date": None}
        )
        root = ET.fromstring(buffer.getvalue())  # noqa: S314 - matplotlib's own output
        _drop(root)
        self._restore_words(root)
        _localise_ids(root, self.key)
        for element in root.iter():
            _tidy(element)
        box = root.get("viewBox", "")
        root.attrib.clear()
        root.attrib.update(
            {
                "xmlns": _SVG[1:-1],
                "viewBox": box,
                "style": f"max-width: {self.width:g}px",
                "role": "img",
                "aria-label": clean(description),
            }
        )
        # ElementTree has escaped every text and attribute.
        return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704

    def _restore_words(self, root: ET.Element) -> None:
        """Put the names where their stand-ins are."""
        for element in root.iter(f"{_SVG}text"):
            token = "".join(element.itertext()).strip()
            if token in self._words:
                for child in list(element):
                    element.remove(child)
                element.text = self._words[token]


@contextmanager
def open_canvas(key: str, width: float = 460, height: float = 280) -> Iterator[Canvas]:
    """Yield a canvas in the page's style, whatever the user's own matplotlib settings.

    Args:
        key: Unique on the page: ids inside the drawing begin with it.
        width: Natural width; the page shrinks the drawing where there is less room.
        height: Natural height.
    """
    with style.context(STYLE, after_reset=True):
        yield Canvas(key, width, height)


def _drop(root: ET.Element) -> None:
    """Remove metadata and the style element, which would apply to the whole page."""
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in _DROPPED:
                parent.remove(child)


def _localise_ids(root: ET.Element, key: str) -> None:
    """Keep the ids that something refers to, and make them unique on the page."""
    text = ET.tostring(root, encoding="unicode")
    used = set(re.findall(r"#([A-Za-z]\w{8,})", text))
    for element in root.iter():
        name = element.attrib.pop("id", None)
        if name in used:
            element.set("id", f"{key}-{name}")
        if (target := element.attrib.pop(_HREF, None)) is not None:
            local = target.startswith("#")
            element.set("href", f"#{key}-{target[1:]}" if local else target)
        for attribute in ("clip-path", "style"):
            if value := element.get(attribute):
                element.set(attribute, value.replace("url(#", f"url(#{key}-"))


def _tidy(element: ET.Element) -> None:
    """Use the page's colours and font, plain tag names, and two decimals."""
    element.tag = element.tag.removeprefix(_SVG)
    if declared := element.get("style"):
        declared = _FONT_SIZE.sub(r"font-size: \1px", declared, count=1)
        declared = re.sub(r"font-family:[^;]*;?", "", declared)
        for stand_in, colour in VARIABLES.items():
            declared = declared.replace(stand_in, colour)
        element.set("style", declared)
    for attribute in ("d", "x", "y", "transform"):
        if value := element.get(attribute):
            short = _LONG_DECIMAL.sub(lambda found: f"{float(found[0]):.2f}", value)
            element.set(attribute, " ".join(short.split()))
    if element.text is not None and not element.text.strip():
        element.text = None
    element.tail = None
