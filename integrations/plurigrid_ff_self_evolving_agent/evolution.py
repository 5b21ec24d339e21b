"""Evolution of settings and weights on islands, one individual after the other."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff.derivation import derive_key, shuffled
from plurigrid_ff.digest import digest
from plurigrid_ff.errors import ConfigError, TrainingError
from plurigrid_ff_self_evolving_agent.acceptance import paired_test
from plurigrid_ff_self_evolving_agent.archive import ARCHIVE_FILE, Archive, Weights
from plurigrid_ff_self_evolving_agent.evolution_settings import EvolutionSettings, begin
from plurigrid_ff_self_evolving_agent.genome import Genome, vary
from plurigrid_ff_self_evolving_agent.mutation import draw_strength, mutate
from plurigrid_ff_self_evolving_agent.record import Record
from plurigrid_ff_self_evolving_agent.selection import choose, parent_weight
from plurigrid_ff_self_evolving_agent.worker import Job, Result
from plurigrid_ff_self_evolving_agent.workers import EvaluateAll, Found

RIGHT = "right"
FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Bred:
    """An individual that is not evaluated yet.

    Attributes:
        record: What is known of it.
        parent: Whom it descends from; None: it is of the first generation.
        job: Its evaluation,
        inherited: and the weights that it goes on from, if any.
    """

    record: Record
    parent: Record | None
    job: Job
    inherited: Weights | None


class Evolution:
    """Fills an archive, generation by generation; what is there already is not done again.

    Every individual is a function of the seed, its place and the individuals before it, so an
    evolution that was interrupted ends with the same archive as one that was not. That holds as
    long as no evaluation runs into its limit of seconds, which depends on the machine.

    Args:
        settings: What determines it.
        archive: Where it goes on.
        evaluate_all: Evaluates what is left of a generation; who fails is archived as failed.
        classes: Number of classes of the data.
        on_record: Called with every new record.
    """

    def __init__(
        self,
        settings: EvolutionSettings,
        archive: Archive,
        evaluate_all: EvaluateAll,
        *,
        classes: int,
        on_record: Callable[[Record], None] = lambda record: None,
    ) -> None:
        self.settings = settings
        self.archive = archive
        self._evaluate_all = evaluate_all
        self._classes = classes
        self.on_record = on_record

    @property
    def planned(self) -> int:
        """How many individuals are bred in all."""
        s = self.settings
        first = 0 if s.begins else s.islands
        return first + s.islands * s.children * (s.generations - s.begins)

    def run(self) -> None:
        """Breed what is left to breed.

        Raises:
            TrainingError: No first individual could be evaluated.
        """
        s = self.settings
        for generation in range(s.begins + 1 if s.begins else 0, s.generations + 1):
            left = self._breed(generation)
            found = self._evaluate_all([(one.job, one.inherited) for one in left])
            for one, outcome in zip(left, found, strict=True):
                self._add(one, outcome)
            if not any(record.accepted for record in self.archive.records):
                failure = self.archive.records[0].scores[FAILURE]
                raise TrainingError(
                    f"no first individual could be evaluated, so none has children: {failure}"
                )

    def _breed(self, generation: int) -> list[Bred]:
        """Breed those of a generation that are not archived yet.

        Nobody's parent is of its own generation, so they can be evaluated in any order.
        """
        s = self.settings
        left, expected = [], Counter[str]()
        for island in range(s.islands):
            for number in range(s.children if generation else 1):
                name = f"{generation}-{island}-{number}"
                if name not in self.archive:
                    left.append(self._breed_one(name, generation, island, expected))
                    expected.update(left[-1].record.parents)
        return left

    def _breed_one(self, name: str, generation: int, island: int, expected: Counter[str]) -> Bred:
        """Choose a parent and a change.

        Args:
            name: Of the new individual.
            generation: It is of this one,
            island: and of this island.
            expected: Children of its generation that are bred and not archived, by parent.
        """
        key = derive_key(self.settings.seed, "evolution", name)
        parent = self._parent(generation, island, key, expected) if generation else None
        genome = Genome(network=self.settings.network, training=self.settings.training)
        inherited, gene, strength, drawn = None, None, None, 0
        if parent is not None:
            genome, gene = vary(
                Genome.model_validate(parent.config),
                derive_key(key, "genome"),
                classes=self._classes,
                objectives=self.settings.objectives,
            )
            strength = draw_strength(self.settings.noise, key)
            inherited, drawn = mutate(self.archive.weights(parent.name), strength, key)
        record = Record(
            name=name,
            agent=f"island-{island}",
            round=generation,
            origin="mutation" if parent else "start",
            parents=(parent.name,) if parent else (),
            config=genome.model_dump(mode="json"),
            key=key,
            drawn=drawn,
            scores={"gene": gene, "strength": strength} if parent else {},
            accepted=False,
        )
        job = Job(name=name, data=self.settings.data, genome=genome, seed=self.settings.seed)
        return Bred(record, parent, job, inherited)

    def _add(self, bred: Bred, outcome: Found | TrainingError) -> None:
        """Judge an individual and archive it."""
        record = bred.record
        if isinstance(outcome, TrainingError):
            record = record.model_copy(update={"scores": {**record.scores, FAILURE: str(outcome)}})
            self._keep(record, None)
            return
        result, weights = outcome
        judged = self._judged(record, bred.parent, result, weights)
        self._keep(judged, weights if judged.accepted else None)

    def _parent(self, generation: int, island: int, key: int, expected: Counter[str]) -> Record:
        """Draw a parent of an earlier generation, from the island or, at times, the one before."""
        homes = {f"island-{island}"}
        if generation % self.settings.migration == 0:
            homes.add(f"island-{(island - 1) % self.settings.islands}")
        elders = [r for r in self.archive.records if r.accepted and r.round < generation]
        near = [record for record in elders if record.agent in homes] or elders
        pull = [
            parent_weight(r.fitness or 0.0, self.archive.children(r.name) + expected[r.name])
            for r in near
        ]
        return near[choose(pull, derive_key(key, "parent"))]

    def _judged(
        self, record: Record, parent: Record | None, result: Result, weights: Weights
    ) -> Record:
        """Score an individual on one half of the probes, and test it on the other."""
        right = _flags(result.right)
        halves = shuffled(derive_key(self.settings.seed, "evolution", "halves"), len(right))
        selection, test = halves[0::2], halves[1::2]
        scores = {
            **record.scores,
            "selection_accuracy": float(right[selection].mean()),
            "test_accuracy": float(right[test].mean()),
            "parameters": result.parameters,
            RIGHT: result.right,
        }
        accepted = True
        if parent is not None:
            found = paired_test(right[test], _flags(parent.scores[RIGHT])[test])
            scores["against_parent"] = found.model_dump()
            accepted = found.p <= self.settings.level
        update = {
            "scores": scores,
            "fitness": scores["selection_accuracy"],
            "weights_digest": digest(weights),
            "accepted": accepted,
        }
        return record.model_copy(update=update)

    def _keep(self, record: Record, weights: Weights | None) -> None:
        """Archive an individual."""
        self.archive.append(record, weights)
        self.on_record(record)


def best_of(archive: Archive) -> Record:
    """Return the accepted individual of highest fitness, the earliest among equals.

    Raises:
        ConfigError: Nobody was accepted.
    """
    measured = [r for r in archive.records if r.accepted and r.fitness is not None]
    if not measured:
        raise ConfigError("the archive has no individual that was accepted")
    return max(measured, key=lambda record: record.fitness or 0.0)


def line_of(archive: Archive, name: str) -> list[Record]:
    """Return an individual and all its ancestors, oldest first.

    Raises:
        UnknownNameError: There is no individual of that name.
    """
    wanted = {archive[name].name}
    for record in reversed(archive.records):
        if record.name in wanted:
            wanted |= set(record.parents)
    return [record for record in archive.records if record.name in wanted]


def roll_back(settings: EvolutionSettings, archive: Archive, name: str, out: Path) -> Path:
    """Begin a new evolution with one individual and its ancestors; the old one stays as it is.

    Args:
        settings: Of the old one.
        archive: Of the old one.
        name: Who is to be the last of the line.
        out: A new folder.

    Raises:
        UnknownNameError: There is no individual of that name.
        ConfigError: It was not accepted.
        RunFolderError: Something lies at ``out``.
    """
    line = line_of(archive, name)
    kept = [(record, archive.weights(record.name)) for record in line]
    begin(out, settings.model_copy(update={"begins": line[-1].round}))
    new = Archive(out / ARCHIVE_FILE)
    for record, weights in kept:
        new.append(record, weights)
    new.close()
    return out


def _flags(text: str) -> NDArray[np.bool_]:
    """Read one flag per character."""
    return np.asarray(np.frombuffer(text.encode(), dtype=np.uint8) == ord("1"), dtype=np.bool_)
