"""Draw a society: who talks to whom, how far neighbours disagree, and what each agent knows."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from plurigrid_ff.colors.marks import agent_colors
from plurigrid_ff.report.canvas import Canvas, open_canvas
from plurigrid_ff.report.curves import MAX_LINES
from plurigrid_ff.report.drawing import Drawing
from plurigrid_ff.report.palette import INK, MUTED
from plurigrid_ff.report.wording import NOTHING, format_number, format_share, shorten
from plurigrid_ff.results import Chart, Series, Table
from plurigrid_ff.society_results import EdgeMeasure, EdgeReport, SocietyReport

if TYPE_CHECKING:
    import networkx as nx

MAX_DRAWN_AGENTS = 64
MAX_DRAWN_EDGES = 400
_RING = 16  # so many agents stand on a circle; more are laid out by their edges
_NAMED = 16  # more agents than this stand without their names
_MIDDLE = 0.2  # agents so near to the middle axis are named above or below
_THIN, _THICK = 0.8, 5.0  # widths of the edges of least and of most discord

Places = Mapping[str, tuple[float, float]]


def draw_society(society: SocietyReport) -> Drawing:
    """Draw the graph: an edge is the thicker, the more its two agents disagreed in the end."""
    title = "Who talked to whom"
    if len(society.agents) > MAX_DRAWN_AGENTS or len(society.edges) > MAX_DRAWN_EDGES:
        note = f"{len(society.agents)} agents and {len(society.edges)} edges are too many to draw."
        return Drawing(title, None, note=f"{note} The tables have them.")
    import networkx as nx

    graph: nx.Graph[str] = nx.Graph()
    graph.add_nodes_from(agent.name for agent in society.agents)
    graph.add_edges_from(edge.between for edge in society.edges)
    with open_canvas("society", 520, 380) as canvas:
        places = _places(graph)
        _draw_edges(canvas, society.edges, places)
        _draw_agents(canvas, society, places)
        axes = canvas.axes
        axes.set_axis_off()
        axes.set_aspect("equal")
        axes.margins(0.45, 0.12)
        return Drawing(title, canvas.svg(_describe(society)), note=_note(society))


def _places(graph: "nx.Graph[str]") -> Places:
    """Place few agents on a circle in their order, many where their edges pull them."""
    import networkx as nx

    if graph.number_of_nodes() <= _RING:
        names = list(graph)
        turn = 2 * math.pi / max(1, len(names))
        return {n: (math.sin(k * turn), math.cos(k * turn)) for k, n in enumerate(names)}
    return {name: (float(x), float(y)) for name, (x, y) in nx.kamada_kawai_layout(graph).items()}


def _draw_edges(canvas: Canvas, edges: Sequence[EdgeReport], places: Places) -> None:
    """Draw every edge; one that nobody measured is dotted."""
    discords = {edge.between: last_discord(edge) for edge in edges}
    known = [value for value in discords.values() if value is not None]
    low, high = min(known, default=0.0), max(known, default=0.0)
    for (u, v), discord in discords.items():
        share = 0.0 if discord is None or high <= low else (discord - low) / (high - low)
        canvas.axes.plot(
            [places[u][0], places[v][0]],
            [places[u][1], places[v][1]],
            color=MUTED,
            linewidth=_THIN + share * (_THICK - _THIN),
            linestyle="dotted" if discord is None else "solid",
            solid_capstyle="round",
            alpha=0.7,
            zorder=1,
        )


def _draw_agents(canvas: Canvas, society: SocietyReport, places: Places) -> None:
    """Draw every agent in its colour, with its accuracy; a cross is one that was excluded."""
    colors = agent_colors(agent.name for agent in society.agents)
    named = len(society.agents) <= _NAMED
    for agent in society.agents:
        x, y = places[agent.name]
        if agent.excluded:
            canvas.axes.scatter([x], [y], s=140, marker="X", color=MUTED, zorder=3)
        else:
            color = colors[agent.name]
            canvas.axes.scatter([x], [y], s=220, color=color, edgecolors=INK, zorder=3)
        if named:
            label = canvas.word(f"{shorten(agent.name, 12)} {format_share(agent.test_accuracy)}")
            canvas.axes.annotate(label, (x, y), textcoords="offset points", **_beside(x, y))


def _beside(x: float, y: float) -> dict[str, Any]:
    """Place a name outside the circle that its agent stands on."""
    middle = abs(x) < _MIDDLE
    return {
        "xytext": (0, 15 if y > 0 else -15) if middle else (13 if x > 0 else -13, 0),
        "ha": "center" if middle else "left" if x > 0 else "right",
        "va": "center" if not middle else "bottom" if y > 0 else "top",
    }


def last_discord(edge: EdgeReport) -> float | None:
    """Return the discord that was measured last; None where nobody did."""
    measure = _discord(edge)
    return measure.values[-1] if measure and measure.values else None


def _discord(edge: EdgeReport) -> EdgeMeasure | None:
    """Find what a coordinator said of the edge's discord."""
    return next((measure for measure in edge.measures if measure.name == "discord"), None)


def _note(society: SocietyReport) -> str:
    """Say how to read the picture."""
    known = [value for edge in society.edges if (value := last_discord(edge)) is not None]
    parts = ["A node's number is its accuracy on the test split."]
    if known:
        parts.append(
            "The thicker an edge, the more its two agents disagreed in the last round: "
            f"{format_number(min(known))} to {format_number(max(known))}."
        )
    if any(agent.excluded for agent in society.agents):
        parts.append("A cross is an agent that was excluded.")
    return " ".join(parts)


def _describe(society: SocietyReport) -> str:
    """Say in words what the picture shows."""
    told = [
        f"{edge.between[0]} and {edge.between[1]}: {format_number(last_discord(edge))}"
        for edge in society.edges[:MAX_DRAWN_AGENTS]
    ]
    return (
        f"Graph {society.graph}: {len(society.agents)} agents, {len(society.edges)} edges. "
        f"Discord of {'; '.join(told)}."
    )


def discord_chart(society: SocietyReport) -> Chart | None:
    """Draw the discord of every edge over the rounds; of many, the most discordant."""
    found = [
        (edge, measure) for edge in society.edges if (measure := _discord(edge)) and measure.values
    ]
    if not found:
        return None
    worst = sorted(found, key=lambda pair: -pair[1].values[-1])[:MAX_LINES]
    hidden = len(found) > len(worst)
    return Chart(
        kind="line",
        title="Discord of neighbours",
        x_label="Round",
        y_label="Discord",
        series=tuple(
            Series(name=" and ".join(edge.between), x=measure.rounds, y=measure.values)
            for edge, measure in worst
        ),
        note=f"The {len(worst)} of {len(found)} edges with most in the end." if hidden else "",
    )


def agents_table(society: SocietyReport) -> Table:
    """Tell every agent's shard and what it came to."""
    return Table(
        title="Agents",
        columns=("Agent", "Samples", "Classes", "Validation", "Test", "Excluded"),
        rows=tuple(
            (
                agent.name,
                agent.samples,
                len(agent.classes),
                format_share(agent.validation_accuracy),
                format_share(agent.test_accuracy),
                agent.excluded or NOTHING,
            )
            for agent in society.agents
        ),
    )
