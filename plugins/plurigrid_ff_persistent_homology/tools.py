"""The drift alarm and comparisons of topologies, for agents."""

from pydantic import Field

from plurigrid_ff.host.agent_tools import AgentTool, ReadPath, RunPath, ToolContext
from plurigrid_ff.settings import Settings
from plurigrid_ff_persistent_homology.alarm import DriftReport, DriftSettings, check_drift
from plurigrid_ff_persistent_homology.compare import TopologyComparison, compare_runs
from plurigrid_ff_persistent_homology.rounds import RoundComparison, compare_rounds


class DriftArguments(DriftSettings):
    """Which run, which samples, and how they are judged."""

    run: RunPath = Field(description="Folder of a finished run.")
    samples: ReadPath = Field(
        description="File or folder of new samples, in any format that predict reads."
    )
    label_column: str | None = Field(None, max_length=200, description="CSV column to leave out.")


class CompareArguments(Settings):
    """Which runs, and how closely they are looked at."""

    run_a: RunPath = Field(description="Folder of a finished run, whose samples both see.")
    run_b: RunPath = Field(description="Folder of another, for samples of the same shape.")
    layer: int | None = Field(None, ge=1, description="Only this layer, counted from 1.")
    samples: int = Field(500, ge=10, le=2000, description="Held-out samples looked at, at most.")
    landmarks: int = Field(128, ge=4, le=500, description="Points that H1 is computed on.")
    seed: int = Field(0, ge=0, description="Which samples are taken.")


class RoundArguments(Settings):
    """Which rounds of which runs."""

    run_a: RunPath = Field(description="Folder of a run judged by persistent-homology.")
    round_a: int = Field(ge=0, description="A round of it; 0 is before any training.")
    run_b: RunPath = Field(description="The same folder, or another judged on the same probes.")
    round_b: int = Field(ge=0, description="A round of that.")
    layer: int | None = Field(None, ge=1, description="Only this layer, counted from 1.")


def _check_drift(asked: DriftArguments, context: ToolContext) -> DriftReport:
    return check_drift(
        asked.run,
        asked.samples,
        settings=DriftSettings(**asked.model_dump(include=set(DriftSettings.model_fields))),
        label_column=asked.label_column,
        host=context.host,
    )


def _compare(asked: CompareArguments, context: ToolContext) -> TopologyComparison:
    return compare_runs(
        asked.run_a,
        asked.run_b,
        layer=asked.layer,
        most_samples=asked.samples,
        landmarks=asked.landmarks,
        seed=asked.seed,
        host=context.host,
    )


def _compare_rounds(asked: RoundArguments, context: ToolContext) -> RoundComparison:
    return compare_rounds(asked.run_a, asked.round_a, asked.run_b, asked.round_b, layer=asked.layer)


CHECK_DRIFT = AgentTool(
    title="Check for drift",
    description="Judge whether samples have drifted from what a run's network was made for, at a "
    "stated rate of false alarms: by the topology of the layers, beside mean goodness and "
    "predicted labels. An alarm is an answer. 10 samples at least; 100 find a missing class.",
    arguments=DriftArguments,
    result=DriftReport,
    call=_check_drift,
)
COMPARE_TOPOLOGY = AgentTool(
    title="Compare topology",
    description="Measure how far apart the persistence diagrams of two runs' layers are, on the "
    "same held-out samples, and what each layer changes.",
    arguments=CompareArguments,
    result=TopologyComparison,
    call=_compare,
)
COMPARE_ROUNDS = AgentTool(
    title="Compare rounds",
    description="Measure how far apart the persistence diagrams of two rounds are, of one run or "
    "of two that persistent-homology judged on the same probes: how far training moved them.",
    arguments=RoundArguments,
    result=RoundComparison,
    call=_compare_rounds,
)
