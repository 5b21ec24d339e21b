"""The agents of a run: who talks to whom, and the samples all of them are probed on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from plurigrid_ff.config import RunConfig
from plurigrid_ff.data.shards import deal_shards
from plurigrid_ff.digest import digest
from plurigrid_ff.errors import TrainingError
from plurigrid_ff.host.graphs import build_graph

if TYPE_CHECKING:
    import networkx as nx
    import numpy as np
    from numpy.typing import NDArray

    from plurigrid_ff.data.dataset import Dataset

MAX_PROBES = 2000


@dataclass(frozen=True, slots=True)
class Society:
    """Agents on a communication graph, and shared held-out probes.

    Attributes:
        graph: Nodes are names of agents that take part; who was excluded is not in it. One
            agent and no edge is the ordinary case.
        probes: Held-out inputs that no agent trains on, ``(probes, *features)`` float32.
        labels: Their classes, shape ``(probes,)``, int64 in ``[0, num_classes)``.
        num_classes: Number of classes.
        seed: The run's seed; derive keys from it, never draw from it directly.
        shards: Places in the training split that each agent learns from, ascending; an agent
            that is not named learns from all.
        excluded: Agents that no longer take part, and why.
    """

    graph: "nx.Graph[str]"
    probes: "NDArray[np.float32]"
    labels: "NDArray[np.int64]"
    num_classes: int
    seed: int
    shards: "Mapping[str, NDArray[np.intp]]" = field(default_factory=dict)
    excluded: Mapping[str, str] = field(default_factory=dict)

    @property
    def agents(self) -> tuple[str, ...]:
        """Names of the agents that take part, in the graph's order."""
        return tuple(self.graph)

    @property
    def graph_digest(self) -> str:
        """Digest of agents and edges; an interrupted run goes on with the same ones only."""
        return digest([list(self.graph), sorted(sorted(edge) for edge in self.graph.edges)])

    def neighbours(self, agent: str) -> tuple[str, ...]:
        """Return whom an agent talks to, in the graph's order."""
        near = set(self.graph[agent])
        return tuple(name for name in self.graph if name in near)

    def without(self, excluded: Mapping[str, str]) -> "Society":
        """Return the society of those that are left.

        Args:
            excluded: Agents that no longer take part, and why.

        Raises:
            TrainingError: Nobody is left, or those that are can no longer all reach each other.
        """
        if not excluded:
            return self
        import networkx as nx

        graph = self.graph.copy()
        graph.remove_nodes_from(excluded)
        reasons = "; ".join(f"{name}: {reason}" for name, reason in excluded.items())
        if not graph:
            raise TrainingError(f"no agent of the society is left ({reasons})")
        if not nx.is_connected(graph):
            parts = " and ".join(
                "{" + ", ".join(name for name in graph if name in part) + "}"
                for part in nx.connected_components(graph)
            )
            raise TrainingError(
                f"the society falls apart into {parts} without an agent that had to be excluded "
                f"({reasons}); put that right, or take a society.graph with more edges"
            )
        return replace(self, graph=graph, excluded={**self.excluded, **excluded})


def build_society(run: RunConfig, data: "Dataset", graph: "nx.Graph[str] | None" = None) -> Society:
    """Build the society that a run's settings describe.

    Args:
        run: The settings.
        data: Its validation samples are the probes, its training samples are dealt.
        graph: The graph; None: built from the settings.

    Raises:
        ConfigError: The graph cannot be built.
        DataError: The training samples cannot be dealt like that.
    """
    if graph is None:
        graph = build_graph(run.society.graph, run.society.agents, seed=run.seed)
    shards: dict[str, NDArray[np.intp]] = {}
    if len(graph) > 1 or run.society.shards != "iid":
        shards = deal_shards(
            data.train.y,
            list(graph),
            run.society.shards,
            class_names=data.class_names,
            seed=run.seed,
        )
    probes = data.validation
    return Society(
        graph, probes.x[:MAX_PROBES], probes.y[:MAX_PROBES], data.num_classes, run.seed, shards
    )
