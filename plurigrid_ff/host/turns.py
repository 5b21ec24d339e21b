"""Triads that run in turn: what of a composition can be run, and in which order."""

from collections.abc import Sequence
from pathlib import Path

from plurigrid_ff.config import Triad, read_toml
from plurigrid_ff.errors import TriadError
from plurigrid_ff.host.expressions import THEN
from plurigrid_ff.host.nesting import compose
from plurigrid_ff.host.parts import Part
from plurigrid_ff.host.ports import PARAMETERS, WARM_START
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.skill import Role
from plurigrid_ff.host.triad import SLOTS, resolve_triad, triad_from_arguments


def turns_from_arguments(arguments: Sequence[str], registry: Registry) -> tuple[Triad, ...]:
    """Read what a user typed: a triad, or a sequence of triads to run one after the other.

    Args:
        arguments: What :func:`~plurigrid_ff.host.triad.triad_from_arguments` reads, an
            expression such as ``a then b``, or a .toml file that holds one.
        registry: Knows all skills.

    Raises:
        TriadError: It is malformed, or holds something that does not run.
        UnknownNameError: A name that means nothing here.
        ConfigError: A file that is neither a triad nor a composition.
    """
    text = " ".join(arguments)
    if not (_is_expression(text) or (len(arguments) == 1 and _is_composition(arguments[0]))):
        return (triad_from_arguments(arguments, registry),)
    turns = tuple(_turns(compose(text, registry).root))
    for place, triad in enumerate(turns):
        skills = resolve_triad(triad, registry)
        card = skills[Role.GENERATOR].card
        if place and WARM_START.name not in card.feedback:
            raise TriadError(
                f"triad {place + 1}, {triad.name!r}: its generator {card.name!r} does not go on "
                f"from given weights (its card reads no port {WARM_START.name!r}), so nothing can "
                "come before it; forward-forward-learning does"
            )
        if place + 1 < len(turns) and PARAMETERS.name not in card.produces:
            raise TriadError(
                f"triad {place + 1}, {triad.name!r}: its generator {card.name!r} hands no weights "
                f"on (its card writes no port {PARAMETERS.name!r}), so nothing can come after it"
            )
    return turns


def format_turns(turns: Sequence[Triad]) -> str:
    """Write a sequence as an expression of skills alone."""
    return f" {THEN} ".join(" * ".join(getattr(t, slot) for slot in SLOTS) for t in turns)


def _turns(part: Part) -> list[Triad]:
    """List the triads of a sequence in order; sequences within lie end to end.

    Raises:
        TriadError: A part that is no triad of three skills, one of each role.
    """
    if part.kind == "sequence":
        return [triad for inner in part.parts for triad in _turns(inner)]
    if part.kind == "skill":
        raise TriadError(f"{part.name!r} is a skill; a run takes a triad, or several with 'then'")
    if any(inner.kind != "skill" for inner in part.parts):
        raise TriadError(
            f"{part.name}: a nesting does not run: its parts are triads, each with a network, and "
            "nothing says whose its validator would judge; run them one after the other, as in "
            f"'x {THEN} y'"
        )
    if not part.strict:
        names = ", ".join(inner.name for inner in part.parts)
        raise TriadError(f"{part.name}: not strict, so it does not run: {names}")
    skills = {Role(inner.trit_sum).slot: inner.name for inner in part.parts}
    name = "-".join(skills[slot] for slot in SLOTS) if " " in part.name else part.name
    return [Triad.parse({"name": name, **skills}, where=part.name)]


def _is_expression(text: str) -> bool:
    """Whether a text has an operator of expressions."""
    return THEN in text.split() or bool(set("*⊗()") & set(text))


def _is_composition(reference: str) -> bool:
    """Whether an argument is a file that holds an expression."""
    path = Path(reference)
    return path.suffix == ".toml" and path.is_file() and "expression" in read_toml(path)
