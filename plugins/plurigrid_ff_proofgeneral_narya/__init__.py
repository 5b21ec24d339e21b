"""Proofs as a skill: a certificate that proof assistants check. Role: validator (-1)."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from plurigrid_ff.config import Settings
from plurigrid_ff.host.hookspecs import hookimpl
from plurigrid_ff.host.skill import Role, RunContext, Skill, SkillCard

if TYPE_CHECKING:
    from plurigrid_ff_proofgeneral_narya.validator import CertifyingValidator


class ProofConfig(Settings):
    """What is certified, and how much of it is enough."""

    radius: str = Field(
        "1/64",
        max_length=20,
        description="Half the width of the box around a sample, a multiple of 1/256, in units of "
        "what the first layer reads: a sample's root mean square is 1.",
    )
    limit: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Largest share of probes that may stay uncertified at that radius.",
    )
    samples: int = Field(
        20, ge=1, le=1000, description="Test samples that the run's certificate holds."
    )
    prover: Literal["none", "coqc", "coqchk"] = Field(
        "coqc",
        description="How far Coq is asked, where it is installed; coqchk goes over what coqc "
        "compiled, and takes minutes.",
    )


def build(config: ProofConfig, context: RunContext) -> "CertifyingValidator":
    """Build the validator; torch loads here."""
    from plurigrid_ff_proofgeneral_narya.validator import CertifyingValidator

    return CertifyingValidator(config, context)


SKILL = Skill(
    card=SkillCard(
        name="proofgeneral-narya",
        version="0.1.0",
        role=Role.VALIDATOR,
        consumes=("parameters", "derivations"),
        produces=("verdict",),
        summary=(
            "Passes a run whose first layer, in integers, provably keeps the true class ahead on "
            "a box round enough probes; leaves a certificate for Coq, Narya and plain Python."
        ),
        references=(
            'Gowal et al. (2018), "On the Effectiveness of Interval Bound Propagation for '
            'Training Verifiably Robust Models", arXiv:1810.12715',
        ),
    ),
    config=ProofConfig,
    build=build,
)


@hookimpl
def register_skills(register: Callable[[Skill], None]) -> None:
    """Offer the validator."""
    register(SKILL)


@hookimpl
def register_commands(register: Callable[[str, str | Callable[[], Any], str], None]) -> None:
    """Offer ``certify``; torch loads when it is called."""
    register(
        "certify",
        "plurigrid_ff_proofgeneral_narya.commands:certify",
        "Write a run's certificate for Coq, Narya and plain Python; or check one.",
    )


@hookimpl
def register_tools(register: Callable[[str, str], None]) -> None:
    """Offer certificates to agents."""
    for name in ("certify_run", "check_certificate"):
        register(name, f"plurigrid_ff_proofgeneral_narya.tools:{name.upper()}")
