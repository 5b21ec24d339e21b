"""The type check of a triad: is every port that is read also written?"""

from plurigrid_ff.host.skill import Role, SkillCard

VERDICT_PORT = "verdict"
ORDER = (Role.GENERATOR, Role.COORDINATOR, Role.VALIDATOR)
"""Who acts when in a round."""


def written_ports(card: SkillCard) -> set[str]:
    """Ports a skill writes; a validator's verdict is one."""
    return {*card.produces, VERDICT_PORT} if card.role is Role.VALIDATOR else set(card.produces)


def wiring_faults(cards: dict[Role, SkillCard]) -> list[str]:
    """Say why three skills do not fit together; an empty list means they do.

    Within a round the order is generate, coordinate, validate, so a skill can consume only
    what an earlier one produces. Feedback comes one round late and may come from any of
    them, or from none: a generator that could follow a schedule also runs without one. But
    a coordinator whose ports nobody else reads coordinates nothing.
    """
    faults = []
    available: set[str] = set()
    for role in ORDER:
        card = cards[role]
        missing = [port for port in card.consumes if port not in available]
        faults += [_unwritten(port, card, cards) for port in missing]
        available |= written_ports(card)
    coordinator = cards[Role.COORDINATOR]
    readers = {
        port
        for role in (Role.GENERATOR, Role.VALIDATOR)
        for port in (*cards[role].consumes, *cards[role].feedback)
    }
    if not readers & set(coordinator.produces):
        made = ", ".join(coordinator.produces) or "nothing"
        faults.append(
            f"{coordinator.name!r} produces {made}, which neither "
            f"{cards[Role.GENERATOR].name!r} nor {cards[Role.VALIDATOR].name!r} reads"
        )
    return faults


def _unwritten(port: str, card: SkillCard, cards: dict[Role, SkillCard]) -> str:
    """Say who reads a port that nobody wrote before."""
    later = [c.name for c in cards.values() if port in written_ports(c) and c is not card]
    if later:
        return f"{card.name!r} consumes {port!r}, which {later[0]!r} produces only later in a round"
    return f"{card.name!r} consumes {port!r}, which no skill of the triad produces"
