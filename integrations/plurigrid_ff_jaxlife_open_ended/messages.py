"""What agents send to the hook ``world_step``, and what they get: plain data."""

from typing import Self

from pydantic import Field, model_validator

from plurigrid_ff.settings import Result, Settings
from plurigrid_ff_jaxlife_open_ended.config import WorldConfig

MAX_STEPS = 100_000


class WorldState(Settings):
    """A world between two steps.

    Attributes:
        config: Its settings.
        arrays: All that the next step depends on: safetensors in base64.
    """

    config: WorldConfig
    arrays: str = Field(max_length=1 << 30)


class WorldStepRequest(Settings):
    """Asks for what becomes of a world."""

    config: WorldConfig | None = Field(None, description="Settings of a new world.")
    state: WorldState | None = Field(None, description="The last answer's, to go on with it.")
    steps: int = Field(1, ge=1, le=MAX_STEPS, description="How many steps.")

    @model_validator(mode="after")
    def _one_world(self) -> Self:
        """Require a new world or an old one."""
        if self.config is not None and self.state is not None:
            raise ValueError("expected config or state, and not both; a state has its settings")
        return self


class AgentView(Settings):
    """One living agent.

    Attributes:
        slot: Its number.
        place: Row and column, from the north-west.
        energy: What it has left.
        age: Steps it has lived.
        founder: Number of the agent of the first step that it descends from.
        would: The action of highest goodness, which it does next unless it explores.
    """

    slot: int
    place: tuple[int, int]
    energy: int
    age: int
    founder: int
    would: str


class WorldStepAnswer(Result):
    """A world after some steps.

    Attributes:
        state: To go on with.
        step: Steps since its beginning.
        counts: Of the steps asked for: ``agent_steps``, ``eaten``, ``grown``, ``deaths``,
            ``births`` and ``buried``, the energy that the dead had left.
        food: Rows of 0 and 1, from the north-west.
        agents: Those that live.
    """

    state: WorldState
    step: int
    counts: dict[str, int]
    food: list[list[int]]
    agents: list[AgentView]
