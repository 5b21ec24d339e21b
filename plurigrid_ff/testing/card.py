"""What a skill says of itself: its card, and the ports that it names."""

import re

from plurigrid_ff.config import SKILL_NAME
from plurigrid_ff.host.field import FIELD
from plurigrid_ff.host.ports import STANDARD_PORTS, VERDICT, Port
from plurigrid_ff.host.skill import Role, Skill, SkillCard
from plurigrid_ff.testing.requirement import require


def check_card(card: SkillCard) -> None:
    """Require a usable name, the field's trit, and ports that can be there when read."""
    where = f"card of skill {card.name!r}"
    require(
        re.fullmatch(SKILL_NAME, card.name),
        f"{where}: name",
        expected="lower-case words joined by hyphens",
        actual=repr(card.name),
        remedy="rename it: triads name it so",
    )
    require(
        isinstance(card.role, Role),
        f"{where}: role",
        expected="a Role, whose value is the trit",
        actual=repr(card.role),
        remedy="use Role.VALIDATOR, Role.COORDINATOR or Role.GENERATOR",
    )
    known = FIELD.get(card.name)
    require(
        known is None or known.role is card.role,
        f"{where}: role",
        expected=f"the {known.role.slot if known else ''} that this name is known as",
        actual=card.role.slot,
        remedy="take another name or that role; the host refuses this one",
    )
    read = [*card.consumes, *card.feedback]
    for what, names in (("consumes and feedback", read), ("produces", list(card.produces))):
        twice = sorted({name for name in names if names.count(name) > 1})
        require(
            not twice,
            f"{where}: {what}",
            expected="every port once",
            actual=f"{', '.join(twice)} twice",
            remedy="name a port under one of them, once",
        )
    _check_order(card, where)


def _check_order(card: SkillCard, where: str) -> None:
    """Require that what is consumed can have been written before the skill acts."""
    late = {
        Role.GENERATOR: set(card.consumes),
        Role.COORDINATOR: set(card.consumes) & {VERDICT.name, *card.produces},
        Role.VALIDATOR: set(card.consumes) & {VERDICT.name, *card.produces},
    }[card.role]
    require(
        not late,
        f"{where}: consumes",
        expected=f"ports that are written before the {card.role.slot} acts",
        actual=", ".join(sorted(late)),
        remedy="name them under feedback: they come one round late",
    )
    require(
        card.produces or card.role is not Role.COORDINATOR,
        f"{where}: produces",
        expected="at least one port that others read",
        actual="none",
        remedy="a coordinator acts through its ports; the standard one is 'schedule'",
    )


def check_ports(skill: Skill) -> None:
    """Require that ports of its own are defined, typed, produced, and no standard ones."""
    card = skill.card
    where = f"ports of skill {skill.name!r}"
    for port in skill.ports:
        require(
            isinstance(port, Port),
            where,
            expected="a plurigrid_ff.Port",
            actual=f"{port!r:.80}",
            remedy="write Port(NAME, TYPE, SUMMARY)",
        )
        require(
            STANDARD_PORTS.get(port.name, port) is port,
            f"{where}: {port.name}",
            expected="a name that no standard port has",
            actual="a second definition",
            remedy="import the standard port from plurigrid_ff.host.ports, or rename this one",
        )
        require(
            port.name in card.produces,
            f"{where}: {port.name}",
            expected="a port that the card produces",
            actual=f"produces = {list(card.produces)}",
            remedy="name it under produces, or leave it out of Skill(ports=...)",
        )
    unknown = set(card.produces) - STANDARD_PORTS.keys() - {port.name for port in skill.ports}
    require(
        not unknown,
        where,
        expected="a definition of every port that the card produces",
        actual=f"none of {', '.join(sorted(unknown))}",
        remedy="list it in Skill(ports=...), or use a standard port",
    )
