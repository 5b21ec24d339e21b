"""Sheaf cohomology as a skill: refuses a merge that the maps would spoil. Role: validator (-1)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import Field

from plurigrid_ff.config import Settings
from plurigrid_ff.host.hookspecs import hookimpl
from plurigrid_ff.host.skill import Role, RunContext, Skill, SkillCard

if TYPE_CHECKING:
    from plurigrid_ff_sheaf_cohomology.validator import SheafCohomology


class SheafCohomologyConfig(Settings):
    """When a merge is refused."""

    limit: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Largest share of the activities' variance, in any layer, that agreement under "
        "the maps may take away.",
    )
    min_probes: int = Field(50, ge=10, description="With fewer probes there is no verdict.")


def build(config: SheafCohomologyConfig, context: RunContext) -> "SheafCohomology":
    """Build the validator; scipy loads here."""
    from plurigrid_ff_sheaf_cohomology.validator import SheafCohomology

    return SheafCohomology(config)


SKILL = Skill(
    card=SkillCard(
        name="sheaf-cohomology",
        version="0.1.0",
        role=Role.VALIDATOR,
        consumes=("edge-maps", "activities"),
        produces=("verdict",),
        summary=(
            "Refuses a merge before it happens where the maps between agents do not close round "
            "cycles or join units that say different things, and names the agent to blame."
        ),
        references=(
            'Hansen & Ghrist (2019), "Toward a spectral theory of cellular sheaves"',
            'Robinson (2017), "Sheaves are the canonical data structure for sensor integration"',
        ),
    ),
    config=SheafCohomologyConfig,
    build=build,
)


@hookimpl
def register_skills(register: Callable[[Skill], None]) -> None:
    """Offer the validator."""
    register(SKILL)
