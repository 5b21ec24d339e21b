"""The ten skill names of the field, with the trit that this project gives each.

The one authority on trits: a plugin that offers a skill under one of these names with
another role is refused, and a skill nobody has installed still has its place in a triad.
"""

from dataclasses import dataclass

from plurigrid_ff.host.skill import Role


@dataclass(frozen=True, slots=True)
class FieldSkill:
    """A name that users know, whether or not a plugin for it is installed."""

    role: Role
    summary: str


FIELD: dict[str, FieldSkill] = {
    "forward-forward-learning": FieldSkill(
        Role.GENERATOR, "Trains networks layer by layer, each on its own goodness."
    ),
    "gay-mcp": FieldSkill(Role.GENERATOR, "Draws deterministic colours and trits from a seed."),
    "jaxlife-open-ended": FieldSkill(
        Role.GENERATOR, "Runs an open-ended world of agents that learn in their lifetime."
    ),
    "open-games": FieldSkill(
        Role.COORDINATOR, "Schedules training as the equilibrium of a game between layers."
    ),
    "self-evolving-agent": FieldSkill(
        Role.COORDINATOR, "Evolves configurations and weights in an archive."
    ),
    "sheaf-laplacian-coordination": FieldSkill(
        Role.COORDINATOR, "Brings agents to agreement by diffusion on a cellular sheaf."
    ),
    "unworld": FieldSkill(
        Role.COORDINATOR, "Derives every seed, shard and negative from one chain."
    ),
    "persistent-homology": FieldSkill(
        Role.VALIDATOR, "Compares the topology of layers before and after training."
    ),
    "proofgeneral-narya": FieldSkill(
        Role.VALIDATOR, "Turns a run into a certificate that a proof assistant checks."
    ),
    "sheaf-cohomology": FieldSkill(
        Role.VALIDATOR, "Measures what keeps agents from agreeing, and where."
    ),
}
