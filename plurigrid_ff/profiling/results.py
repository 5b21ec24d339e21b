"""What a profile holds."""

from typing import Literal, get_args

from pydantic import Field, PositiveFloat, PositiveInt

from plurigrid_ff.config import RunConfig, Settings
from plurigrid_ff.settings import Result

ContenderName = Literal["engine", "backprop", "backprop_checkpointed", "backprop_accumulated"]
CONTENDERS: tuple[ContenderName, ...] = get_args(ContenderName)


class Job(Settings):
    """What one process measures."""

    run: RunConfig
    contender: ContenderName
    measure: Literal["memory", "speed"]
    seconds: PositiveFloat
    repeats: PositiveInt
    threads: PositiveInt


class Measured(Result):
    """What one process found."""

    parameter_bytes: int
    optimizer_bytes: int
    peak_bytes: int
    rates: tuple[float, ...] = Field(description="Samples per second, one per repeat.")
    chunk_size: int = Field(description="Samples whose temporaries exist at once.")


class ContenderProfile(Result):
    """One way of training the layers of a run file."""

    samples_per_s: float = Field(description="Median over repeats.")
    rates: tuple[float, ...] = Field(description="Samples per second of every repeat.")
    peak_bytes: int = Field(description="Most memory in use, above that of the loaded samples.")
    parameter_bytes: int
    optimizer_bytes: int
    activation_bytes: int = Field(
        description="What of the peak is neither: activities, gradients, temporaries."
    )
    chunk_size: int = Field(description="Samples whose activities exist at once.")


class RunProfile(Result):
    """The engine beside its rivals, each measured in processes of its own."""

    engine: ContenderProfile
    backprop: ContenderProfile
    backprop_checkpointed: ContenderProfile
    backprop_accumulated: ContenderProfile
    batch_size: int
    device: str
    threads: int
    seconds: float = Field(description="Least duration of a repeat.")
    repeats: int
    versions: dict[str, str]
