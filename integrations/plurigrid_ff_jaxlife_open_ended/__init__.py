"""Worlds of agents that learn while they live, breed and die. Role: generator (+1).

Names load on first use: importing the package loads neither JAX nor torch.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from plurigrid_ff.host.hookspecs import hookimpl
from plurigrid_ff.host.skill import Role, RunContext, Skill, SkillCard
from plurigrid_ff.lazy_names import lazy_names
from plurigrid_ff_jaxlife_open_ended.skill_config import JaxlifeConfig

if TYPE_CHECKING:
    from plurigrid_ff_jaxlife_open_ended.config import WorldConfig
    from plurigrid_ff_jaxlife_open_ended.generator import LifeGenerator
    from plurigrid_ff_jaxlife_open_ended.simulation import Simulation

REQUIRES_HOOKS = "1.4"

_HOMES = {"Simulation": "simulation", "WorldConfig": "config"}

__all__ = ["SKILL", "JaxlifeConfig", "Simulation", "WorldConfig"]


def build(config: JaxlifeConfig, context: RunContext) -> "LifeGenerator":
    """Build the generator; JAX and torch load here.

    Raises:
        MissingExtraError: JAX is not installed.
    """
    from plurigrid_ff_jaxlife_open_ended.generator import LifeGenerator

    return LifeGenerator(config, context)


SKILL = Skill(
    card=SkillCard(
        name="jaxlife-open-ended",
        version="0.1.0",
        role=Role.GENERATOR,
        feedback=("schedule",),
        produces=("activities", "initial-activities", "gains", "margins"),
        summary=(
            "Lets populations live on the samples: guessing a class right is food, brains learn "
            "by Forward-Forward from what a guess brought, and the best fed breed. Needs the extra "
            "jax."
        ),
        references=(
            "Hinton (2022), arXiv:2212.13345",
            'Ackley & Littman (1991), "Interactions between Learning and Evolution"',
        ),
    ),
    config=JaxlifeConfig,
    build=build,
)


@hookimpl
def register_skills(register: Callable[[Skill], None]) -> None:
    """Offer the generator."""
    register(SKILL)


@hookimpl
def register_commands(register: Callable[[str, str, str], None]) -> None:
    """Offer ``plurigrid-ff world``."""
    register(
        "world",
        "plurigrid_ff_jaxlife_open_ended.commands:world",
        "Run worlds of agents that learn while they live, breed and die.",
    )


@hookimpl
def register_tools(register: Callable[[str, str], None]) -> None:
    """Offer worlds to agents."""
    for name in ("world_run", "world_step"):
        register(name, f"plurigrid_ff_jaxlife_open_ended.tools:{name.upper()}")


@hookimpl
def world_step(request: dict[str, Any]) -> dict[str, Any]:
    """Answer an agent: see :class:`plurigrid_ff_jaxlife_open_ended.messages.WorldStepRequest`."""
    from plurigrid_ff_jaxlife_open_ended.agents import answer_step

    return answer_step(request)


__getattr__, __dir__ = lazy_names(__name__, _HOMES)
