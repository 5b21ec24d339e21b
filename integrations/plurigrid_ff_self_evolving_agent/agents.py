"""The hook for agents, ``evolve_step``: plain data in, plain data out."""

from typing import Annotated, Any

from annotated_types import Len
from pydantic import Field, NonNegativeInt

from plurigrid_ff.config import NetworkConfig, Settings, TrainingConfig
from plurigrid_ff.derivation import derive_key
from plurigrid_ff_self_evolving_agent.genome import Genome, vary
from plurigrid_ff_self_evolving_agent.selection import choose, parent_weight


class Candidate(Settings):
    """Who may become a parent.

    Attributes:
        score: What it was measured at, in [0, 1].
        children: How many it has.
    """

    name: str
    score: float = Field(ge=0, le=1)
    children: NonNegativeInt = 0
    genome: Genome = Genome(network=NetworkConfig(), training=TrainingConfig())


class EvolveStepRequest(Settings):
    """What one step needs to know; the same request gives the same answer."""

    candidates: Annotated[tuple[Candidate, ...], Len(min_length=1, max_length=100_000)] = Field(
        description="Who may become a parent, each with its score and its number of children."
    )
    classes: int = Field(10, ge=2, description="Of the data.")
    objectives: tuple[str, ...] = Field((), description="Those that a child may change to.")
    seed: int = Field(0, ge=0, lt=1 << 63, description="Every draw derives from it.")
    step: NonNegativeInt = Field(0, description="Number of the step; another one draws anew.")


class EvolveStepAnswer(Settings):
    """The child that is to be evaluated.

    Attributes:
        gene: What changed; ``weights``: nothing but the weights.
    """

    parent: str
    gene: str
    genome: Genome


def answer_step(request: dict[str, Any]) -> dict[str, Any]:
    """Choose a parent and vary its genome; nothing is trained.

    Raises:
        ConfigError: The request is not an :class:`EvolveStepRequest`.
    """
    asked = EvolveStepRequest.parse(request, where="evolve_step")
    key = derive_key(asked.seed, "evolve_step", asked.step)
    pull = [parent_weight(one.score, one.children) for one in asked.candidates]
    parent = asked.candidates[choose(pull, derive_key(key, "parent"))]
    genome, gene = vary(
        parent.genome,
        derive_key(key, "genome"),
        classes=asked.classes,
        objectives=asked.objectives,
    )
    answer = EvolveStepAnswer(parent=parent.name, gene=gene, genome=genome)
    return answer.model_dump(mode="json")
