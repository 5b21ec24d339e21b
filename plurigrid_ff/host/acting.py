"""One act of one skill: its method called, and what it returns checked against its card."""

from typing import Any

from plurigrid_ff.errors import PluginError
from plurigrid_ff.host.ports import VERDICT, Inbox, Outbox
from plurigrid_ff.host.skill import Coordinator, Generator, Role, SkillCard, Validator
from plurigrid_ff.host.wiring import written_ports
from plurigrid_ff.results import Verdict

EDGES = "edges"
EXCLUDED = "excluded"
"""Keys of a log entry's summary."""

METHODS: dict[Role, tuple[type, str]] = {
    Role.GENERATOR: (Generator, "generate"),
    Role.COORDINATOR: (Coordinator, "coordinate"),
    Role.VALIDATOR: (Validator, "validate"),
}


def act(card: SkillCard, skill: Any, inbox: Inbox) -> Outbox:
    """Call a role's one method and check that it wrote what its card says."""
    method = METHODS[card.role][1]
    result = getattr(skill, method)(inbox)
    if card.role is Role.VALIDATOR:
        if not isinstance(result, Verdict):
            raise PluginError(
                f"skill {card.name!r}: {method}() must return a Verdict, got a "
                f"{type(result).__name__}"
            )
        outbox = Outbox(
            summary=result.model_dump(
                mode="json", include={"outcome", "passed", "measure", "limit", "reason"}
            )
        )
        outbox.put(VERDICT, result)
        return outbox
    if not isinstance(result, Outbox):
        raise PluginError(
            f"skill {card.name!r}: {method}() must return an Outbox, got a {type(result).__name__}"
        )
    wanted = written_ports(card)
    if set(result.values) != wanted:
        raise PluginError(
            f"skill {card.name!r} must write the ports its card produces: expected "
            f"{sorted(wanted)}, got {sorted(result.values)}"
        )
    return result


def logged_summary(outbox: Outbox) -> dict[str, Any]:
    """Return what the log holds of an outbox, beside the digests of its ports."""
    summary = dict(outbox.summary)
    if outbox.edges:
        summary[EDGES] = [{"between": list(edge), **told} for edge, told in outbox.edges.items()]
    if outbox.excluded:
        summary[EXCLUDED] = outbox.excluded
    return summary
