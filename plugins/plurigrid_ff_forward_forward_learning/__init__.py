"""Forward-Forward learning as a skill. Role: generator."""

from typing import Any

from plurigrid_ff import __version__
from plurigrid_ff.config import Settings
from plurigrid_ff.host.hookspecs import hookimpl
from plurigrid_ff.host.skill import Role, RunContext, Skill, SkillCard


class ForwardForwardSettings(Settings):
    """The run file's [network] and [training] say everything; there is no more to set."""


def _build(config: ForwardForwardSettings, context: RunContext) -> Any:
    """Build the generator; torch loads here."""
    from plurigrid_ff_forward_forward_learning.generator import ForwardForwardGenerator

    return ForwardForwardGenerator(context)


SKILL = Skill(
    card=SkillCard(
        name="forward-forward-learning",
        version=__version__,
        role=Role.GENERATOR,
        feedback=("schedule", "mixed-parameters", "verdict", "warm-start"),
        produces=("parameters", "activities", "initial-activities", "gains", "margins"),
        summary="Trains networks layer by layer, each on its own goodness.",
        references=("Hinton 2022, arXiv:2212.13345", "Gong, Li & Abdulla 2025, arXiv:2501.09238"),
    ),
    config=ForwardForwardSettings,
    build=_build,
)


@hookimpl
def register_skills(register: Any) -> None:
    """Offer the skill."""
    register(SKILL)
