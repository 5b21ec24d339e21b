"""Evolution as a skill: agents are individuals, mutation and selection coordinate. Role: 0."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import Field, PositiveFloat

from plurigrid_ff.config import Settings
from plurigrid_ff.host.hookspecs import hookimpl
from plurigrid_ff.host.skill import Role, RunContext, Skill, SkillCard

if TYPE_CHECKING:
    from plurigrid_ff_self_evolving_agent.coordinator import EvolvingCoordinator


class SelfEvolvingConfig(Settings):
    """How agents breed."""

    children: int = Field(
        4, ge=1, le=64, description="Children bred per agent and round; the best one is tested."
    )
    noise: PositiveFloat = Field(
        0.1,
        le=10,
        description="Strongest mutation: standard deviation of the noise over the root mean square "
        "of a layer's weights. Strengths are drawn between a tenth of it and it.",
    )
    level: float = Field(
        0.05,
        gt=0,
        lt=0.5,
        description="A child is taken up if as many gains over its rival would come of chance with "
        "at most this probability (one-sided sign test).",
    )


def build(config: SelfEvolvingConfig, context: RunContext) -> "EvolvingCoordinator":
    """Build the coordinator; torch and scipy load here."""
    from plurigrid_ff_self_evolving_agent.coordinator import EvolvingCoordinator
    from plurigrid_ff_self_evolving_agent.networks import Bench

    return EvolvingCoordinator(config, Bench(context), context)


SKILL = Skill(
    card=SkillCard(
        name="self-evolving-agent",
        version="0.1.0",
        role=Role.COORDINATOR,
        consumes=("parameters", "activities"),
        feedback=("verdict",),
        produces=("mixed-parameters", "edge-maps", "lineage"),
        summary=(
            "Archives every agent, breeds mutated children of good ones and of their neighbours, "
            "and hands back those that a paired test on held-out probes finds better."
        ),
        references=(
            'Zhang, Hu, Lu, Lange & Clune (2025), "Darwin Gödel Machine", arXiv:2505.22954',
            'McNemar (1947), "Note on the sampling error of the difference between correlated '
            'proportions or percentages"',
        ),
    ),
    config=SelfEvolvingConfig,
    build=build,
)


@hookimpl
def register_skills(register: Callable[[Skill], None]) -> None:
    """Offer the coordinator."""
    register(SKILL)


@hookimpl
def register_commands(register: Callable[[str, str | Callable[[], Any], str], None]) -> None:
    """Offer ``evolve``; torch loads when it is called."""
    home = "plurigrid_ff_self_evolving_agent.commands:evolve"
    register("evolve", home, "Evolve settings and weights in an archive.")


@hookimpl
def register_tools(register: Callable[[str, str], None]) -> None:
    """Offer evolution to agents."""
    for name in ("evolve_run", "evolve_step"):
        register(name, f"plurigrid_ff_self_evolving_agent.tools:{name.upper()}")


@hookimpl
def evolve_step(request: dict[str, Any]) -> dict[str, Any]:
    """Answer an agent: see :class:`plurigrid_ff_self_evolving_agent.agents.EvolveStepRequest`."""
    from plurigrid_ff_self_evolving_agent.agents import answer_step

    return answer_step(request)
