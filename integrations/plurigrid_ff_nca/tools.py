"""Cellular automata, for agents: the questions of :mod:`plurigrid_ff_nca.agents` as tools."""

from typing import Annotated, Any

from annotated_types import Len
from pydantic import Field

from plurigrid_ff.host.agent_tools import AgentTool, ToolContext
from plurigrid_ff.settings import Settings
from plurigrid_ff_nca.growing.config import GrowConfig
from plurigrid_ff_nca.messages import (
    GrowAnswer,
    LearnRuleAnswer,
    StepAnswer,
)
from plurigrid_ff_nca.rules.config import RuleConfig
from plurigrid_ff_nca.rules.space import MAX_STATES, Border
from plurigrid_ff_nca.rules.written import WrittenRule

MAX_SIDE = 256
MAX_STEPS = 2000
MAX_ROLLOUTS = 5000

Cell = Annotated[int, Field(ge=0, lt=MAX_STATES)]
Row = Annotated[list[Cell], Len(1, MAX_SIDE)]
Grid = Annotated[list[Row], Len(1, MAX_SIDE)] | Row
Pixel = tuple[Cell, Cell, Cell, Cell]
RuleName = Annotated[str, Len(1, 200)]


class LearnArguments(Settings):
    """What was seen, and how to learn from it."""

    transitions: Annotated[list[tuple[Grid, Grid]], Len(1, 256)] = Field(
        description="Pairs of grids, or rows of cells: before and after one step."
    )
    config: RuleConfig = Field(RuleConfig(), description="How to learn.")


class StepArguments(Settings):
    """Which rule, on what, for how long."""

    rule: RuleName | WrittenRule = Field(
        description="A name like B3/S23 or 'rule 110', or the rule that nca_learn_rule gave."
    )
    grid: Grid = Field(description="A grid, or a row of cells.")
    steps: int = Field(1, ge=1, le=MAX_STEPS, description="How many steps.")
    border: Border = Field("periodic", description="What lies beyond an edge.")


class SmallGrowConfig(GrowConfig):
    """How an automaton is built and trained, within what one call may take."""

    size: int = Field(40, ge=8, le=64, description="Height and width of the grid.")
    rollouts: int = Field(600, ge=1, le=MAX_ROLLOUTS, description="Rollouts to train for.")


class GrowArguments(Settings):
    """What is to grow."""

    pixels: Annotated[list[Annotated[list[Pixel], Len(8, 64)]], Len(8, 64)] = Field(
        description="Rows of red, green, blue, alpha, 0 to 255; as many as config.size."
    )
    config: SmallGrowConfig = Field(SmallGrowConfig(), description="How to build and train.")
    steps: int = Field(96, ge=1, le=MAX_STEPS, description="How long the answer's image grew.")


def _learn(asked: LearnArguments, context: ToolContext) -> LearnRuleAnswer:
    from plurigrid_ff_nca.agents import answer_learn_rule  # loads torch

    return LearnRuleAnswer.model_validate(answer_learn_rule(_plain(asked)))


def _step(asked: StepArguments, context: ToolContext) -> StepAnswer:
    from plurigrid_ff_nca.agents import answer_step  # loads torch

    return StepAnswer.model_validate(answer_step(_plain(asked)))


def _grow(asked: GrowArguments, context: ToolContext) -> GrowAnswer:
    from plurigrid_ff_nca.agents import answer_grow  # loads torch

    return GrowAnswer.model_validate(answer_grow(_plain(asked)))


def _plain(asked: Settings) -> dict[str, Any]:
    """Return arguments as a question takes them."""
    return asked.model_dump(mode="json")


NCA_LEARN_RULE = AgentTool(
    title="Learn a cellular automaton",
    description="Learn the rule of a cellular automaton from observed steps. report.name is its "
    "name, where it has one; unseen lists what was never observed and is a guess. A handful of "
    "random grids of 32 by 32 show all of a Life-like rule.",
    arguments=LearnArguments,
    result=LearnRuleAnswer,
    call=_learn,
)
NCA_STEP = AgentTool(
    title="Run a cellular automaton",
    description="Run a rule, by name or as learned, on a grid of at most 256 by 256 cells.",
    arguments=StepArguments,
    result=StepAnswer,
    call=_step,
)
NCA_GROW = AgentTool(
    title="Grow an image",
    description="Train an automaton that grows an image from one cell, layer-locally, and answer "
    "what it grew, and its errors while it grows, keeps and regrows. Takes CPU-minutes; begin "
    "with few rollouts and a size of 16.",
    arguments=GrowArguments,
    result=GrowAnswer,
    call=_grow,
)
