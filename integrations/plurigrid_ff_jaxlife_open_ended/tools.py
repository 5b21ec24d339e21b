"""Worlds, for agents: within what one call may take."""

from typing import Any

from pydantic import Field

from plurigrid_ff.host.agent_tools import AgentTool, ToolContext, UpdatePath
from plurigrid_ff.settings import Result, Settings
from plurigrid_ff_jaxlife_open_ended.config import WorldConfig
from plurigrid_ff_jaxlife_open_ended.records import Record, Report

MAX_STEPS = 5000


class SmallWorldConfig(WorldConfig):
    """A world within what one call may take."""

    size: int = Field(64, ge=5, le=128, description="Height and width of the torus, in cells.")
    agents: int = Field(1000, ge=2, le=1000, description="Agents at first, and at most.")
    hidden: int = Field(16, ge=1, le=64, description="Units of a brain's layer.")
    steps: int = Field(1000, ge=1, le=MAX_STEPS, description="Steps to run.")
    window: int = Field(100, ge=20, le=MAX_STEPS, description="Steps between two records.")


class RunArguments(Settings):
    """Which world, and whether beside a neutral shadow."""

    config: SmallWorldConfig = Field(SmallWorldConfig(), description="Settings of the world.")
    shadow: bool = Field(
        True, description="Run its neutral shadow too, without which openness means nothing."
    )


class StepArguments(Settings):
    """Which world, and how far."""

    file: UpdatePath = Field(description="A world's file; made where there is none.")
    config: SmallWorldConfig = Field(
        SmallWorldConfig(), description="Settings of a new world; an old one keeps its own."
    )
    steps: int = Field(100, ge=1, le=MAX_STEPS, description="Steps to run from where it is.")


class WorldHistory(Result):
    """What became of a world: the report, and a record per window."""

    report: Report
    history: list[Record]


def _run(asked: RunArguments, context: ToolContext) -> WorldHistory:
    from plurigrid_ff_jaxlife_open_ended.simulation import Simulation  # loads JAX

    config = WorldConfig.model_validate(asked.config.model_dump())
    simulation = Simulation.begin(config, shadow=asked.shadow)
    return _told(simulation, context)


def _step(asked: StepArguments, context: ToolContext) -> WorldHistory:
    from pathlib import Path

    from plurigrid_ff_jaxlife_open_ended.checkpoint import load_simulation, save_simulation
    from plurigrid_ff_jaxlife_open_ended.simulation import Simulation  # loads JAX

    path = Path(asked.file)
    if path.exists():
        simulation = load_simulation(path)
    else:
        simulation = Simulation.begin(WorldConfig.model_validate(asked.config.model_dump()))
    before = len(simulation.history)
    target = simulation.steps + asked.steps
    simulation.config = simulation.config.model_copy(update={"steps": target})
    told = _told(simulation, context)
    save_simulation(simulation, path)
    return told.model_copy(update={"history": told.history[before:]})


def _told(simulation: Any, context: ToolContext) -> WorldHistory:
    """Run to the end and tell of it."""
    begins, ends = simulation.steps, simulation.config.steps

    def report(record: Record) -> None:
        done = (record.step - begins) / (ends - begins)
        context.report(done, f"step {record.step}, {record.alive} agents")

    simulation.run(report)
    return WorldHistory(report=simulation.report(), history=simulation.history)


WORLD_RUN = AgentTool(
    title="Run a world",
    description="Run a world of agents that learn by Forward-Forward while they live, breed and "
    "die, from its first step, and answer food per agent-step, deaths, births and "
    "novelty times learnability, each beside its neutral shadow's. 1000 steps of 1000 agents take "
    "some ten CPU-seconds.",
    arguments=RunArguments,
    result=WorldHistory,
    call=_run,
)
WORLD_STEP = AgentTool(
    title="Go on with a world",
    description="Run a world in a file for some steps more, beginning a new one where there is no "
    "file, and write it back. The answer has the records of these steps.",
    arguments=StepArguments,
    result=WorldHistory,
    call=_step,
    writes=True,
)
