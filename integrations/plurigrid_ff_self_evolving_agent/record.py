"""One individual, as the archive keeps it."""

import json
from typing import Any, Literal

from pydantic import Field, NonNegativeInt

from plurigrid_ff.config import Settings
from plurigrid_ff.digest import canonical_json, digest_text
from plurigrid_ff.host.lineage import Individual, Lineage

Origin = Literal["start", "training", "mutation"]


class Record(Settings):
    """What the archive says of an individual, beside its weights.

    Attributes:
        name: Its own name, unique in the archive.
        agent: Who holds it: an agent of a society, or an island.
        round: When it came to be, from 1; 0 before the first round.
        origin: How it came to be.
        parents: Names of earlier individuals.
        config: Settings of its network and of how it learns.
        weights_digest: As in a run's log; None where there never were weights.
        key: The 64-bit key under which its numbers were drawn; its draws are those of
            :func:`plurigrid_ff.derivation.draw` from index 0 on.
        drawn: How many numbers were drawn. Key and count are the state of the generator.
        scores: What was measured.
        fitness: What it is selected by, higher is better, in [0, 1]; None if not measured.
        accepted: Whether it was good enough to go on with.
    """

    name: str = Field(min_length=1)
    agent: str
    round: NonNegativeInt
    origin: Origin
    parents: tuple[str, ...] = ()
    config: dict[str, Any] = Field(default_factory=dict)
    weights_digest: str | None = None
    key: int = Field(0, ge=0, lt=1 << 64)
    drawn: NonNegativeInt = 0
    scores: dict[str, Any] = Field(default_factory=dict)
    fitness: float | None = Field(None, ge=0, le=1)
    accepted: bool = True

    @property
    def config_digest(self) -> str:
        """Equal settings have equal digests."""
        return digest_text(canonical_json(self.config))

    def chained(self, head: str) -> str:
        """Return the digest of this record and all before it.

        Args:
            head: That of the record before; empty for the first.
        """
        return digest_text(head + canonical_json(self.model_dump(mode="json")))


def parse_record(text: Any) -> Record | None:
    """Parse a record; None if it is none."""
    try:
        return Record.model_validate(json.loads(text))
    except (TypeError, ValueError):
        return None


def lineage_of(records: "tuple[Record, ...]") -> Lineage:
    """Return who descends from whom."""
    return Lineage(
        nodes=tuple(
            Individual(
                name=record.name,
                agent=record.agent,
                round=record.round,
                origin=record.origin,
                fitness=record.fitness,
            )
            for record in records
        ),
        edges=tuple((parent, record.name) for record in records for parent in record.parents),
    )
