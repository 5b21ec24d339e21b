"""One call of a skill's method, watched: what goes in stays, what comes out fits the card."""

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from plurigrid_ff.digest import canonical_json, digest
from plurigrid_ff.errors import PlurigridError
from plurigrid_ff.host.acting import METHODS
from plurigrid_ff.host.arrays import dump_value, restore_value
from plurigrid_ff.host.ports import STANDARD_PORTS, Inbox, Outbox, Port
from plurigrid_ff.host.skill import Role, Skill
from plurigrid_ff.host.wiring import written_ports
from plurigrid_ff.results import Verdict
from plurigrid_ff.testing.random_state import has_moved, snapshot
from plurigrid_ff.testing.requirement import failure, require


def watch_call(skill: Skill, method: Callable[[Inbox], Any], inbox: Inbox) -> Any:
    """Call a skill's method and return what it returns.

    Raises:
        AssertionError: It changed its inbox, drew from a global generator, or returned
            something that the card does not say.
    """
    name = METHODS[skill.card.role][1]
    where = f"skill {skill.name!r}: {name}() in round {inbox.round}"
    society = (inbox.society.probes, inbox.society.labels)
    before = digest(inbox.values), digest(society), snapshot()
    try:
        result = method(inbox)
    except PlurigridError as error:
        raise failure(
            where,
            expected="a call that returns",
            actual=f"{type(error).__name__}: {error}",
            remedy="the inbox holds sample values of the ports on the card, and no others",
        ) from error
    after = digest(inbox.values), digest(society), snapshot()
    require(
        after[0] == before[0],
        where,
        expected="the ports in the inbox to stay as they were",
        actual="other values",
        remedy="copy a value before you change it: others read the same one",
    )
    require(
        after[1] == before[1],
        where,
        expected="the society's probes and labels to stay as they were",
        actual="other values",
        remedy="copy them before you change them: others read the same arrays",
    )
    require(
        not has_moved(before[2], after[2]),
        where,
        expected="no draw from a global random generator",
        actual="one of random, numpy or torch moved on",
        remedy="draw from a generator seeded with inbox.society.seed and inbox.round",
    )
    if skill.card.role is Role.VALIDATOR:
        check_verdict(result, where)
    else:
        check_outbox(skill, result, where)
    return result


def check_verdict(result: Any, where: str) -> None:
    """Require a verdict whose decision follows from its measure and limit."""
    require(
        isinstance(result, Verdict),
        where,
        expected="a Verdict",
        actual=f"a {type(result).__name__}",
        remedy="return Verdict(passed=..., measure=..., limit=..., reason=...)",
    )
    require(
        result.reason.strip(),
        f"{where}: reason",
        expected="one sentence",
        actual="nothing",
        remedy="say what was measured; people read it",
    )
    if result.passed is True and result.measure is not None:
        require(
            result.measure <= result.limit,
            where,
            expected="passed only where measure <= limit",
            actual=f"passed with measure {result.measure:g} and limit {result.limit:g}",
            remedy="limit is the largest measure that passes; turn the measure around if larger "
            "is better",
        )


def check_outbox(skill: Skill, result: Any, where: str) -> None:
    """Require an outbox with the ports of the card, typed, and a summary that goes to JSON."""
    require(
        isinstance(result, Outbox),
        where,
        expected="an Outbox",
        actual=f"a {type(result).__name__}",
        remedy="make an Outbox() and put() every port into it",
    )
    wanted = written_ports(skill.card)
    require(
        set(result.values) == wanted,
        where,
        expected=f"the ports that the card produces, {sorted(wanted)}",
        actual=f"{sorted(result.values)}",
        remedy="put() these and no others, or change produces on the card",
    )
    known = {**STANDARD_PORTS, **{port.name: port for port in skill.ports}}
    for name, value in result.values.items():
        check_value(known[name], value, f"{where}: port {name!r}")
    try:
        canonical_json(result.summary)
    except (TypeError, ValueError) as error:
        raise failure(
            f"{where}: summary",
            expected="values that go to JSON, without nan and infinity",
            actual=f"{result.summary!r:.120}",
            remedy="write plain numbers, texts, lists and dicts; float(x) makes one of an array",
        ) from error


def check_value(port: Port[Any], value: Any, where: str) -> None:
    """Require a value that has a digest and, where its type says so, comes back from JSON."""
    try:
        digest(value)
    except (TypeError, ValueError) as error:
        raise failure(
            where,
            expected="a value that the log can take a digest of",
            actual=str(error),
            remedy="use arrays, models, dataclasses, mappings, sequences and plain values",
        ) from error
    if port.type is Any:
        return
    arrays: dict[str, Any] = {}
    try:
        again = restore_value(port.type, dump_value(port.type, value, arrays), arrays)
    except (ValidationError, ValueError, TypeError) as error:
        raise failure(
            where,
            expected=f"a value of the port's type, {port.type}",
            actual=f"{value!r:.120}",
            remedy="write the type that the port is defined with, in a form that goes to JSON",
        ) from error
    require(
        digest(again) == digest(value),
        where,
        expected="a value that comes back from JSON unchanged",
        actual=f"{again!r:.120} from {value!r:.120}",
        remedy="a port that is fed back is saved as JSON; use types that survive it",
    )
