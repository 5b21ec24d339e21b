"""Draw a :class:`~plurigrid_ff.results.Chart`: scatter, line or bar."""

from itertools import pairwise

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from plurigrid_ff.report.canvas import open_canvas
from plurigrid_ff.report.drawing import Drawing
from plurigrid_ff.report.palette import MUTED, Look, look, swatch
from plurigrid_ff.report.wording import format_number, shorten
from plurigrid_ff.results import Chart, Series

MAX_VECTOR_POINTS = 2000  # beyond this a scatter is embedded as pixels: the file stays small
MAX_MARKED_POINTS = 30
LARGEST = 1e100  # matplotlib's arithmetic on axes overflows somewhere above
_MAX_DESCRIBED = 8

Points = list[tuple[float, float]]


def draw_chart(chart: Chart, key: str) -> Drawing:
    """Draw one chart.

    Args:
        chart: Points of any number of series; series may be empty.
        key: Unique on the page.
    """
    points = [_points(series) for series in chart.series]
    legend = tuple(
        (swatch(chart.kind, index), series.name)
        for index, series in enumerate(chart.series)
        if series.name.strip()
    )
    reason = _why_not(points)
    if reason:
        return Drawing(chart.title, None, note=" ".join(filter(None, (reason, chart.note))))
    width, height = (400, 380) if chart.diagonal else (460, 280)
    with open_canvas(key, width, height) as canvas:
        axes = canvas.axes
        for index, series_points in enumerate(points):
            _DRAW[chart.kind](axes, series_points, look(index), (index, len(points)))
        axes.set_xlabel(canvas.word(chart.x_label))
        axes.set_ylabel(canvas.word(chart.y_label, limit=36))
        axes.grid(axis="both" if chart.kind == "scatter" else "y")
        _place_ticks(axes, chart, points)
        if chart.diagonal:
            _draw_diagonal(axes, points)
        return Drawing(chart.title, canvas.svg(_describe(chart, points)), legend, chart.note)


def _points(series: Series) -> Points:
    """Pair the coordinates; a coordinate without a partner is left out."""
    return list(zip(series.x, series.y, strict=False))


def _why_not(points: list[Points]) -> str:
    """Say why there is nothing to draw, or nothing."""
    if not any(points):
        return "No points to draw."
    if any(max(abs(x), abs(y)) > LARGEST for series in points for x, y in series):
        return "Not drawn: some numbers are too large for an axis."
    return ""


def _draw_scatter(axes: Axes, points: Points, style: Look, place: tuple[int, int]) -> None:
    """Draw points."""
    axes.scatter(
        [x for x, _ in points],
        [y for _, y in points],
        s=30,
        marker=style.marker,
        color=style.colour,
        alpha=0.75,
        linewidths=0,
        clip_on=False,
        rasterized=len(points) > MAX_VECTOR_POINTS,
        zorder=3,
    )


def _draw_line(axes: Axes, points: Points, style: Look, place: tuple[int, int]) -> None:
    """Draw a line, with markers while they can be told apart."""
    axes.plot(
        [x for x, _ in points],
        [y for _, y in points],
        color=style.colour,
        linewidth=1.8,
        linestyle=(0, tuple(length / 1.8 for length in style.dash)) if style.dash else "solid",
        marker=style.marker if len(points) <= MAX_MARKED_POINTS else None,
        markersize=5,
        clip_on=False,
        zorder=3,
    )


def _draw_bar(axes: Axes, points: Points, style: Look, place: tuple[int, int]) -> None:
    """Draw bars, those of several series side by side."""
    index, count = place
    positions = sorted({x for x, _ in points})
    gap = min((after - before for before, after in pairwise(positions)), default=1.0)
    width = 0.8 * gap / count
    places = [x + (index - (count - 1) / 2) * width for x, _ in points]
    heights = [y for _, y in points]
    axes.bar(places, heights, width, color=style.colour, alpha=0.45, linewidth=0)
    # A second time for the hatch, which would fade with the fill.
    axes.bar(places, heights, width, color="none", edgecolor=style.colour, hatch=style.hatch)


_DRAW = {"scatter": _draw_scatter, "line": _draw_line, "bar": _draw_bar}


def _place_ticks(axes: Axes, chart: Chart, points: list[Points]) -> None:
    """Put ticks on whole numbers where x counts something."""
    positions = sorted({x for series in points for x, _ in series})
    whole = all(x == round(x) and abs(x) < 1e9 for x in positions)
    if chart.kind != "scatter" and whole:
        if len(positions) <= 10:
            axes.set_xticks(positions, [f"{x:.0f}" for x in positions])
        else:
            axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))


def _draw_diagonal(axes: Axes, points: list[Points]) -> None:
    """Draw y = x on two axes of the same extent."""
    values = [value for series in points for point in series for value in point]
    low, high = min(values), max(values)
    margin = 0.05 * (high - low) or abs(high) * 0.05 or 1.0
    ends = (low - margin, high + margin)
    axes.plot(ends, ends, color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=2)
    axes.set(xlim=ends, ylim=ends, aspect="equal")


def _describe(chart: Chart, points: list[Points]) -> str:
    """Say in words what the chart shows."""
    kind = {"scatter": "Scatter plot", "line": "Line chart", "bar": "Bar chart"}[chart.kind]
    parts = [f"{kind}: {chart.title}. {chart.y_label} against {chart.x_label}."]
    described = list(zip(chart.series, points, strict=True))
    for series, pairs in described[:_MAX_DESCRIBED]:
        name = shorten(series.name, 80) or "Series"
        if not pairs:
            parts.append(f"{name}: no points.")
            continue
        heights = [y for _, y in pairs]
        parts.append(
            f"{name}: {len(pairs)} points, first {format_number(heights[0])}, "
            f"last {format_number(heights[-1])}, lowest {format_number(min(heights))}, "
            f"highest {format_number(max(heights))}."
        )
    if len(described) > _MAX_DESCRIBED:
        parts.append(f"And {len(described) - _MAX_DESCRIBED} more series.")
    return " ".join(parts)
