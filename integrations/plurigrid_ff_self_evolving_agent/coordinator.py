"""The coordinator: agents are individuals, and good ones leave children."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.derivation import derive_key
from plurigrid_ff.digest import digest
from plurigrid_ff.host.ports import (
    ACTIVITIES,
    EDGE_MAPS,
    LINEAGE,
    MIXED_PARAMETERS,
    PARAMETERS,
    VERDICT,
    Inbox,
    Outbox,
    Parameters,
)
from plurigrid_ff.host.skill import RunContext
from plurigrid_ff.host.society import Society
from plurigrid_ff_self_evolving_agent import SelfEvolvingConfig
from plurigrid_ff_self_evolving_agent.acceptance import PairedTest, paired_test
from plurigrid_ff_self_evolving_agent.archive import ARCHIVE_FILE, Archive
from plurigrid_ff_self_evolving_agent.mutation import draw_strength, mutate
from plurigrid_ff_self_evolving_agent.networks import Bench
from plurigrid_ff_self_evolving_agent.record import Record, lineage_of
from plurigrid_ff_self_evolving_agent.selection import choose, parent_weight
from plurigrid_ff_self_evolving_agent.travel import Travel, find_maps


class EvolvingCoordinator:
    """Coordinator of a population. All it remembers is in its archive.

    Args:
        config: How many children, how strong mutations are, and the test's level.
        bench: Measures weights.
        context: The run's settings.
    """

    def __init__(self, config: SelfEvolvingConfig, bench: Bench, context: RunContext) -> None:
        self.config = config
        self.archive = Archive()
        self._bench = bench
        self._settings = context.run.network.model_dump(mode="json")

    def coordinate(self, inbox: Inbox) -> Outbox:
        """Archive every agent, breed children, and hand back those that pass the test."""
        parameters, society = inbox[PARAMETERS], inbox.society
        agents = [agent for agent in society.agents if agent in parameters]
        for agent in agents:
            self._bench.symmetry.require_parameters(agent, parameters[agent])
        place = {agent: index for index, agent in enumerate(agents)}
        edges = [(u, v) if place[u] < place[v] else (v, u) for u, v in society.graph.edges]
        travel = find_maps(agents, edges, inbox[ACTIVITIES], self._bench.symmetry)
        predicted = {agent: self._bench.predict(parameters[agent]) for agent in agents}
        right = {agent: predicted[agent] == society.labels for agent in agents}
        refused = (verdict := inbox.get(VERDICT)) is not None and verdict.outcome == "failed"
        for agent in agents:
            self._archive_trained(inbox.round, agent, parameters[agent], right[agent], refused)
        outbox = Outbox()
        children: dict[str, Parameters] = {}
        bred = {}
        for agent in agents:
            child, bred[agent] = self._breed(inbox.round, agent, right[agent], society, travel)
            if child is not None:
                children[agent] = child
        outbox.put(MIXED_PARAMETERS, children)
        outbox.put(EDGE_MAPS, travel.maps)
        outbox.put(LINEAGE, lineage_of(self.archive.records))
        outbox.edges = {
            (u, v): {
                "fit": travel.fits[u, v],
                "disagreement": float(np.mean(predicted[u] != predicted[v])),
            }
            for u, v in edges
        }
        outbox.summary = {
            "individuals": len(self.archive),
            "archive_head": self.archive.head,
            "accepted": len(children),
            "refused_before": refused,
            "children": bred,
        }
        return outbox

    def save_state(self, folder: Path) -> None:
        """Write the archive."""
        self.archive.save(folder / ARCHIVE_FILE)

    def load_state(self, folder: Path) -> None:
        """Take up the archive.

        Raises:
            CheckpointError: It is damaged.
        """
        self.archive.close()
        self.archive = Archive.in_memory(folder / ARCHIVE_FILE)

    def save_files(self, folder: Path) -> None:
        """Leave the archive in the run folder."""
        self.archive.save(folder / ARCHIVE_FILE)

    def _archive_trained(
        self,
        round: int,
        agent: str,
        weights: Parameters,
        right: NDArray[np.bool_],
        refused: bool,
    ) -> None:
        """Archive an agent as its training left it.

        It descends from the child that it took up, or from itself a round earlier where there
        was none, or where the validator had refused the round.
        """
        before, child = trained_name(agent, round - 1), child_name(agent, round - 1)
        took_up = not refused and child in self.archive and self.archive[child].accepted
        parents = (child,) if took_up else (before,) if before in self.archive else ()
        record = Record(
            name=trained_name(agent, round),
            agent=agent,
            round=round,
            origin="training",
            parents=parents,
            config=self._settings,
            weights_digest=digest(weights),
            scores=self._scores(right),
            fitness=self._fitness(right),
        )
        self.archive.append(record, weights)

    def _breed(
        self,
        round: int,
        agent: str,
        own: NDArray[np.bool_],
        society: Society,
        travel: Travel,
    ) -> tuple[Parameters | None, dict[str, Any]]:
        """Breed children for an agent, test the best, and archive it.

        Parents are its own ancestors and those of its neighbours, in its own order of units.

        Returns:
            The child's weights if it is accepted, and numbers for the log.
        """
        near = {agent, *society.neighbours(agent)}
        parents = [record for record in self._lived() if record.agent in near]
        pull = [parent_weight(r.fitness or 0.0, self.archive.children(r.name)) for r in parents]
        bred: list[tuple[float, Record, Parameters, NDArray[np.bool_]]] = []
        for number in range(self.config.children):
            key = derive_key(society.seed, "self-evolving-agent", round, agent, number)
            parent = parents[choose(pull, derive_key(key, "parent"))]
            strength = draw_strength(self.config.noise, key)
            carried = travel.carry(self.archive.weights(parent.name), parent.agent, agent)
            child, drawn = mutate(carried, strength, key)
            right = self._bench.right(child)
            fitness = self._fitness(right)
            record = Record(
                name=child_name(agent, round),
                agent=agent,
                round=round,
                origin="mutation",
                parents=(parent.name,),
                config=self._settings,
                weights_digest=digest(child),
                key=key,
                drawn=drawn,
                scores={**self._scores(right), "strength": strength},
                fitness=fitness,
            )
            bred.append((fitness, record, child, right))
        _, record, weights, right = max(bred, key=lambda one: one[0])  # the first among equals
        test = paired_test(right[self._bench.test], own[self._bench.test])
        accepted = test.p <= self.config.level
        record = record.model_copy(
            update={
                "accepted": accepted,
                "scores": {**record.scores, "against_own": test.model_dump()},
            }
        )
        self.archive.append(record, weights if accepted else None)
        return (weights if accepted else None), _told(record, test)

    def _lived(self) -> list[Record]:
        """Return all that an agent ever was: not the children that were refused, or wait for it."""
        trained = [r for r in self.archive.records if r.origin == "training"]
        taken_up = {parent for record in trained for parent in record.parents}
        return [r for r in self.archive.records if r.origin == "training" or r.name in taken_up]

    def _fitness(self, right: NDArray[np.bool_]) -> float:
        """Return what individuals are selected by: accuracy on the half for selection."""
        return float(right[self._bench.selection].mean())

    def _scores(self, right: NDArray[np.bool_]) -> Mapping[str, float]:
        """Return the accuracies on both halves of the probes."""
        return {
            "selection_accuracy": self._fitness(right),
            "test_accuracy": float(right[self._bench.test].mean()),
        }


def trained_name(agent: str, round: int) -> str:
    """Name an agent as its training left it after a round."""
    return f"{agent}/{round}"


def child_name(agent: str, round: int) -> str:
    """Name the child that was bred for an agent after a round."""
    return f"{agent}/{round}/child"


def _told(record: Record, test: PairedTest) -> dict[str, Any]:
    """Return what the log says of a child."""
    return {
        "parent": record.parents[0],
        "strength": record.scores["strength"],
        "accepted": record.accepted,
        **test.model_dump(),
    }
