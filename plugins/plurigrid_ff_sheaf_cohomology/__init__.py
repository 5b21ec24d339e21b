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

    holonomy: float = Field(
        0.4,
        gt=0,
        le=1,
        description="Largest holonomy defect of any layer: the mean share of units that do not "
        "come back to themselves round a cycle of agents.",
    )
    misfit: float = Field(
        0.25,
        gt=0,
        le=1,
        description="Largest misfit of any layer: the share of the correlation between units of "
        "neighbours, matched pair by pair, that the maps do without.",
    )
    loss: float = Field(
        0.05,
        gt=0,
        le=1,
        description="Largest share of the labelled probes that agents may lose, in the mean, once "
        "they agree under the maps: tried on copies, before anyone takes weights up.",
    )
    min_probes: int = Field(50, ge=10, description="With fewer probes there is no verdict.")


def build(config: SheafCohomologyConfig, context: RunContext) -> "SheafCohomology":
    """Build the validator; scipy and torch load here."""
    from plurigrid_ff.learning.probed import ProbedNetwork
    from plurigrid_ff.learning.symmetry import symmetry_of
    from plurigrid_ff_sheaf_cohomology.validator import SheafCohomology

    run, data, society = context.run, context.data, context.society
    symmetry = symmetry_of(run.network, data.feature_shape, data.num_classes)
    network = ProbedNetwork(run.network, data, society.probes, society.labels, seed=run.seed)
    return SheafCohomology(config, symmetry, network)


SKILL = Skill(
    card=SkillCard(
        name="sheaf-cohomology",
        version="0.1.0",
        role=Role.VALIDATOR,
        consumes=("edge-maps", "activities", "parameters"),
        produces=("verdict",),
        summary=(
            "Refuses a merge before it happens where the maps between agents do not close round "
            "cycles or join units that say different things, or where a trial of agreement loses "
            "accuracy, and names the agent to blame."
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
