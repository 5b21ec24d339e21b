"""gay-mcp as a skill: layers learn to paint samples in seeded colours. Role: generator (+1)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from annotated_types import Len
from pydantic import Field, PositiveInt

from plurigrid_ff.colors.schemes import Scheme, SeededColor
from plurigrid_ff.host.hookspecs import hookimpl
from plurigrid_ff.host.ports import PerAgent, Port
from plurigrid_ff.host.skill import Role, RunContext, Skill, SkillCard
from plurigrid_ff.settings import Settings

if TYPE_CHECKING:
    from plurigrid_ff_gay_mcp.generator import PaintingGenerator

COLOURS: "Port[PerAgent[tuple[SeededColor, ...]]]" = Port(
    "colours", dict[str, tuple[SeededColor, ...]], "The colour of every class, class 0 first."
)


class GayMcpConfig(Settings):
    """Which colours are drawn, and how layers learn to paint with them."""

    scheme: Scheme = Field("gay_mcp", description="How a seed and an index give a colour.")
    least_distance: float = Field(
        0.1,
        ge=0,
        le=0.3,
        description="Least OkLab distance of two classes' colours; a nearer one is passed over.",
    )
    hidden: Annotated[tuple[PositiveInt, ...], Len(min_length=1)] = Field(
        (100, 100), description="Units of each layer."
    )
    learning_rate: float = Field(1e-2, gt=0, le=1, description="Step size of Adam.")


def build(config: GayMcpConfig, context: RunContext) -> "PaintingGenerator":
    """Build the generator; numpy loads here."""
    from plurigrid_ff_gay_mcp.generator import PaintingGenerator

    return PaintingGenerator(config, context)


SKILL = Skill(
    card=SkillCard(
        name="gay-mcp",
        version="0.1.0",
        role=Role.GENERATOR,
        feedback=("schedule",),
        produces=("activities", "initial-activities", "gains", COLOURS.name),
        summary=(
            "Draws a deterministic colour and trit for every class from the seed, and trains "
            "layers that each learn, on their own, to paint samples in the colour of their class."
        ),
        references=(
            'Steele, Lea & Flood (2014), "Fast Splittable Pseudorandom Number Generators"',
            'Nøkland & Eidnes (2019), "Training Neural Networks with Local Error Signals", '
            "arXiv:1901.06656",
        ),
    ),
    config=GayMcpConfig,
    build=build,
    ports=(COLOURS,),
)


@hookimpl
def register_skills(register: Callable[[Skill], None]) -> None:
    """Offer the generator."""
    register(SKILL)
