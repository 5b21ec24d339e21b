"""What agents send to the hooks, and what they get: plain data, checked at the door."""

from typing import Annotated

from annotated_types import Len
from pydantic import Field, NonNegativeFloat, NonNegativeInt, PositiveInt

from plurigrid_ff.settings import Settings
from plurigrid_ff_nca.growing.config import GrowConfig, GrowScores
from plurigrid_ff_nca.rules.config import RuleConfig, RuleReport
from plurigrid_ff_nca.rules.space import Border
from plurigrid_ff_nca.rules.written import WrittenRule

MAX_STEPS = 10_000
Cells = list[list[NonNegativeInt]] | list[NonNegativeInt]


class LearnRuleRequest(Settings):
    """Asks for the rule behind transitions."""

    transitions: Annotated[list[tuple[Cells, Cells]], Len(min_length=1)] = Field(
        description="Pairs of grids, or rows of cells: before and after one step."
    )
    config: RuleConfig = Field(RuleConfig(), description="How to learn.")


class LearnRuleAnswer(Settings):
    """A learned rule.

    Attributes:
        report: What was learned, its name among it, and from how much.
        rule: What ``nca_step`` takes.
        unseen: Entries of the table that were never observed, and the confidence in each.
    """

    report: RuleReport
    rule: WrittenRule
    unseen: list[tuple[NonNegativeInt, NonNegativeFloat]]


class StepRequest(Settings):
    """Asks for what becomes of a grid."""

    rule: str | WrittenRule = Field(description="A name like B3/S23, or what was learned.")
    grid: Cells = Field(description="A grid, or a row of cells.")
    steps: int = Field(1, ge=1, le=MAX_STEPS, description="How many steps.")
    border: Border = Field("periodic", description="What lies beyond an edge.")


class StepAnswer(Settings):
    """The grid after the last step, and the name of the rule."""

    grid: Cells
    rule: str | None


class GrowRequest(Settings):
    """Asks for an automaton that grows an image."""

    pixels: list[list[tuple[int, int, int, int]]] = Field(
        description="Rows of red, green, blue, alpha, 0 to 255; as many as config.size."
    )
    config: GrowConfig = Field(GrowConfig(), description="How to build and train.")
    steps: int = Field(96, ge=1, le=MAX_STEPS, description="How long the answer's image grew.")


class GrowAnswer(Settings):
    """What was grown.

    Attributes:
        pixels: Rows of red, green, blue, alpha after ``steps`` steps.
        scores: Mean squared errors while it grows, keeps and regrows.
        rollouts: That it was trained for.
        cpu_seconds: That training took.
    """

    pixels: list[list[tuple[int, int, int, int]]]
    scores: GrowScores
    rollouts: PositiveInt
    cpu_seconds: NonNegativeFloat
