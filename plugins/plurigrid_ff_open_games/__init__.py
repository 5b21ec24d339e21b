"""Open games as a skill: layers, or agents, play for a compute budget. Role: coordinator (0)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from plurigrid_ff.config import Settings
from plurigrid_ff.host.hookspecs import hookimpl
from plurigrid_ff.host.skill import Role, RunContext, Skill, SkillCard
from plurigrid_ff_open_games.estimates import GAIN_ESTIMATES

if TYPE_CHECKING:
    from plurigrid_ff_open_games.coordinator import BudgetCoordinator


class OpenGamesConfig(Settings):
    """Terms of the budget game."""

    players: Literal["layers", "agents"] = Field(
        "layers",
        description="Who plays: every layer for itself, or every agent with all its layers.",
    )
    price: float = Field(
        0.25,
        ge=0,
        le=1000,
        description="What a player pays for each other one that trains, as a share of the "
        "largest positive gain; about 1 + 1/price players train at once, 0: all that gain.",
    )
    memory: float = Field(
        0.5,
        ge=0,
        lt=1,
        description="Weight of the past in a layer's gain estimate; 0: the last round alone.",
    )
    may_stop: bool = Field(
        False, description="Let no layer train where none is expected to gain anything."
    )


def build(config: OpenGamesConfig, context: RunContext) -> "BudgetCoordinator":
    """Build the coordinator; numpy loads here."""
    from plurigrid_ff_open_games.coordinator import BudgetCoordinator

    return BudgetCoordinator(config)


SKILL = Skill(
    card=SkillCard(
        name="open-games",
        version="0.1.0",
        role=Role.COORDINATOR,
        consumes=("gains",),
        feedback=("schedule", "gain-estimates"),
        produces=("schedule", "gain-estimates"),
        summary=(
            "Lets layers or agents play for a compute budget: who trains next round is a Nash "
            "equilibrium of a potential game over their measured held-out gains."
        ),
        references=(
            'Ghani, Hedges, Winschel & Zahn (2018), "Compositional Game Theory"',
            'Monderer & Shapley (1996), "Potential Games"',
        ),
    ),
    config=OpenGamesConfig,
    build=build,
    ports=(GAIN_ESTIMATES,),
)


@hookimpl
def register_skills(register: Callable[[Skill], None]) -> None:
    """Offer the coordinator."""
    register(SKILL)
