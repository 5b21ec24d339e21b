"""A society of Forward-Forward agents for the benchmarks of the sheaf skills: shards, rounds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import networkx as nx
import numpy as np
import torch
from numpy.typing import NDArray
from plurigrid_ff_sheaf_laplacian_coordination import SheafLaplacianConfig
from plurigrid_ff_sheaf_laplacian_coordination.coordinator import Mixed, SheafCoordinator

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.data.dataset import Dataset
from plurigrid_ff.data.shards import deal_shards
from plurigrid_ff.derivation import derive_key, shuffled
from plurigrid_ff.host.graphs import build_graph
from plurigrid_ff.host.ports import ACTIVITIES, EDGE_MAPS, PARAMETERS, Inbox, LayerActivities
from plurigrid_ff.host.society import Society
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.probed import ProbedNetwork
from plurigrid_ff.learning.trainer import Trainer
from plurigrid_ff.sheaves.units import spread

Weights = dict[str, NDArray[np.float32]]


@dataclass
class Colony:
    """Agents that train on shards and may be mixed between rounds.

    Args:
        data: All samples; probes are its validation split.
        graph: Who talks to whom.
        shards: Places in the training split, by agent.
        network: Of every agent.
        training: Of every agent; ``epochs`` covers all rounds.
        seed: Every draw derives from it.
        common: Whether all begin with the same weights.
        spoilt: An agent whose labels are shuffled among its samples.
    """

    data: Dataset
    graph: "nx.Graph[str]"
    shards: Mapping[str, NDArray[np.intp]]
    network: NetworkConfig
    training: TrainingConfig
    seed: int
    common: bool = False
    spoilt: str = ""
    names: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Build the agents."""
        self.names = tuple(self.graph)
        data = self.data
        probes, labels = data.validation.x, data.validation.y
        self.society = Society(self.graph, probes, labels, data.num_classes, self.seed)
        self.probed = ProbedNetwork(self.network, data, probes, labels, seed=self.seed)
        self.trainers = {}
        for name in self.names:
            shard = self.shards[name]
            network = FFNetwork(
                self.network,
                data.feature_shape,
                data.num_classes,
                seed=self.seed,
                role="common" if self.common else name,
            )
            x, y = torch.from_numpy(data.train.x[shard]), torch.from_numpy(data.train.y[shard])
            if name == self.spoilt:
                y = y[torch.from_numpy(shuffled(derive_key(self.seed, "spoilt"), len(y)))]
            self.trainers[name] = Trainer(network, x, y, self.training, seed=self.seed, role=name)

    def train(self, epochs: int) -> None:
        """Let every agent train on its own shard."""
        for trainer in self.trainers.values():
            trainer.train_epochs(epochs)

    def inbox(self) -> Inbox:
        """What a coordinator sees."""
        probes = torch.from_numpy(self.society.probes)
        activities, parameters = {}, {}
        for name, trainer in self.trainers.items():
            network = trainer.network
            activities[name] = LayerActivities(
                network.scale(probes).numpy(), tuple(h.numpy() for h in network.activities(probes))
            )
            parameters[name] = {
                key: value.detach().numpy().copy() for key, value in network.named_parameters()
            }
        values = {PARAMETERS.name: parameters, ACTIVITIES.name: activities}
        return Inbox("sheaf-laplacian-coordination", 1, self.society, values)

    def mix(self, maps: str, steps: int = 20) -> Mixed:
        """Mix the weights as the skill does; nobody takes them up yet."""
        config = SheafLaplacianConfig.model_validate({"maps": maps, "steps": steps})
        return SheafCoordinator(config, self.probed).mix(self.inbox(), maps)

    def take_up(self, weights: dict[str, Weights]) -> None:
        """Let every agent go on from mixed weights."""
        for name, trainer in self.trainers.items():
            state = {key: torch.from_numpy(value) for key, value in weights[name].items()}
            trainer.network.load_state_dict(state, strict=False)

    def accuracy(self) -> float:
        """Mean test accuracy of the agents."""
        x, y = torch.from_numpy(self.data.test.x), torch.from_numpy(self.data.test.y)
        found = [
            float((trainer.network.predict(x) == y).double().mean())
            for trainer in self.trainers.values()
        ]
        return sum(found) / len(found)


def colony(
    data: Dataset,
    seed: int,
    *,
    hidden: tuple[int, ...],
    objective: str,
    epochs: int,
    shards: str = "iid",
    graph: str = "circulant:1,2",
    agents: int = 8,
    common: bool = False,
    spoilt: str = "",
    learning_rate: float = 0.002,
) -> Colony:
    """Build a society whose every draw follows from the seed."""
    built = build_graph(graph, agents, seed=seed)
    dealt = deal_shards(data.train.y, list(built), shards, class_names=data.class_names, seed=seed)
    network = NetworkConfig(hidden=hidden, objective=objective)
    training = TrainingConfig(epochs=epochs, batch_size=32, learning_rate=learning_rate)
    return Colony(data, built, dealt, network, training, seed, common, spoilt)


def maps_inbox(society: Colony, maps: Any) -> Inbox:
    """What the validator sees of maps that a coordinator chose."""
    cells = society.probed.symmetry.cells
    whole = {
        edge: tuple(
            p if len(p) == units * n else spread(p, n)
            for p, units, n in zip(layers, society.probed.symmetry.units, cells, strict=True)
        )
        for edge, layers in maps.items()
    }
    seen = society.inbox()
    values = {EDGE_MAPS.name: whole, **seen.values}
    return Inbox("sheaf-cohomology", 1, society.society, values)
