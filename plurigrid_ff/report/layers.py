"""Draw what each layer knows: its accuracy, and the goodness of both kinds of sample."""

from collections.abc import Sequence

from matplotlib.axes import Axes

from plurigrid_ff.report.canvas import Canvas, open_canvas
from plurigrid_ff.report.curves import spread
from plurigrid_ff.report.drawing import Drawing
from plurigrid_ff.report.palette import MUTED, NEGATIVE, POSITIVE, swatch
from plurigrid_ff.report.wording import format_number, format_share, shorten
from plurigrid_ff.results import Histogram, LayerReport

MAX_ROWS = 16  # more layers than this stand side by side, without a name each
MAX_PANELS = 64


def draw_accuracy(layers: Sequence[LayerReport], num_classes: int) -> Drawing:
    """Draw the accuracy of every layer, with chance as a dashed line."""
    title = "Test accuracy of each layer alone"
    if not layers:
        return Drawing(title, None, note="No layer was measured.")
    rows = len(layers) <= MAX_ROWS
    with open_canvas("accuracy", 460, 50 + 28 * len(layers) if rows else 220) as canvas:
        (_draw_rows if rows else _draw_columns)(canvas, layers)
        note = _draw_chance(canvas.axes, num_classes, vertical=rows)
        told = "; ".join(
            f"layer {layer.index + 1}: {format_share(layer.accuracy)}" for layer in layers
        )
        return Drawing(title, canvas.svg(f"Bar chart: {title}. {told}."), note=note)


def _draw_rows(canvas: Canvas, layers: Sequence[LayerReport]) -> None:
    """Draw one named horizontal bar per layer, the first on top."""
    axes = canvas.axes
    places = range(len(layers))
    axes.barh(places, [100 * layer.accuracy for layer in layers], 0.62, color=POSITIVE)
    for place, layer in zip(places, layers, strict=True):
        axes.annotate(
            canvas.word(format_share(layer.accuracy)),
            (100 * max(0.0, layer.accuracy), place),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
        )
    names = [f"{layer.index + 1} · {shorten(layer.kind, 14)} {layer.sizes}" for layer in layers]
    axes.set_yticks(places, [canvas.word(name, 34) for name in names])
    axes.invert_yaxis()
    axes.set_xlim(0, 118)
    axes.set_xticks(range(0, 101, 20))
    axes.set_xlabel("Accuracy (%)")
    axes.spines["left"].set_visible(False)


def _draw_columns(canvas: Canvas, layers: Sequence[LayerReport]) -> None:
    """Draw one slim upright bar per layer."""
    axes = canvas.axes
    axes.bar(
        [layer.index + 1 for layer in layers],
        [100 * layer.accuracy for layer in layers],
        0.7,
        color=POSITIVE,
    )
    axes.set_xlim(layers[0].index + 0.2, layers[-1].index + 1.8)
    axes.set_ylim(0, 100)
    axes.set_xlabel("Layer")
    axes.set_ylabel("Accuracy (%)")
    axes.grid(axis="y")


def _draw_chance(axes: Axes, num_classes: int, *, vertical: bool) -> str:
    """Draw the accuracy of guessing, and return the note that explains it."""
    if num_classes < 2:
        return ""
    chance = 100 / num_classes
    draw = axes.axvline if vertical else axes.axhline
    draw(chance, color=MUTED, linewidth=1.2, linestyle=(0, (4, 3)), zorder=3)
    return f"Dashed: guessing one of {num_classes} classes, {format_share(chance / 100)}."


def goodness_legend() -> tuple[tuple[str, str], ...]:
    """Return the legend that all panels share."""
    return (
        (swatch("histogram", 0), "Positive: the true label"),
        (swatch("histogram", 1), "Negative: a wrong label"),
    )


def draw_goodness(layers: Sequence[LayerReport]) -> tuple[Drawing, ...]:
    """Draw one small panel per layer, at most ``MAX_PANELS`` of them."""
    shown = spread(range(len(layers)), MAX_PANELS)
    return tuple(_draw_panel(layers[place]) for place in shown)


def _draw_panel(layer: LayerReport) -> Drawing:
    """Draw the two histograms of one layer over each other."""
    title = f"Layer {layer.index + 1}"
    histogram = layer.goodness
    if not _is_drawable(histogram):
        return Drawing(title, None, note="No histogram was kept.")
    with open_canvas(f"goodness-{layer.index}", 300, 190) as canvas:
        axes = canvas.axes
        axes.stairs(histogram.positive, histogram.edges, fill=True, color=POSITIVE, alpha=0.45)
        axes.stairs(histogram.positive, histogram.edges, color=POSITIVE, linewidth=1.4)
        axes.stairs(histogram.negative, histogram.edges, fill=True, color=NEGATIVE, alpha=0.3)
        axes.stairs(
            histogram.negative,
            histogram.edges,
            color=NEGATIVE,
            linewidth=1.4,
            linestyle=(0, (4, 2)),
        )
        axes.set_ylim(bottom=0)
        axes.set_xlabel("Goodness")
        axes.set_ylabel("Samples")
        axes.locator_params(axis="x", nbins=5)
        axes.locator_params(axis="y", nbins=4)
        return Drawing(title, canvas.svg(_describe(layer)))


def _is_drawable(histogram: Histogram) -> bool:
    """Whether there are bins, and one more edge than bins, in order."""
    bins = len(histogram.positive)
    return (
        bins > 0
        and len(histogram.negative) == bins
        and len(histogram.edges) == bins + 1
        and list(histogram.edges) == sorted(histogram.edges)
        and max(map(abs, histogram.edges)) < 1e100
    )


def _describe(layer: LayerReport) -> str:
    """Say in words what a panel shows."""
    return (
        f"Histogram of goodness in layer {layer.index + 1}: "
        f"positives with mean {format_number(layer.goodness_positive)}, "
        f"negatives with mean {format_number(layer.goodness_negative)}."
    )
