"""Persistent homology of layer activities: a validator (-1), comparisons, a drift alarm."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydantic import Field

from plurigrid_ff.config import Settings
from plurigrid_ff.host.hookspecs import hookimpl
from plurigrid_ff.host.skill import Role, RunContext, Skill, SkillCard

if TYPE_CHECKING:
    from plurigrid_ff_persistent_homology.validator import PersistentHomology


class PersistentHomologyConfig(Settings):
    """How the activities of trained layers are judged."""

    limit: float = Field(
        1.0,
        gt=0,
        description="Largest ratio, per layer, of the avoidable cross-class share of H0 merges "
        "after training to the share before it.",
    )
    least_drop: float = Field(
        0.2,
        ge=0,
        lt=1,
        description="Relative fall of that share, in at least one layer, that counts as "
        "learning; 0 asks for none. The ratio is known to about 0.1 from 500 probes and to "
        "0.2 from 150: a smaller fall cannot be told from none.",
    )
    confidence: float = Field(
        0.95, gt=0.5, lt=1, description="How sure to be before saying passed or failed."
    )
    probes: int = Field(
        500, ge=10, le=5000, description="Probes looked at: a class-balanced choice."
    )
    min_probes: int = Field(50, ge=10, description="With fewer probes there is no verdict.")
    landmarks: int = Field(
        128, ge=4, le=500, description="Points kept for H1, chosen farthest first."
    )
    keep_rounds: bool = Field(
        True,
        description="Leave the diagrams of every round in the run folder, for `topology compare "
        "RUN@ROUND`: about 10 kB per round, agent and layer. Otherwise those of the last round.",
    )


def build(config: PersistentHomologyConfig, context: RunContext) -> "PersistentHomology":
    """Build the validator; gudhi and scipy load here."""
    from plurigrid_ff_persistent_homology.validator import PersistentHomology

    return PersistentHomology(config)


SKILL = Skill(
    card=SkillCard(
        name="persistent-homology",
        version="0.1.0",
        role=Role.VALIDATOR,
        consumes=("activities", "initial-activities"),
        produces=("verdict",),
        summary=(
            "Passes a run whose layers keep the classes less entangled than the same layers "
            "did before training: fewer H0 merges of their activities join different classes."
        ),
        references=(
            'Edelsbrunner & Harer (2010), "Computational Topology: An Introduction"',
            'Cohen-Steiner, Edelsbrunner & Harer (2007), "Stability of Persistence Diagrams"',
            'Friedman & Rafsky (1979), "Multivariate Generalizations of the Wald-Wolfowitz and '
            'Smirnov Two-Sample Tests"',
        ),
    ),
    config=PersistentHomologyConfig,
    build=build,
)


@hookimpl
def register_skills(register: Callable[[Skill], None]) -> None:
    """Offer the validator."""
    register(SKILL)


@hookimpl
def register_commands(register: Callable[[str, str | Callable[[], Any], str], None]) -> None:
    """Offer ``topology`` and ``drift``; gudhi and torch load when one is called."""
    package = "plurigrid_ff_persistent_homology"
    topology, drift = f"{package}.commands:topology", f"{package}.drift_command:drift"
    register("topology", topology, "Compare and draw the topology of runs' layers.")
    register("drift", drift, "Tell whether samples drifted from a run's own data.")


@hookimpl
def register_tools(register: Callable[[str, str], None]) -> None:
    """Offer the drift alarm and the comparisons to agents."""
    for name in ("check_drift", "compare_topology", "compare_rounds"):
        register(name, f"plurigrid_ff_persistent_homology.tools:{name.upper()}")
