"""A society in the report: what its agents came to, and what was told of its edges."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from plurigrid_ff.digest import digest
from plurigrid_ff.host.acting import EDGES
from plurigrid_ff.host.folder import agent_file
from plurigrid_ff.host.log import LogEntry
from plurigrid_ff.host.skill import RunContext, TrainedAgent
from plurigrid_ff.host.society import Society
from plurigrid_ff.results import Assessment
from plurigrid_ff.society_results import AgentReport, EdgeMeasure, EdgeReport, SocietyReport


def save_networks(networks: Mapping[str, TrainedAgent], society: Society, folder: Path) -> None:
    """Write the network of every agent that took part to the end."""
    for name in society.agents:
        if name not in networks:
            continue
        path = agent_file(folder, name)
        path.parent.mkdir(exist_ok=True)
        networks[name].save_network(path)


def report_society(
    context: RunContext,
    ended: Society,
    networks: Mapping[str, TrainedAgent],
    entries: Iterable[LogEntry],
) -> tuple[SocietyReport, Assessment | None]:
    """Measure every agent on the same test split.

    Args:
        context: The run's settings, its data before they were dealt, and all agents.
        ended: Those that took part to the end, and why others did not.
        networks: What was trained, by agent; empty if nothing was.
        entries: The log, for what coordinators told of edges.

    Returns:
        The report, and the whole assessment of the best agent.
    """
    config, data, began = context.run.society, context.data, context.society
    assessed = {name: networks[name].assess() for name in ended.agents if name in networks}
    validated = {name: networks[name].validation_accuracy() for name in assessed}
    best = max(validated, key=lambda name: validated[name], default=None)
    agents = []
    for name in began.graph:
        labels = data.train.y[began.shards[name]]
        agents.append(
            AgentReport(
                name=name,
                samples=len(labels),
                classes=tuple(data.class_names[c] for c in sorted(set(labels.tolist()))),
                validation_accuracy=validated.get(name),
                test_accuracy=assessed[name].accuracy if name in assessed else None,
                parameters=digest(networks[name].parameters()) if name in assessed else None,
                excluded=ended.excluded.get(name),
            )
        )
    report = SocietyReport(
        graph=config.graph,
        shards=config.shards,
        start=config.start,
        best=best,
        agents=tuple(agents),
        edges=_edges(began, entries),
    )
    return report, assessed[best] if best is not None else None


def _edges(society: Society, entries: Iterable[LogEntry]) -> tuple[EdgeReport, ...]:
    """Gather what was told of every edge, round by round, in either order of its agents."""
    told: dict[frozenset[str], dict[str, list[tuple[int, float]]]] = {
        frozenset(edge): defaultdict(list) for edge in society.graph.edges
    }
    for entry in entries:
        for numbers in entry.summary.get(EDGES, ()):
            series = told[frozenset(numbers["between"])]
            for name, value in numbers.items():
                if name != "between":
                    series[name].append((entry.round, value))
    return tuple(
        EdgeReport(
            between=(u, v),
            measures=tuple(
                EdgeMeasure(
                    name=name,
                    rounds=tuple(round for round, _ in points),
                    values=tuple(value for _, value in points),
                )
                for name, points in told[frozenset((u, v))].items()
            ),
        )
        for u, v in society.graph.edges
    )
