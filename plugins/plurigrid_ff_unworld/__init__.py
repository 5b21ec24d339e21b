"""Unworld as a skill: a log of every key that a run's draws derive from. Role: coordinator (0)."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from pydantic import Field

from plurigrid_ff.config import Settings
from plurigrid_ff.errors import ConfigError
from plurigrid_ff.host.hookspecs import hookimpl
from plurigrid_ff.host.skill import Role, RunContext, Skill, SkillCard

if TYPE_CHECKING:
    from plurigrid_ff_unworld.coordinator import DerivationLog


class UnworldConfig(Settings):
    """What the derivation log insists on."""

    common_seed: bool = Field(
        False,
        description="Require that all agents begin with the same weights, which lets plain "
        "averaging of weights work; society.start = 'common' makes them do so.",
    )


def build(config: UnworldConfig, context: RunContext) -> "DerivationLog":
    """Build the coordinator.

    Raises:
        ConfigError: A common seed is required, and agents begin with weights of their own.
    """
    from plurigrid_ff_unworld.coordinator import DerivationLog

    start = context.run.society.start
    if config.common_seed and start != "common":
        raise ConfigError(
            f"skills.unworld.common_seed: expected society.start = 'common', got {start!r}; set "
            "it, as in --set society.start=common, or leave common_seed out"
        )
    return DerivationLog(context.run)


SKILL = Skill(
    card=SkillCard(
        name="unworld",
        version="0.1.0",
        role=Role.COORDINATOR,
        produces=("derivations",),
        summary=(
            "Logs the key of every draw of a round: initial weights, order of samples, "
            "augmentation, negatives, shards; each follows from the seed and what it is for."
        ),
        references=(
            'Steele, Lea & Flood (2014), "Fast Splittable Pseudorandom Number Generators"',
        ),
    ),
    config=UnworldConfig,
    build=build,
)


@hookimpl
def register_skills(register: Callable[[Skill], None]) -> None:
    """Offer the coordinator."""
    register(SKILL)
