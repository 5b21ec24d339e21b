"""One act of one skill: its method called, and what it returns checked against its card."""

from typing import Any

from plurigrid_ff.digest import digest
from plurigrid_ff.errors import PluginError
from plurigrid_ff.host.ports import MIXED_PARAMETERS, PARAMETERS, VERDICT, Inbox, Outbox
from plurigrid_ff.host.skill import Coordinator, Generator, Role, SkillCard, Validator
from plurigrid_ff.host.wiring import written_ports
from plurigrid_ff.results import Verdict

DIGESTS = "digests"
EDGES = "edges"
EXCLUDED = "excluded"
CONTINUES = "continues"
HOST_KEYS = (DIGESTS, EDGES, EXCLUDED, CONTINUES)
"""Keys of a log entry's summary that the host writes."""

SAID = ("outcome", "passed", "measure", "limit", "reason")
"""What the log holds of a verdict, beside the summary that the validator gives it."""

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
        said = result.model_dump(mode="json", include=set(SAID))
        taken = [key for key in (*SAID, *HOST_KEYS) if key in result.summary]
        if taken:
            raise _taken(card, taken[0])
        outbox = Outbox(summary={**said, **result.summary})
        outbox.put(VERDICT, result)
        return outbox
    if not isinstance(result, Outbox):
        raise PluginError(
            f"skill {card.name!r}: {method}() must return an Outbox, got a {type(result).__name__}"
        )
    _check_told(card, result, inbox)
    wanted = written_ports(card)
    if set(result.values) != wanted:
        raise PluginError(
            f"skill {card.name!r} must write the ports its card produces: expected "
            f"{sorted(wanted)}, got {sorted(result.values)}"
        )
    return result


def _check_told(card: SkillCard, outbox: Outbox, inbox: Inbox) -> None:
    """Check what is told beside the ports.

    Raises:
        PluginError: A pair of agents without an edge, an agent who is none, or a summary with
            a key that the host writes.
    """
    graph = inbox.society.graph
    for u, v in outbox.edges:
        if not graph.has_edge(u, v):
            raise PluginError(
                f"skill {card.name!r} tells numbers of {u!r} and {v!r}, between whom the "
                "society's graph has no edge"
            )
    for name in outbox.excluded:
        if name not in graph:
            raise PluginError(
                f"skill {card.name!r} excludes {name!r}, who is no agent of the society: "
                f"{', '.join(inbox.society.agents)}"
            )
    for key in HOST_KEYS:
        if key in outbox.summary:
            raise _taken(card, key)


def _taken(card: SkillCard, key: str) -> PluginError:
    """Build the error for a key of a summary that is the host's own."""
    return PluginError(
        f"skill {card.name!r} writes {key!r} into its summary, a key of the host's own; take "
        "another name, or Outbox.edges and Outbox.excluded"
    )


def logged_summary(outbox: Outbox) -> dict[str, Any]:
    """Return what the log holds of an outbox, beside the digests of its ports.

    Of several agents' weights that is a digest each, so that it can be told whose differ.
    """
    summary = dict(outbox.summary)
    per_agent = {
        port.name: {agent: digest(value) for agent, value in outbox.values[port.name].items()}
        for port in (PARAMETERS, MIXED_PARAMETERS)
        if len(outbox.values.get(port.name, ())) > 1
    }
    if per_agent:
        summary[DIGESTS] = per_agent
    if outbox.edges:
        summary[EDGES] = [{"between": list(edge), **told} for edge, told in outbox.edges.items()]
    if outbox.excluded:
        summary[EXCLUDED] = outbox.excluded
    return summary
