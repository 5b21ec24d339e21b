"""What was found, as a picture: accuracy as time goes on, a line per learner."""

import io
from collections.abc import Mapping, Sequence

from plurigrid_ff.colors import marks
from plurigrid_ff.continual.settings import ClassesReport, StreamReport

COLOURS = (marks.BLUE, marks.VERMILLION, marks.GREEN, marks.PURPLE, marks.ORANGE, marks.SKY)
DASHES = ("-", "--", ":", "-.")
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "plurigrid-ff",
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
}

Line = tuple[Sequence[float], Sequence[float]]


def draw_stream(report: StreamReport) -> bytes:
    """Draw prequential accuracy in windows, as SVG; the same report gives the same bytes.

    Grey lines are where the stream changes at once; the warm-up is shaded.
    """
    lines = {}
    for name, found in report.found.items():
        ends = [found.window * (place + 1) for place in range(len(found.windows))]
        ends[-1] = min(ends[-1], report.settings.samples)
        lines[name] = (ends, found.windows)
    title = f"{report.settings.stream}, seed {report.settings.seed}"
    return _draw(
        lines,
        title,
        "samples",
        "prequential accuracy",
        shaded=report.settings.warmup,
        marked=report.drifts,
    )


def draw_classes(report: ClassesReport) -> bytes:
    """Draw the accuracy over all classes so far after each task, as SVG."""
    lines = {
        name: (
            list(range(1, len(found.accuracy) + 1)),
            [sum(row) / len(row) for row in found.accuracy],
        )
        for name, found in report.found.items()
    }
    settings = report.settings
    title = f"{settings.data.source}, {settings.replay} remembered per class, seed {settings.seed}"
    return _draw(lines, title, "tasks learned", "average accuracy", shaded=0, marked=())


def _draw(
    lines: Mapping[str, Line],
    title: str,
    x_label: str,
    y_label: str,
    *,
    shaded: int,
    marked: Sequence[int],
) -> bytes:
    """Draw lines that differ by colour and by dash."""
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(STYLE, after_reset=True):
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        axes = figure.add_subplot(title=title, xlabel=x_label, ylabel=y_label, ylim=(0, 1.02))
        if shaded:
            axes.axvspan(0, shaded, color="#eef0f2", zorder=0)
        for place in marked:
            axes.axvline(place, color="#9aa3ad", linewidth=0.8, zorder=1)
        for index, (name, (x, y)) in enumerate(lines.items()):
            axes.plot(
                x,
                y,
                label=name,
                color=COLOURS[index % len(COLOURS)],
                linestyle=DASHES[index % len(DASHES)],
                marker="o" if len(x) <= 20 else "",
            )
        figure.legend(frameon=False, loc="outside lower center", ncols=5)
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()
