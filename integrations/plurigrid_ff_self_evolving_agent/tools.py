"""Evolution, for agents: one step that trains nothing, or a whole small evolution."""

from pathlib import Path
from typing import Annotated, Any

from annotated_types import Len
from pydantic import Field

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.host.agent_tools import AgentTool, ReadPath, ToolContext, WritePath
from plurigrid_ff.settings import Settings
from plurigrid_ff_self_evolving_agent.agents import (
    EvolveStepAnswer,
    EvolveStepRequest,
    answer_step,
)
from plurigrid_ff_self_evolving_agent.evolution_settings import EvolutionSettings

Name = Annotated[str, Len(1, 100)]
Width = Annotated[int, Field(ge=1, le=512)]


class RunArguments(Settings):
    """What evolves, where, and for how long."""

    folder: WritePath = Field(description="A new folder for the archive and the lineage's picture.")
    data: ReadPath | None = Field(
        None, description="Labelled samples, .csv or .npz; None: scikit-learn's digits."
    )
    hidden: Annotated[list[Width], Len(1, 4)] = Field([60], description="Widths to begin with.")
    objective: Name = Field("projection", description="Objective to begin with.")
    objectives: Annotated[list[Name], Len(0, 8)] = Field(
        [], description="Objectives that children may change to; none: they keep theirs."
    )
    learning_rate: float = Field(0.002, gt=0, le=1, description="Step size to begin with.")
    epochs: int = Field(2, ge=1, le=20, description="Passes of every individual.")
    generations: int = Field(5, ge=1, le=20, description="After the first individuals.")
    islands: int = Field(2, ge=1, le=4, description="Populations that breed apart.")
    children: int = Field(4, ge=1, le=8, description="Per island and generation.")
    seed: int = Field(0, ge=0, lt=1 << 63, description="Every draw derives from it.")
    seconds: int = Field(60, ge=1, le=120, description="Limit of one evaluation.")


class Evolved(Settings):
    """What an evolution came to.

    Attributes:
        folder: Where its archive lies.
        individuals: How many were bred.
        failures: How many evaluations failed or ran over their limits.
        best: Name of the best individual.
        selection_accuracy: Its share right on the probes that it was chosen by.
        test_accuracy: Its share right on probes that chose nothing.
        network: Its network settings.
        training: Its training settings.
    """

    folder: str
    individuals: int
    failures: int
    best: str
    selection_accuracy: float
    test_accuracy: float
    network: NetworkConfig
    training: TrainingConfig


def _step(asked: EvolveStepRequest, context: ToolContext) -> EvolveStepAnswer:
    return EvolveStepAnswer.model_validate(answer_step(asked.model_dump(mode="json")))


def _run(asked: RunArguments, context: ToolContext) -> Evolved:
    from plurigrid_ff.data.load import load_dataset
    from plurigrid_ff.inference import require_few
    from plurigrid_ff_self_evolving_agent.record import Record
    from plurigrid_ff_self_evolving_agent.running import start

    settings = EvolutionSettings.parse(_settings(asked), where="evolve_run")
    data = load_dataset(settings.data, seed=settings.seed)
    require_few(data.num_samples, context.max_samples, where=data.name)
    individuals = failures = 0

    def watch(record: Record, done: int, planned: int) -> None:
        nonlocal individuals, failures
        individuals = done
        failures += "failure" in record.scores
        context.report(done / planned, f"{done} of {planned} individuals")

    best = start(Path(asked.folder), settings, watch)
    return Evolved(
        folder=asked.folder,
        individuals=individuals,
        failures=failures,
        best=best.name,
        selection_accuracy=best.fitness or 0.0,
        test_accuracy=best.scores["test_accuracy"],
        network=best.config["network"],
        training=best.config["training"],
    )


def _settings(asked: RunArguments) -> dict[str, Any]:
    """Return what a file of settings would say."""
    return {
        "data": {"source": asked.data or "digits"},
        "network": {"hidden": asked.hidden, "objective": asked.objective},
        "training": {"learning_rate": asked.learning_rate, "epochs": asked.epochs},
        **asked.model_dump(
            include={"objectives", "generations", "islands", "children", "seed", "seconds"}
        ),
    }


EVOLVE_STEP = AgentTool(
    title="Choose a parent and vary it",
    description="One step of an evolution that you keep yourself: choose a parent among candidates "
    "by score and number of children, and vary one setting of it. Nothing is trained; train the "
    "answer's genome, score it, and call again with it among the candidates.",
    arguments=EvolveStepRequest,
    result=EvolveStepAnswer,
    call=_step,
)
EVOLVE_RUN = AgentTool(
    title="Evolve settings and weights",
    description="Evolve the settings and weights of small networks: breed, train and test "
    "islands * children individuals per generation, each in a process of its own with a limit of "
    "time, and keep all of them in an archive. Takes seconds per individual; begin with two "
    "generations.",
    arguments=RunArguments,
    result=Evolved,
    call=_run,
    writes=True,
)
