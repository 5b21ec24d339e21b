"""``check_skill``: what the host relies on in every skill."""

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from plurigrid_ff.host.acting import METHODS
from plurigrid_ff.host.log import LogEntry
from plurigrid_ff.host.ports import VERDICT, WARM_START
from plurigrid_ff.host.rounds import Outcome
from plurigrid_ff.host.skill import (
    Role,
    RunContext,
    Settles,
    Skill,
    SkillCard,
    Stateful,
    Trained,
    TrainedSociety,
)
from plurigrid_ff.results import Assessment
from plurigrid_ff.testing.calls import watch_call
from plurigrid_ff.testing.card import check_card, check_ports
from plurigrid_ff.testing.random_state import seeded
from plurigrid_ff.testing.requirement import failure, require
from plurigrid_ff.testing.round import STAND_IN_PORTS, run_rounds, tiny_context, triad_around
from plurigrid_ff.testing.settings import check_settings


class _Interrupt(Exception):  # noqa: N818 (no error: it stands for the user's Ctrl-C)
    """Ends a run before the round it should be resumed in."""


def check_skill(
    skill: Skill | SkillCard,
    *,
    settings: dict[str, Any] | None = None,
    values: Mapping[str, Any] | None = None,
    agents: int = 1,
) -> None:
    """Check a skill: its card and settings, and three rounds among stand-ins.

    Call it from a test of your own: ``check_skill(my_plugin.SKILL)``. Of a card alone, only
    what it says is checked.

    Args:
        skill: The skill, or its card.
        settings: The skill's own settings to run with; the defaults if there are none.
        values: A sample value for every port it reads that is no standard one.
        agents: How many the society has, on a complete graph.

    Raises:
        AssertionError: Where it breaks the contract, and what to do.
    """
    if isinstance(skill, SkillCard):
        check_card(skill)
        return
    require(
        isinstance(skill, Skill),
        "check_skill",
        expected="a Skill or a SkillCard",
        actual=f"{skill!r:.80}",
        remedy="pass what the plugin registers",
    )
    check_card(skill.card)
    check_ports(skill)
    check_settings(skill.config, f"settings of skill {skill.name!r}")
    context = tiny_context({skill.name: settings or {}}, agents=agents)
    check_build(skill, context)
    values = sample_values(skill, values or {})
    entries = check_rounds(skill, context, values)
    check_deterministic(skill, context, values, entries)
    check_resumes(skill, context, values, entries)


def check_build(skill: Skill, context: RunContext) -> None:
    """Require a fresh object with the method of the role from every build."""
    one, two = _build(skill, context), _build(skill, context)
    protocol, method = METHODS[skill.card.role]
    require(
        isinstance(one, protocol),
        f"build of skill {skill.name!r}",
        expected=f"an object with a method {method}()",
        actual=f"a {type(one).__name__}",
        remedy=f"a {skill.card.role.slot} acts through {method}(inbox)",
    )
    require(
        one is not two,
        f"build of skill {skill.name!r}",
        expected="a new object from every call",
        actual="the same one twice",
        remedy="make it inside build; two runs must not share state",
    )


def _build(skill: Skill, context: RunContext) -> Any:
    """Build the working object as the host does."""
    return skill.build(skill.parse_config(context.run.skills, where="check_skill"), context)


def sample_values(skill: Skill, values: Mapping[str, Any]) -> dict[str, Any]:
    """Choose the values of ports that no stand-in writes.

    Raises:
        AssertionError: The skill reads a port of which there is no sample.
    """
    card = skill.card
    written = {name for role in Role if role is not card.role for name in STAND_IN_PORTS[role]}
    needed = [name for name in card.consumes if name not in written]
    late = {*written, *card.produces, VERDICT.name, WARM_START.name}
    needed += [name for name in card.feedback if name not in late]
    for name in needed:
        require(
            name in values,
            f"skill {skill.name!r}: port {name!r}",
            expected="a sample value, because it is no standard port of another role",
            actual="none",
            remedy=f"call check_skill(..., values={{{name!r}: SAMPLE}})",
        )
    return {name: values[name] for name in needed}


def check_rounds(skill: Skill, context: RunContext, values: dict[str, Any]) -> list[LogEntry]:
    """Require three rounds that go through, each call watched; return the log's entries."""
    with tempfile.TemporaryDirectory() as folder:
        outcome = _run(skill, context, values, Path(folder), seed=1)
        built = outcome.built[skill.card.role].built
        where = f"skill {skill.name!r}"
        if len(context.society.graph) > 1 and isinstance(built, TrainedSociety):
            for name in context.society.agents:
                path = Path(folder) / f"{name}.safetensors"
                check_trained(built.networks[name], path, f"{where}: agent {name!r}")
        elif isinstance(built, Trained):
            check_trained(built, Path(folder) / "tried.safetensors", where)
    return outcome.log.entries


def check_trained(built: Trained, path: Path, where: str) -> None:
    """Require of a generator with a network that it counts, measures and saves it."""
    from safetensors import SafetensorError, safe_open

    count: object = built.num_parameters
    require(
        isinstance(count, int) and count >= 0,
        f"{where}: num_parameters",
        expected="a whole number",
        actual=f"{count!r:.80}",
        remedy="count the trained numbers; it is a property, not a method",
    )
    assessed: object = built.assess()
    require(
        isinstance(assessed, Assessment),
        f"{where}: assess()",
        expected="an Assessment",
        actual=f"a {type(assessed).__name__}",
        remedy="return plurigrid_ff.results.Assessment",
    )
    built.save_network(path)
    try:
        with safe_open(path, "np"):
            pass
    except (OSError, SafetensorError) as error:
        raise failure(
            f"{where}: save_network()",
            expected="a safetensors file at the path",
            actual=str(error),
            remedy="write it with safetensors",
        ) from error


def check_deterministic(
    skill: Skill, context: RunContext, values: dict[str, Any], entries: list[LogEntry]
) -> None:
    """Require the same log again, whatever the global random generators hold."""
    with tempfile.TemporaryDirectory() as folder:
        again = _run(skill, context, values, Path(folder), seed=2).log.entries
    _compare(
        entries,
        again,
        f"skill {skill.name!r}",
        expected="the same outputs from the same seed and inputs",
        remedy="derive randomness from inbox.society.seed and inbox.round; let nothing depend on "
        "clocks, the order of sets or global generators",
    )


def check_resumes(
    skill: Skill, context: RunContext, values: dict[str, Any], entries: list[LogEntry]
) -> None:
    """Require that a run interrupted in its last round goes on as if it had not been."""
    last = context.run.training.rounds
    with tempfile.TemporaryDirectory() as folder:
        with suppress(_Interrupt):
            _run(skill, context, values, Path(folder), seed=1, interrupt=last)
        again = _run(skill, context, values, Path(folder), seed=1).log.entries
    _compare(
        entries,
        again,
        f"skill {skill.name!r}: resumed",
        expected="the outputs of the uninterrupted run",
        remedy="write what must survive in save_state(folder) and read it in load_state(folder), "
        "or keep no state",
    )


def _run(
    skill: Skill,
    context: RunContext,
    values: dict[str, Any],
    folder: Path,
    *,
    seed: int,
    interrupt: int | None = None,
) -> Outcome:
    """Run the rounds with every call watched, and with global generators of a given seed."""
    with seeded(seed):
        return run_rounds(triad_around(watched(skill, interrupt), values), context, folder)


def watched(skill: Skill, interrupt: int | None = None) -> Skill:
    """Return the skill with every call of what it builds watched.

    Args:
        skill: The skill.
        interrupt: The round that it is interrupted in, as by the user.
    """
    return replace(skill, build=lambda config, context: _watch(skill, config, context, interrupt))


def _watch(skill: Skill, config: Any, context: RunContext, interrupt: int | None) -> Any:
    """Build the skill, and put a watch around its one method."""
    built = skill.build(config, context)
    protocol, method = METHODS[skill.card.role]
    if not isinstance(built, protocol):
        return built  # the host says what is missing

    def act(inbox: Any) -> Any:
        if inbox.round == interrupt:
            raise _Interrupt
        return watch_call(skill, getattr(built, method), inbox)

    members: dict[str, Any] = {method: act, "built": built}
    if isinstance(built, Stateful):
        members |= {"save_state": built.save_state, "load_state": built.load_state}
    if isinstance(built, Settles):
        members["settle"] = built.settle
    return SimpleNamespace(**members)


def _compare(
    entries: list[LogEntry], again: list[LogEntry], where: str, *, expected: str, remedy: str
) -> None:
    """Require two logs to tell of the same inputs, outputs and summaries."""
    for one, two in zip(entries, again, strict=True):
        for name, digest in one.outputs.items():
            require(
                two.outputs.get(name) == digest,
                f"{where}: port {name!r} in round {one.round}",
                expected=expected,
                actual="other values",
                remedy=remedy,
            )
        require(
            one.summary == two.summary,
            f"{where}: summary in round {one.round}",
            expected=expected,
            actual=f"{two.summary!r:.200} after {one.summary!r:.200}",
            remedy=remedy,
        )
