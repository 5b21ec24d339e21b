"""The composition graph as SVG and PNG, drawn by matplotlib from a NetworkX layout.

Skills stand on the left, grouped by role, triads on the right. A role has a colour, a shape and
a kind of line, so that the picture reads in grey; what is not installed is hollow.
"""

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from plurigrid_ff.diagrams.model import Diagram, TriadState
from plurigrid_ff.diagrams.text import COLOURS
from plurigrid_ff.gf3 import format_trit

if TYPE_CHECKING:
    import networkx as nx
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Position = tuple[float, float]

MINUS = "\N{MINUS SIGN}"
INK = "#1b1f24"
MUTED = "#6a737d"
MARKERS = {-1: "v", 0: "o", 1: "^"}
LINES: dict[int, "str | tuple[int, tuple[float, ...]]"] = {
    -1: (0, (5, 2)),
    0: (0, (1.2, 1.6)),
    1: "solid",
}
ROLES = {-1: "validator", 0: "coordinator", 1: "generator"}
STATES: dict[TriadState, str] = {"ready": "s", "ports do not fit": "X", "wrong slots": "X"}
ROW = 0.34  # inches between neighbours
GAP = 0.7  # rows between roles
MAX_STEP = 2.5  # rows between neighbours of the shorter column
CHARACTER = 0.078  # inches of a letter at 9 points
SPAN = 4.0  # inches between the two columns
MANY_EDGES = 60  # beyond this, lines are thinner
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "plurigrid-ff",
    "font.family": "sans-serif",
    "text.parse_math": False,
}


def draw(diagram: Diagram, kind: Literal["svg", "png"]) -> bytes:
    """Draw the graph; the same graph gives the same bytes on the same matplotlib."""
    from matplotlib import style
    from matplotlib.figure import Figure

    with style.context(STYLE, after_reset=True):
        figure = Figure()
        _draw(diagram, figure)
        buffer = io.BytesIO()
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(buffer, format=kind, dpi=150, metadata=metadata, facecolor="white")
    return buffer.getvalue()


def edge_id(place: int) -> str:
    """Id of an edge's line in the SVG."""
    return f"edge-{place}"


def layout(diagram: Diagram) -> tuple[dict[str, Position], dict[str, Position]]:
    """Place skills and triads in two columns, in rows; of each column the middle is row 0.

    Triads are sorted by the mean place of their skills, which leaves few crossings.
    """
    rows, row = {}, 0.0
    previous = None
    for skill in diagram.skills:
        row += GAP if previous not in (None, skill.trit) else 0.0
        rows[skill.name] = row
        previous = skill.trit
        row += 1
    means = {
        triad.name: sum(rows[edge.skill] for edge in edges) / len(edges)
        for triad in diagram.triads
        for edges in [[edge for edge in diagram.edges if edge.triad == triad.name]]
    }
    ordered = sorted(means, key=lambda name: (means[name], name))
    # The shorter column is spread out, though not so far that its names look unrelated.
    left_step = min(MAX_STEP, max(1.0, len(ordered) / max(1.0, row)))
    right_step = min(MAX_STEP, max(1.0, row / max(1, len(ordered))))
    left = {name: (0.0, -place * left_step) for name, place in rows.items()}
    right = {name: (1.0, -place * right_step) for place, name in enumerate(ordered)}
    return _centred(left), _centred(right)


def _centred(column: dict[str, Position]) -> dict[str, Position]:
    """Move a column so that its middle is at 0."""
    if not column:
        return column
    rows = [y for _, y in column.values()]
    middle = (max(rows) + min(rows)) / 2
    return {name: (x, y - middle) for name, (x, y) in column.items()}


def _draw(diagram: Diagram, figure: "Figure") -> None:
    """Draw everything onto a figure of the right size."""
    left, right = layout(diagram)
    rows = [y for _, y in (*left.values(), *right.values())] or [0.0]
    margins = [
        0.5 + CHARACTER * max((len(name) for name in names), default=0)
        for names in ([_skill_text(s.name, s.installed) for s in diagram.skills], right)
    ]
    width = sum(margins) + SPAN
    height = ROW * (max(rows) - min(rows) + 1) + 1.0
    figure.set_size_inches(width, height)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(-margins[0] / SPAN, 1 + margins[1] / SPAN)
    # The legend takes 0.8 inches below the graph.
    axes.set_ylim(min(rows) - 0.5 - 0.8 / ROW, max(rows) + 0.5 + 0.2 / ROW)
    _draw_edges(diagram, axes, left, right)
    _draw_skills(diagram, axes, left)
    _draw_triads(diagram, axes, right)
    _draw_legend(diagram, axes)


def _draw_edges(
    diagram: Diagram, axes: "Axes", left: dict[str, Position], right: dict[str, Position]
) -> None:
    """Draw every edge as a curve that leaves and arrives level."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    for place, edge in enumerate(diagram.edges):
        (x, y), (u, v) = left[edge.skill], right[edge.triad]
        path = Path([(x, y), (0.5, y), (0.5, v), (u, v)], [Path.MOVETO] + [Path.CURVE4] * 3)
        patch = PathPatch(
            path,
            fill=False,
            edgecolor=COLOURS[edge.trit],
            linestyle=LINES[edge.trit],
            linewidth=1.4 if len(diagram.edges) <= MANY_EDGES else 1.0,
            alpha=0.85,
            zorder=1,
        )
        patch.set_gid(edge_id(place))
        axes.add_patch(patch)


def _draw_skills(diagram: Diagram, axes: "Axes", left: dict[str, Position]) -> None:
    """Draw the skills: filled where installed, hollow where not."""
    graph = _nodes(left)
    for trit, colour in COLOURS.items():
        for installed in (True, False):
            names = [s.name for s in diagram.skills if (s.trit, s.installed) == (trit, installed)]
            _draw_nodes(axes, graph, left, names, MARKERS[trit], colour, filled=installed)
    for skill in diagram.skills:
        x, y = left[skill.name]
        axes.text(
            x - 0.18 / SPAN,
            y,
            _skill_text(skill.name, skill.installed),
            ha="right",
            va="center",
            fontsize=9,
            color=INK if skill.installed else MUTED,
        )


def _draw_triads(diagram: Diagram, axes: "Axes", right: dict[str, Position]) -> None:
    """Draw the triads: a square, hollow if a skill is absent; a cross if it cannot be."""
    graph = _nodes(right)
    for state in ("ready", "ports do not fit", "wrong slots", "not installed"):
        names = [triad.name for triad in diagram.triads if triad.state == state]
        filled = state != "not installed"
        _draw_nodes(axes, graph, right, names, STATES.get(state, "s"), INK, filled=filled)
    for triad in diagram.triads:
        x, y = right[triad.name]
        colour = INK if triad.state == "ready" else MUTED
        axes.text(x + 0.18 / SPAN, y, triad.name, va="center", fontsize=9, color=colour)


def _nodes(column: dict[str, Position]) -> "nx.Graph[str]":
    """A graph of the nodes of a column."""
    import networkx as nx

    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(column)
    return graph


def _draw_nodes(
    axes: "Axes",
    graph: "nx.Graph[str]",
    column: dict[str, Position],
    names: list[str],
    marker: str,
    colour: str,
    *,
    filled: bool,
) -> None:
    """Draw nodes of one look."""
    import networkx as nx

    if names:
        nx.draw_networkx_nodes(
            graph,
            column,
            nodelist=names,
            ax=axes,
            node_size=70,
            node_shape=marker,
            node_color=colour if filled else "white",
            edgecolors=colour,
            linewidths=1.4,
        ).set_zorder(2)


def _skill_text(name: str, installed: bool) -> str:
    """Name a skill, and say if it is absent."""
    return name if installed else f"{name} (not installed)"


def _draw_legend(diagram: Diagram, axes: "Axes") -> None:
    """Explain the looks that occur."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=COLOURS[trit], marker=MARKERS[trit], linestyle=LINES[trit],  # type: ignore[arg-type]
               label=f"{ROLES[trit]} {format_trit(trit)}".replace("-", MINUS))
        for trit in COLOURS
    ]  # fmt: skip
    handles += [
        Line2D([], [], color=INK, marker=marker, linestyle="none", label=label,
               markerfacecolor=INK if filled else "white")
        for marker, filled, label in _states(diagram)
    ]  # fmt: skip
    axes.legend(
        handles=handles,
        loc="lower center",
        ncols=len(handles),
        frameon=False,
        fontsize=9,
        handlelength=2.4,
        columnspacing=1.6,
    )


def _states(diagram: Diagram) -> Iterator[tuple[str, bool, str]]:
    """Yield the looks of triads that occur, with what they mean."""
    states = {triad.state for triad in diagram.triads}
    if "ready" in states:
        yield "s", True, "triad that can run"
    if states & {"ports do not fit", "wrong slots"}:
        yield "X", True, "triad whose skills do not fit"
    if "not installed" in states:
        yield "s", False, "triad that lacks a skill"
