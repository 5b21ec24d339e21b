"""Draw the confusion matrix, and name the pairs of classes that are mistaken most."""

from collections.abc import Sequence

import numpy as np

from plurigrid_ff.report.canvas import Canvas, open_canvas
from plurigrid_ff.report.drawing import Drawing
from plurigrid_ff.report.palette import INK, POSITIVE
from plurigrid_ff.report.wording import display_width, shorten
from plurigrid_ff.results import Table

MAX_NAMED = 30
MAX_PAIRS = 10
SMALLEST_DIGIT = 7.5  # pixels; smaller digits cannot be read
_NAME_COLUMNS = 14
_MARGIN = 130  # pixels beside the cells, for names of common length
_WHITE = "#ffffff"

Counts = Sequence[Sequence[int]]


def is_square(counts: Counts) -> bool:
    """Whether there is a matrix, and every row is as long as there are rows."""
    return bool(counts) and all(len(row) == len(counts) for row in counts)


def class_name(names: Sequence[str], index: int) -> str:
    """Return a class's name, or its number where it has none."""
    return shorten(names[index], 40) if index < len(names) and names[index].strip() else str(index)


def draw_confusion(counts: Counts, names: Sequence[str]) -> Drawing:
    """Draw shares of each true class as shades of blue, with counts where they fit."""
    title = "Confusion matrix"
    if not is_square(counts):
        return Drawing(title, None, note="No labelled test samples were counted.")
    size = len(counts)
    side = min(560.0, 220.0 + 34.0 * size)
    table = np.array(counts, dtype=np.float64)  # (true, predicted)
    shares = table / np.maximum(table.sum(axis=1, keepdims=True), 1)
    # The square root lets a share of 1 % be seen beside one of 100 %.
    shades = np.sqrt(np.clip(shares, 0, 1))
    with open_canvas("confusion", side, side) as canvas:
        blue = [int(POSITIVE[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        pixels = np.concatenate([np.broadcast_to(blue, (size, size, 3)), shades[..., None]], -1)
        canvas.axes.imshow(pixels, interpolation="none")
        _name_axes(canvas, names, size, (side - _MARGIN) / size)
        numbered = _write_counts(canvas, counts, shades, side)
        right = int(np.trace(table))
        told = f"{title} of {size} classes: {right} of {int(table.sum())} on the diagonal."
        note = "Shade: share of the true class, square-root scale."
        if not numbered:
            note += " The counts are in report.json."
        return Drawing(title, canvas.svg(told), note=note)


def _name_axes(canvas: Canvas, names: Sequence[str], size: int, cell: float) -> None:
    """Label rows and columns, every n-th where there are many cells, ``cell`` pixels wide."""
    step = -(-size // MAX_NAMED)
    places = range(0, size, step)
    words = [class_name(names, place) for place in places]
    widest = max(map(display_width, words))
    axes = canvas.axes
    axes.set_yticks(places, [canvas.word(word, _NAME_COLUMNS) for word in words])
    axes.set_xticks(places, [canvas.word(word, _NAME_COLUMNS) for word in words])
    if min(widest, _NAME_COLUMNS) * 7 > cell * step:
        axes.tick_params(axis="x", labelrotation=90)
    if len(words) > 16:
        axes.tick_params(labelsize=10)
    axes.set_xlabel("Predicted class")
    axes.set_ylabel("True class")
    axes.spines[:].set_visible(True)


def _write_counts(canvas: Canvas, counts: Counts, shades: np.ndarray, side: float) -> bool:
    """Write the counts into the cells if digits of a readable size fit."""
    digits = max(len(f"{count}") for row in counts for count in row)
    cell = (side - _MARGIN) / len(counts)
    height = min(12.0, (cell - 4) / (0.62 * digits))
    if height < SMALLEST_DIGIT:
        return False
    for true, row in enumerate(counts):
        for predicted, count in enumerate(row):
            if count:
                dark = shades[true, predicted] > 0.85
                canvas.axes.text(
                    predicted,
                    true,
                    f"{count}",
                    ha="center",
                    va="center_baseline",
                    fontsize=height,
                    color=_WHITE if dark else INK,
                )
    return True


def most_confused(counts: Counts, names: Sequence[str]) -> Table | None:
    """List the pairs of classes with the most mistakes; None if there are none."""
    if not is_square(counts):
        return None
    mistakes = [
        (count, true, predicted)
        for true, row in enumerate(counts)
        for predicted, count in enumerate(row)
        if count > 0 and true != predicted
    ]
    mistakes.sort(key=lambda mistake: (-mistake[0], mistake[1], mistake[2]))
    rows = tuple(
        (
            class_name(names, true),
            class_name(names, predicted),
            count,
            round(100 * count / sum(counts[true]), 1),
        )
        for count, true, predicted in mistakes[:MAX_PAIRS]
    )
    if not rows:
        return None
    more = len(mistakes) - len(rows)
    return Table(
        title="Most confused pairs",
        columns=("True class", "Taken for", "Samples", "% of true class"),
        rows=rows,
        note=f"{more:,} more pairs are confused." if more else "",
    )
