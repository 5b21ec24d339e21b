"""Tables and charts of a verdict. Numbers are rounded: a verdict is read, not computed with."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from plurigrid_ff.results import Chart, Series, Table
from plurigrid_ff_persistent_homology.diagrams import Diagrams
from plurigrid_ff_persistent_homology.gate import Layer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from plurigrid_ff_persistent_homology.rips import Loops

MOST_POINTS = 150
MOST_CHARTS = 8


@dataclass(frozen=True, slots=True)
class Finding:
    """What was seen of one layer of one agent.

    Attributes:
        layer: The comparison with itself before training.
        trained_share: Cross-class share over all probes, in one spanning tree.
        untrained_share: The same, before training.
        input_share: The same, of what the first layer reads.
        deaths: H0 deaths of the trained layer, ascending.
        untrained_deaths: H0 deaths of the untrained layer, ascending.
        loops: H1 of the trained layer.
    """

    layer: Layer
    trained_share: float
    untrained_share: float
    input_share: float
    deaths: "NDArray[np.float64]"
    untrained_deaths: "NDArray[np.float64]"
    loops: "Loops"

    @property
    def diagrams(self) -> Diagrams:
        """H0 and H1 of the trained layer."""
        h0 = np.column_stack([np.zeros_like(self.deaths), self.deaths])
        return Diagrams(h0, self.loops.diagram, self.loops.landmarks.radius)


def share_table(findings: Sequence[Finding]) -> Table:
    """One row per layer: who merged with whom."""
    rows = []
    for found in findings:
        compared = found.layer.comparison
        ratio = compared.ratio
        rows.append(
            (
                found.layer.agent,
                found.layer.index + 1,
                rounded(found.trained_share),
                rounded(found.untrained_share),
                rounded(found.input_share),
                rounded(compared.trained.mean),
                rounded(compared.untrained.mean),
                None if ratio is None else rounded(ratio),
            )
        )
    return Table(
        title="Cross-class share of H0 merges",
        columns=(
            "agent",
            "layer",
            "trained",
            "untrained",
            "input",
            "avoidable, trained",
            "avoidable, untrained",
            "ratio",
        ),
        rows=tuple(rows),
        note="Share of spanning-tree edges that join different classes. The ratio compares "
        "means over disjoint blocks of probes, less the merges that no tree can avoid.",
    )


def topology_table(findings: Sequence[Finding]) -> Table:
    """One row per layer: loops, and how well the landmarks cover."""
    rows = []
    for found in findings:
        loops = found.loops
        lifetimes = loops.diagram[:, 1] - loops.diagram[:, 0]
        rows.append(
            (
                found.layer.agent,
                found.layer.index + 1,
                len(loops.landmarks.indices),
                rounded(loops.landmarks.radius),
                rounded(loops.connected_at),
                1,
                loops.betti_1,
                len(loops.diagram),
                rounded(float(lifetimes.max(initial=0.0))),
                rounded(_moved(found)),
            )
        )
    return Table(
        title="Topology of the trained layers",
        columns=(
            "agent",
            "layer",
            "landmarks",
            "covering radius",
            "connected at",
            "Betti 0",
            "Betti 1",
            "H1 classes",
            "longest H1 lifetime",
            "H0 moved by training",
        ),
        rows=tuple(rows),
        note="Activities scaled to unit length; Betti numbers at the scale where the landmarks "
        "become connected; diagrams are within twice the covering radius (bottleneck). The last "
        "column is the bottleneck distance of the H0 diagrams before and after training.",
    )


def charts(findings: Sequence[Finding]) -> tuple[Chart, ...]:
    """Shares and component counts per agent, then a diagram for each of its layers."""
    drawn: list[Chart] = []
    for agent in dict.fromkeys(found.layer.agent for found in findings):
        own = [found for found in findings if found.layer.agent == agent]
        drawn += [_share_chart(agent, own), _betti_chart(own[-1])]
        drawn += [_diagram(found) for found in reversed(own)]
    return tuple(drawn[:MOST_CHARTS])


def rounded(number: float) -> float:
    """Keep four significant digits."""
    return float(f"{number:.4g}")


def _moved(found: Finding) -> float:
    """Return the bottleneck distance of a layer's H0 diagram to that before training."""
    import gudhi

    after, before = (
        np.column_stack([np.zeros(len(ends)), ends])
        for ends in (found.deaths, found.untrained_deaths)
    )
    return float(gudhi.bottleneck_distance(after, before))


def _share_chart(agent: str, findings: Sequence[Finding]) -> Chart:
    """Draw the share from layer to layer."""
    layers = tuple(float(found.layer.index + 1) for found in findings)
    named = {
        "trained": [found.trained_share for found in findings],
        "untrained": [found.untrained_share for found in findings],
        "input": [found.input_share for found in findings],
    }
    return Chart(
        kind="line",
        title=f"Cross-class share of H0 merges, {agent}",
        x_label="layer",
        y_label="share",
        series=tuple(Series(name=name, x=layers, y=_numbers(y)) for name, y in named.items()),
        note="One spanning tree of all probes per layer.",
    )


def _betti_chart(found: Finding) -> Chart:
    """Draw how many components are left at each scale."""
    series = []
    for name, ends in (("trained", found.deaths), ("untrained", found.untrained_deaths)):
        left = np.arange(len(ends), 0, -1)
        kept = _spread(len(ends))
        series.append(Series(name=name, x=_numbers(ends[kept]), y=_numbers(left[kept])))
    return Chart(
        kind="line",
        title=f"Components, {found.layer.name}",
        x_label="scale",
        y_label="Betti 0",
        series=tuple(series),
    )


def _diagram(found: Finding) -> Chart:
    """Draw births and deaths."""
    components = found.deaths[_spread(len(found.deaths))]
    loops = found.loops.diagram[:MOST_POINTS]
    hidden = len(found.loops.diagram) - len(loops)
    return Chart(
        kind="scatter",
        title=f"Persistence diagram, {found.layer.name}",
        x_label="birth",
        y_label="death",
        series=(
            Series(name="H0", x=_numbers(np.zeros(len(components))), y=_numbers(components)),
            Series(name="H1", x=_numbers(loops[:, 0]), y=_numbers(loops[:, 1])),
        ),
        diagonal=True,
        note=f"{hidden} short-lived H1 classes are not drawn." if hidden else "",
    )


def _spread(count: int) -> "NDArray[np.intp]":
    """Return at most MOST_POINTS indices, evenly spread, both ends included."""
    return np.unique(np.linspace(0, count - 1, min(count, MOST_POINTS)).astype(np.intp))


def _numbers(values: "NDArray[np.generic] | Sequence[float]") -> tuple[float, ...]:
    """Round to plain floats, which JSON can hold."""
    return tuple(rounded(float(value)) for value in np.asarray(values).tolist())
