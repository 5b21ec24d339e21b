"""Settings of learning that goes on, and what was found."""

from typing import Annotated

from annotated_types import Len
from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, computed_field

from plurigrid_ff.config import DataConfig
from plurigrid_ff.settings import Result, Settings

Names = Annotated[tuple[str, ...], Len(min_length=1)]


class LearningSettings(Settings):
    """What all learners share."""

    learners: Names
    hidden: Annotated[tuple[PositiveInt, ...], Len(min_length=1)]
    batch_size: PositiveInt
    learning_rate: PositiveFloat | None = Field(
        None, description="Step size of every learner; none: each one's own."
    )
    replay: NonNegativeInt = Field(0, description="Samples of every class that are remembered.")
    seed: int = Field(0, ge=0, lt=1 << 63, description="Every draw derives from it.")


class ClassesSettings(LearningSettings):
    """Classes that arrive in turns; nobody says which turn a test sample is of."""

    data: DataConfig = DataConfig()
    classes_per_task: PositiveInt = Field(2, description="The last task may have fewer.")
    epochs: PositiveInt = Field(5, description="Passes over the samples of every task.")
    learners: Names = ("subspaces", "class-goodness", "backprop-masked", "nearest-mean")
    hidden: Annotated[tuple[PositiveInt, ...], Len(min_length=1)] = (200,)
    batch_size: PositiveInt = Field(16, description="New samples per step; as many are recalled.")


class StreamSettings(LearningSettings):
    """A stream that drifts; every sample is predicted before it is learned."""

    stream: str = Field(description="Name of the stream.")
    samples: PositiveInt = Field(6000, description="Length of the stream.")
    warmup: PositiveInt = Field(
        1000,
        description="First samples, from which scaling is fitted and which no figure counts; "
        "'frozen' learns from them only.",
    )
    learners: Names = ("projection", "frozen", "backprop")
    hidden: Annotated[tuple[PositiveInt, ...], Len(min_length=1)] = (100, 100)
    batch_size: PositiveInt = Field(4, description="New samples per step; as many are recalled.")


class TasksFound(Result):
    """What a learner could do after each task.

    Attributes:
        accuracy: Of every task learned so far, after each task: ``accuracy[i][j]`` of task j
            after task i. All classes seen so far are candidates.
    """

    accuracy: tuple[tuple[float, ...], ...]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def average_accuracy(self) -> float:
        """Mean over the tasks after the last one."""
        return sum(self.accuracy[-1]) / len(self.accuracy[-1])

    @computed_field  # type: ignore[prop-decorator]
    @property
    def forgetting(self) -> float:
        """Mean over all tasks but the last of how far it fell below its best.

        Reference:
            Chaudhry et al. (2018), "Riemannian Walk for Incremental Learning", arXiv:1801.10112.
        """
        *_, last = self.accuracy
        falls = [
            max(row[task] for row in self.accuracy[task:]) - last[task]
            for task in range(len(last) - 1)
        ]
        return sum(falls) / len(falls) if falls else 0.0


class PrequentialFound(Result):
    """How often a learner was right about samples before it learned them.

    Attributes:
        accuracy: After the warm-up.
        windows: Accuracy of stretches of equal length, warm-up included; the last may be shorter.
        window: Their length in samples.
    """

    accuracy: float
    windows: tuple[float, ...]
    window: PositiveInt


class ClassesReport(Result):
    """Every learner on the same tasks."""

    settings: ClassesSettings
    tasks: tuple[tuple[str, ...], ...] = Field(description="Names of the classes of every task.")
    found: dict[str, TasksFound]


class StreamReport(Result):
    """Every learner on the same stream."""

    settings: StreamSettings
    drifts: tuple[int, ...] = Field(description="Where it changes at once; none: all the time.")
    num_classes: int
    majority: float = Field(description="Share of the commonest class after the warm-up.")
    found: dict[str, PrequentialFound]
