"""Sheaf diffusion as a skill: agents agree on weights, up to the order of units. Role: 0."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from plurigrid_ff.config import Settings
from plurigrid_ff.host.hookspecs import hookimpl
from plurigrid_ff.host.skill import Role, RunContext, Skill, SkillCard

if TYPE_CHECKING:
    from plurigrid_ff_sheaf_laplacian_coordination.coordinator import SheafCoordinator


class SheafLaplacianConfig(Settings):
    """How agents are aligned and how far they move towards agreement."""

    maps: Literal["synchronised", "matched", "identity"] = Field(
        "synchronised",
        description="How units of neighbours are told to stand for each other: 'matched' on probe "
        "activities pair by pair, 'synchronised' so that the matches close round every cycle, or "
        "'identity', plain gossip, which needs a common start.",
    )
    steps: PositiveInt = Field(10, description="Steps of diffusion per round.")
    step: Literal["optimal"] | PositiveFloat = Field(
        "optimal",
        description="Size of a step, below 2 / lambda_max of the sheaf Laplacian; 'optimal' is "
        "2 / (lambda_2 + lambda_max).",
    )
    offline: tuple[str, ...] = Field(
        (),
        description="Agents whose weights are not heard: they get the harmonic extension of those "
        "of the others.",
    )


def build(config: SheafLaplacianConfig, context: RunContext) -> "SheafCoordinator":
    """Build the coordinator; scipy and torch load here."""
    from plurigrid_ff.learning.probed import ProbedNetwork
    from plurigrid_ff_sheaf_laplacian_coordination.coordinator import SheafCoordinator
    from plurigrid_ff_sheaf_laplacian_coordination.requirements import require_fit

    run, society = context.run, context.society
    require_fit(config, society.graph)
    network = ProbedNetwork(
        run.network, context.data, society.probes, society.labels, seed=run.seed
    )
    if config.maps != "identity":
        _ = network.symmetry  # raises where units cannot be permuted, before anybody trains
    return SheafCoordinator(config, network)


SKILL = Skill(
    card=SkillCard(
        name="sheaf-laplacian-coordination",
        version="0.1.0",
        role=Role.COORDINATOR,
        consumes=("parameters", "activities"),
        produces=("mixed-parameters", "edge-maps"),
        summary=(
            "Brings the weights of neighbours nearer to each other by diffusion on a cellular "
            "sheaf, whose maps align hidden units that grew in different orders."
        ),
        references=(
            'Hansen & Ghrist (2019), "Toward a spectral theory of cellular sheaves"',
            'Hansen & Ghrist (2021), "Opinion dynamics on discourse sheaves"',
            'Ainsworth, Hayase & Srinivasa (2023), "Git Re-Basin"',
            'Pachauri, Kondor & Singh (2013), "Solving the multi-way matching problem by '
            'permutation synchronization"',
        ),
    ),
    config=SheafLaplacianConfig,
    build=build,
)


@hookimpl
def register_skills(register: Callable[[Skill], None]) -> None:
    """Offer the coordinator."""
    register(SKILL)
