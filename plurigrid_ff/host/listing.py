"""Every skill that means something here, in one list."""

from typing import Literal

from plurigrid_ff.config import Settings
from plurigrid_ff.host.composition import composition_graph, triads_of
from plurigrid_ff.host.field import FIELD
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.triad import shipped_triads


class ListedSkill(Settings):
    """A skill as ``plurigrid-ff skills`` shows it."""

    name: str
    role: str
    trit: int
    state: Literal["installed", "not installed"]
    summary: str
    version: str | None
    plugin: str | None
    consumes: tuple[str, ...] = ()
    feedback: tuple[str, ...] = ()
    produces: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    triads: tuple[str, ...]


def list_skills(registry: Registry) -> list[ListedSkill]:
    """List the field's skills and all installed ones: validators, coordinators, generators."""
    graph = composition_graph(shipped_triads().values(), registry)
    listed = []
    for name in sorted(registry.names, key=lambda name: (registry.role(name), name)):
        role = registry.role(name)
        skill = registry.skills.get(name)
        card = skill.card if skill else None
        listed.append(
            ListedSkill(
                name=name,
                role=role.slot,
                trit=int(role),
                state="installed" if skill else "not installed",
                summary=card.summary if card else FIELD[name].summary,
                version=card.version if card else None,
                plugin=registry.providers.get(name),
                consumes=card.consumes if card else (),
                feedback=card.feedback if card else (),
                produces=card.produces if card else (),
                references=card.references if card else (),
                triads=tuple(triads_of(name, graph)),
            )
        )
    return listed
