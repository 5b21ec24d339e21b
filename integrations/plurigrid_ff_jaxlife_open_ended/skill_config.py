"""Settings of the skill: how agents live on a run's samples."""

from typing import Self

from pydantic import Field, PositiveInt, model_validator

from plurigrid_ff_jaxlife_open_ended.config import LifeConfig


class JaxlifeConfig(LifeConfig):
    """Settings under ``[skills.jaxlife-open-ended]`` of a run file."""

    population: int = Field(
        32, ge=2, le=10_000, description="Individuals at first, and at most, per agent of the run."
    )
    hidden: int = Field(64, ge=1, le=4096, description="Units of a brain's layer.")
    threshold: float = Field(0.5, gt=0, le=100, description="Goodness at p = 1/2.")
    mutation: float = Field(
        0.01,
        ge=0,
        le=10,
        description="Noise on a child's weights, over the deviation of random initial ones.",
    )
    newborn_energy: int = Field(
        200, ge=1, le=100_000, description="What a parent gives a child; founders begin with it."
    )
    birth_energy: int = Field(400, ge=2, le=100_000, description="From here on one can breed.")
    max_births: int = Field(4, ge=1, le=4096, description="Births in one step, at most.")
    max_age: PositiveInt = Field(3000, le=1 << 30, description="Steps after which one dies.")

    @model_validator(mode="after")
    def _births_have_room(self) -> Self:
        """Require slots for the newborn."""
        if self.max_births > self.population:
            raise ValueError(
                f"max_births must be at most population, got {self.max_births} and "
                f"{self.population}"
            )
        return self
