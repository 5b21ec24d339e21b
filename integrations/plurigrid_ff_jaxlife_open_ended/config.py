"""Settings of a world. Nothing here loads JAX."""

from typing import Literal, Self

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from plurigrid_ff.settings import Settings

ACTIONS = ("rest", "north", "east", "south", "west", "eat")
RADIUS = 2
VIEW = (2 * RADIUS + 1) ** 2
NUM_FEATURES = 2 * VIEW + 2
"""Food in view, others in view, own energy, and a one."""

MAX_WEIGHTS = 1 << 28


class LifeConfig(Settings):
    """How agents learn, breed and die; the same in every habitat."""

    learning: bool = Field(True, description="Whether agents learn while they live.")
    inheritance: Literal["learned", "innate"] = Field(
        "learned",
        description="What a child's weights are copied from: its parent's as learned (Lamarck), or "
        "as its parent was born (Darwin).",
    )
    learning_rate: float = Field(0.05, gt=0, le=10, description="Step size of an update.")
    threshold: float = Field(1.0, gt=0, le=100, description="Goodness at p = 1/2.")
    sharpness: float = Field(4.0, gt=0, le=100, description="Slope of p at the threshold.")
    exploration: float = Field(
        0.05, ge=0, le=1, description="Share of actions that are drawn at random."
    )
    mutation: float = Field(
        0.1,
        ge=0,
        le=10,
        description="Noise on a child's weights, over the deviation of random initial ones.",
    )
    food_energy: int = Field(20, ge=1, le=10_000, description="What food is worth; a step costs 1.")
    birth_energy: int = Field(80, ge=2, le=100_000, description="From here on an agent can breed.")
    newborn_energy: int = Field(40, ge=1, le=100_000, description="What a parent gives a child.")
    max_age: PositiveInt = Field(1000, le=1 << 30, description="Steps after which an agent dies.")
    max_births: int = Field(
        16, ge=1, le=4096, description="Births in one step, at most; those with most energy first."
    )

    @model_validator(mode="after")
    def _parents_survive(self) -> Self:
        """Require that a birth leaves its parent something."""
        if self.birth_energy <= self.newborn_energy:
            raise ValueError(
                f"birth_energy must exceed newborn_energy, or parents die of births; got "
                f"{self.birth_energy} and {self.newborn_energy}"
            )
        return self


class WorldConfig(LifeConfig):
    """A torus of cells with food and agents."""

    size: int = Field(64, ge=5, le=1024, description="Height and width of the torus, in cells.")
    agents: int = Field(1000, ge=2, le=100_000, description="Agents at first, and at most.")
    hidden: int = Field(16, ge=1, le=1024, description="Units of a brain's layer.")
    discount: float = Field(
        0.8, ge=0, lt=1, description="What the prospect of food counts for, per step of delay."
    )
    start_food: float = Field(0.3, ge=0, le=1, description="Share of cells with food at first.")
    regrowth: float = Field(
        0.02, ge=0, le=1, description="Chance of food to grow in an empty cell, per step."
    )
    steps: PositiveInt = Field(2000, le=1 << 30, description="Steps to run.")
    window: PositiveInt = Field(
        100, le=1 << 20, description="Steps between two records, each of them a checkpoint."
    )
    seed: NonNegativeInt = Field(0, lt=1 << 63, description="Every draw derives from it.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Refuse worlds of more weights than a machine holds."""
        numbers = self.agents * self.hidden * (NUM_FEATURES + len(ACTIONS))
        if numbers > MAX_WEIGHTS:
            raise ValueError(
                f"agents times hidden needs {numbers} weights, more than {MAX_WEIGHTS}; "
                "lower one of them"
            )
        if self.max_births > self.agents:
            raise ValueError(
                f"max_births must be at most agents, got {self.max_births} and {self.agents}"
            )
        return self
