"""The round: generate, coordinate, validate; every step logged, every round checkpointed."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plurigrid_ff.config import RunConfig
from plurigrid_ff.digest import digest
from plurigrid_ff.errors import CheckpointError, PluginError
from plurigrid_ff.host.checkpoints import (
    HostState,
    dump_feedback,
    load_checkpoint,
    restore_feedback,
    save_checkpoint,
)
from plurigrid_ff.host.folder import LOG_FILE
from plurigrid_ff.host.log import LogEntry, RunLog
from plurigrid_ff.host.ports import STANDARD_PORTS, VERDICT, Inbox, Outbox, Port
from plurigrid_ff.host.skill import (
    Coordinator,
    Generator,
    Role,
    RunContext,
    Skill,
    SkillCard,
    Validator,
)
from plurigrid_ff.host.society import Society
from plurigrid_ff.host.wiring import ORDER, written_ports
from plurigrid_ff.results import Verdict

METHODS: dict[Role, tuple[type, str]] = {
    Role.GENERATOR: (Generator, "generate"),
    Role.COORDINATOR: (Coordinator, "coordinate"),
    Role.VALIDATOR: (Validator, "validate"),
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rounds left behind.

    Attributes:
        built: The working skills, by role.
        verdict: Of the last round; None without a validator.
        rounds: How many there were.
        seconds: Wall-clock seconds of all rounds, interrupted ones included.
    """

    built: dict[Role, Any]
    verdict: Verdict | None
    log: RunLog
    rounds: int
    seconds: float


@dataclass
class Rounds:
    """The rounds of one run.

    Args:
        skills: One skill per role; the generator at least.
        context: What the skills build themselves from.
        folder: The run's partial folder.
        on_progress: Called with the share of all rounds that is done.
        on_entry: Called with every log entry.
    """

    skills: dict[Role, Skill]
    context: RunContext
    folder: Path
    on_progress: Callable[[float], None] = lambda share: None
    on_entry: Callable[[LogEntry], None] = lambda entry: None
    _round: int = field(default=0, init=False)

    @property
    def total(self) -> int:
        """Number of rounds of the whole run, if the generator does not end it before."""
        return self.context.run.training.rounds

    def run(self) -> Outcome:
        """Run what is left of the rounds, from the last complete checkpoint."""
        ports = _known_ports(self.skills)
        feedback_names = _feedback_names(self.skills)
        built = self._build()
        state = load_checkpoint(self.folder, built)
        if state and state.data != self.context.data.digest:
            raise CheckpointError(
                f"{self.folder}: the data set {self.context.data.name!r} has changed since this "
                "run was interrupted; start again with --overwrite"
            )
        log = RunLog(self.folder / LOG_FILE, keep=state.entries if state else 0)
        previous = restore_feedback(state.feedback, ports) if state else {}
        spent = state.seconds if state else 0.0
        verdict = state.verdict if state else None
        rounds, ended = (state.rounds, state.done) if state else (0, False)
        while rounds < self.total and not ended:
            self._round = rounds
            started = time.perf_counter()
            written, ended = self._one_round(built, previous, log)
            verdict = written.get(VERDICT.name)
            previous = {name: written[name] for name in feedback_names if name in written}
            spent += time.perf_counter() - started
            rounds += 1
            kept = dump_feedback(previous, ports)
            done = HostState(
                rounds=rounds,
                entries=len(log.entries),
                seconds=spent,
                data=self.context.data.digest,
                feedback=kept,
                done=ended,
                verdict=verdict,
            )
            save_checkpoint(self.folder, done, built)
            self.on_progress(1.0 if ended else rounds / self.total)
        return Outcome(built, verdict, log, rounds, spent)

    def _build(self) -> dict[Role, Any]:
        """Build every skill from its own table of settings, before any work starts."""
        run = self.context.run
        built = {}
        for role, skill in self.skills.items():
            config = skill.parse_config(run.skills, where="run")
            context = RunContext(run, self.context.data, self.context.society, self._share)
            working = skill.build(config, context)
            protocol, method = METHODS[role]
            if not isinstance(working, protocol):
                raise PluginError(
                    f"skill {skill.name!r} builds a {type(working).__name__}, which has no "
                    f"method {method}() and so is no {role.slot}"
                )
            built[role] = working
        return built

    def _share(self, share: float) -> None:
        """Translate a skill's progress in this round into progress of the run."""
        self.on_progress((self._round + share) / self.total)

    def _one_round(
        self, built: dict[Role, Any], previous: Mapping[str, Any], log: RunLog
    ) -> tuple[dict[str, Any], bool]:
        """Let each role act once; return every port that was written, and whether to end."""
        written: dict[str, Any] = {}
        ended = False
        for role in ORDER:
            if role not in built:
                continue
            card = self.skills[role].card
            inbox = self._inbox(card, previous, written)
            outbox = _act(card, built[role], inbox)
            written |= outbox.values
            ended |= role is Role.GENERATOR and outbox.done
            entry = log.append(
                round=self._round + 1,
                role=role.slot,
                trit=card.trit,
                skill=card.name,
                version=card.version,
                seed=self.context.run.seed,
                inputs={name: digest(value) for name, value in inbox.values.items()},
                outputs={name: digest(value) for name, value in outbox.values.items()},
                summary=outbox.summary,
            )
            self.on_entry(entry)
        return written, ended

    def _inbox(
        self, card: SkillCard, previous: Mapping[str, Any], written: Mapping[str, Any]
    ) -> Inbox:
        """Hand a skill the ports its card names, and no others."""
        values = {name: previous[name] for name in card.feedback if name in previous}
        for name in card.consumes:
            if name not in written:
                raise PluginError(
                    f"skill {card.name!r} consumes port {name!r}, but nothing wrote it in "
                    f"round {self._round + 1}"
                )
            values[name] = written[name]
        return Inbox(card.name, self._round + 1, self.context.society, values)


def society_of_one(run: RunConfig, probes: Any, labels: Any, num_classes: int) -> Society:
    """Build the society of a single agent, the ordinary case."""
    import networkx as nx

    graph: nx.Graph[str] = nx.Graph()
    graph.add_node("agent-0")
    return Society(graph, probes, labels, num_classes, run.seed)


def _act(card: SkillCard, skill: Any, inbox: Inbox) -> Outbox:
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


def _feedback_names(skills: dict[Role, Skill]) -> set[str]:
    """Ports that somebody reads one round late and somebody writes."""
    read = {name for skill in skills.values() for name in skill.card.feedback}
    written: set[str] = set()
    for skill in skills.values():
        written |= written_ports(skill.card)
    return read & written


def _known_ports(skills: dict[Role, Skill]) -> dict[str, Port[Any]]:
    """Collect port definitions, and require one for every port that is fed back.

    Raises:
        PluginError: A fed-back port that no skill defines: it could not be resumed.
    """
    known = dict(STANDARD_PORTS)
    for skill in skills.values():
        known |= {port.name: port for port in skill.ports}
    for name in _feedback_names(skills):
        if name not in known:
            raise PluginError(
                f"port {name!r} is fed back, but no skill defines it; list it in Skill(ports=...)"
            )
    return known
