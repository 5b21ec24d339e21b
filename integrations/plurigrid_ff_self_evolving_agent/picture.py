"""The lineage as a picture: who descends from whom, and how good each was."""

import io

from plurigrid_ff_self_evolving_agent.archive import Archive
from plurigrid_ff_self_evolving_agent.evolution import best_of, line_of

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Okabe & Ito (2002); islands beyond six share them and differ by marker."""
MARKERS = "os^Dv"
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "plurigrid-ff",
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw_lineage(archive: Archive) -> bytes:
    """Draw all individuals that were measured, as SVG; the same archive gives the same bytes.

    Who was accepted is filled, who was not is hollow; the line of the best one is thick.
    """
    from matplotlib import style
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    homes = sorted({record.agent for record in archive.records})
    measured = {r.name: r for r in archive.records if r.fitness is not None}
    best = {record.name for record in line_of(archive, best_of(archive).name)}
    with style.context(STYLE, after_reset=True):
        figure = Figure(figsize=(8, 5), layout="constrained")
        axes = figure.add_subplot()
        place = {
            name: (
                record.round + 0.6 * homes.index(record.agent) / len(homes),
                record.fitness or 0.0,
            )
            for name, record in measured.items()
        }
        for name, record in measured.items():
            for parent in record.parents:
                if parent not in place:
                    continue
                (x0, y0), (x1, y1) = place[parent], place[name]
                on_line = name in best and parent in best
                width, ink = (2.0, "#1b1f24") if on_line else (0.6, "#9aa3ad")
                axes.plot([x0, x1], [y0, y1], color=ink, linewidth=width, zorder=1)
        for index, home in enumerate(homes):
            colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
            for accepted, face in ((True, colour), (False, "white")):
                own = [
                    place[name]
                    for name, record in measured.items()
                    if record.agent == home and record.accepted == accepted
                ]
                axes.scatter(
                    [x for x, _ in own],
                    [y for _, y in own],
                    s=28,
                    marker=marker,
                    facecolor=face,
                    edgecolor=colour,
                    label=home if accepted else None,
                    zorder=2,
                )
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("generation or round")
        axes.set_ylabel("fitness: accuracy on probes for selection")
        axes.legend(frameon=False, title="filled: accepted", loc="lower right")
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue()


def text_tree(archive: Archive) -> list[str]:
    """Return the accepted individuals as lines of text, children under their parents."""
    children: dict[str, list[str]] = {}
    roots = []
    for record in archive.records:
        if record.accepted:
            for parent in record.parents:
                children.setdefault(parent, []).append(record.name)
            if not record.parents:
                roots.append(record.name)
    lines: list[str] = []
    stack = [(name, 0) for name in reversed(roots)]
    while stack:
        name, depth = stack.pop()
        record = archive[name]
        fitness = "" if record.fitness is None else f"  {record.fitness:.2%}"
        lines.append(f"{'  ' * depth}{name}  {record.origin}{fitness}")
        stack += [(child, depth + 1) for child in reversed(children.get(name, []))]
    return lines
