"""Who descends from whom: the value of the port ``lineage``."""

from graphlib import CycleError, TopologicalSorter
from typing import Literal, Self

from pydantic import Field, NonNegativeInt, model_validator

from plurigrid_ff.config import Settings


class Individual(Settings):
    """One network in a lineage, as it was when it came to be.

    Attributes:
        name: Its own name; an agent's network is a new individual after every change that
            is inherited.
        agent: Node name of the agent that holds, or held, it.
        round: When it came to be; 0 before the first round.
        origin: How: by initial weights, training, mutation, or mixing of several parents.
        fitness: What it was selected by, higher is better; None if not measured.
    """

    name: str = Field(min_length=1)
    agent: str
    round: NonNegativeInt
    origin: Literal["start", "training", "mutation", "mixing"] = "start"
    fitness: float | None = None


class Lineage(Settings):
    """A directed acyclic graph from parents to children.

    Attributes:
        nodes: Every individual once.
        edges: Pairs (parent, child) of their names.
    """

    nodes: tuple[Individual, ...] = ()
    edges: tuple[tuple[str, str], ...] = ()

    @model_validator(mode="after")
    def _require_dag(self) -> Self:
        """Require names that are unique and known, and nobody among their own ancestors."""
        names = [node.name for node in self.nodes]
        if len(set(names)) < len(names):
            raise ValueError("an individual's name occurs twice")
        parents: dict[str, set[str]] = {name: set() for name in names}
        for parent, child in self.edges:
            for name in (parent, child):
                if name not in parents:
                    raise ValueError(f"edge ({parent}, {child}): no individual {name!r}")
            parents[child].add(parent)
        try:
            TopologicalSorter(parents).prepare()
        except CycleError as error:
            raise ValueError(f"not acyclic: {' -> '.join(error.args[1])}") from error
        return self
