"""The coordinator: which keys the draws of a round derive from."""

from collections.abc import Iterator

from plurigrid_ff.config import RunConfig
from plurigrid_ff.derivation import derive_key, draw
from plurigrid_ff.host.derivations import Derivation
from plurigrid_ff.host.ports import DERIVATIONS, Inbox, Outbox
from plurigrid_ff.host.skill import Role

Path = tuple[str | int, ...]


class DerivationLog:
    """Writes down every key of a round; it draws nothing itself and keeps no state.

    Args:
        run: The resolved settings, from which follows what is drawn at all.
    """

    def __init__(self, run: RunConfig) -> None:
        self.run = run

    def coordinate(self, inbox: Inbox) -> Outbox:
        """Put the round's derivations into their port, and into the log with their first draws."""
        agents = inbox.society.agents
        paths = [path for agent in agents for path in self._epochs(agent, inbox.round)]
        if inbox.round == 1:
            paths = [*self._beginning(agents, inbox.society.num_classes), *paths]
        derivations = tuple(
            Derivation(
                seed=self.run.seed,
                path=path,
                key=derive_key(self.run.seed, *path),
                trit=int(Role.GENERATOR),
            )
            for path in paths
        )
        outbox = Outbox()
        outbox.put(DERIVATIONS, derivations)
        outbox.summary = {"derivations": [describe(derivation) for derivation in derivations]}
        return outbox

    def _beginning(self, agents: tuple[str, ...], num_classes: int) -> Iterator[Path]:
        """Yield what is derived once: splits and shards, weights, sources of negatives."""
        yield "data", "validation"
        if self.run.society.shards != "iid":
            yield from (("society", "classes", agent) for agent in agents)
            yield from (("society", "shards", label) for label in range(num_classes))
        elif len(agents) > 1:
            yield "society", "shards"
        starts = dict.fromkeys(self.run.society.whose_start(agent) for agent in agents)
        for start in starts:
            for layer in range(len(self.run.network.hidden)):
                yield start, layer
        if self._has_negatives:
            for agent in agents:
                yield agent, "negatives"

    def _epochs(self, agent: str, round: int) -> Iterator[Path]:
        """Yield what an agent derives anew in every epoch of a round."""
        training = self.run.training
        first = (round - 1) * training.epochs_per_round
        for epoch in range(first, min(first + training.epochs_per_round, training.epochs)):
            yield agent, "order", epoch
            yield agent, "augmentation", epoch
            if self._has_negatives:
                yield agent, self.run.network.negatives, epoch

    @property
    def _has_negatives(self) -> bool:
        """Whether the run's objective tells positives from negatives."""
        return self.run.network.negatives != "none"


def describe(derivation: Derivation) -> dict[str, object]:
    """Write a derivation for the log: its whole path, its key, and the draw of counter 0."""
    return {
        "path": [derivation.seed, *derivation.path],
        "key": f"0x{derivation.key:016x}",
        "draw": f"0x{draw(derivation.key, 0):016x}",
    }
