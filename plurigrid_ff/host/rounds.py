"""The round: generate, coordinate, validate; every step logged, every round checkpointed."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from plurigrid_ff.digest import digest
from plurigrid_ff.errors import CheckpointError, PluginError
from plurigrid_ff.host.acting import CONTINUES, METHODS, act, logged_summary
from plurigrid_ff.host.checkpoints import HostState, load_checkpoint, save_checkpoint
from plurigrid_ff.host.feedback import dump_feedback, fed_back, known_ports, restore_feedback
from plurigrid_ff.host.folder import LOG_FILE
from plurigrid_ff.host.log import LogEntry, RunLog
from plurigrid_ff.host.ports import VERDICT, Inbox
from plurigrid_ff.host.skill import (
    Role,
    RunContext,
    Settles,
    Skill,
    SkillCard,
    Trained,
    TrainedSociety,
)
from plurigrid_ff.host.society import Society
from plurigrid_ff.host.wiring import ORDER
from plurigrid_ff.results import Verdict


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rounds left behind.

    Attributes:
        built: The working skills, by role.
        verdict: Of the last round; None without a validator.
        society: Those that took part to the end, and who was excluded.
        rounds: How many there were.
        seconds: Wall-clock seconds of all rounds, interrupted ones included.
    """

    built: dict[Role, Any]
    verdict: Verdict | None
    society: Society
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
        start: Ports that are there in the first round, as if a round before had written them.
        on_progress: Called with the share of all rounds that is done.
        on_entry: Called with every log entry.
    """

    skills: dict[Role, Skill]
    context: RunContext
    folder: Path
    start: Mapping[str, Any] = field(default_factory=dict)
    on_progress: Callable[[float], None] = lambda share: None
    on_entry: Callable[[LogEntry], None] = lambda entry: None
    _round: int = field(default=0, init=False)
    _society: Society = field(init=False)

    def __post_init__(self) -> None:
        """Begin with all agents."""
        self._society = self.context.society

    @property
    def total(self) -> int:
        """Number of rounds of the whole run, if the generator does not end it before."""
        return self.context.run.training.rounds

    def run(self) -> Outcome:
        """Run what is left of the rounds, from the last complete checkpoint."""
        ports = known_ports(self.skills)
        feedback_names = fed_back(self.skills)
        built = self._build()
        found = load_checkpoint(self.folder, built)
        state = self._checked(found[0]) if found else None
        log = RunLog(self.folder / LOG_FILE, keep=state.entries if state else 0)
        previous = restore_feedback(found[1], ports) if found else dict(self.start)
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
                graph=self.context.society.graph_digest,
                feedback=kept.values,
                excluded=dict(self._society.excluded),
                done=ended,
                verdict=verdict,
            )
            save_checkpoint(self.folder, done, kept, built)
            self.on_progress(1.0 if ended else rounds / self.total)
        self._settle(built, previous, rounds)
        return Outcome(built, verdict, self._society, log, rounds, spent)

    def _checked(self, state: HostState) -> HostState:
        """Take up the state of an interrupted run, if it is of the same samples and agents.

        Raises:
            CheckpointError: The data set or the society's graph has changed since.
        """
        if state.data != self.context.data.digest:
            raise CheckpointError(
                f"{self.folder}: the data set {self.context.data.name!r} has changed since this "
                "run was interrupted; start again with --overwrite"
            )
        if state.graph != self.context.society.graph_digest:
            raise CheckpointError(
                f"{self.folder}: the graph {self.context.run.society.graph!r} has changed since "
                "this run was interrupted; start again with --overwrite"
            )
        self._society = self.context.society.without(state.excluded)
        return state

    def _settle(self, built: dict[Role, Any], previous: Mapping[str, Any], rounds: int) -> None:
        """Let skills take up what the last round fed back."""
        for role in ORDER:
            skill = built.get(role)
            if isinstance(skill, Settles):
                card = self.skills[role].card
                values = {name: previous[name] for name in card.feedback if name in previous}
                skill.settle(Inbox(card.name, rounds, self._society, values))

    def _build(self) -> dict[Role, Any]:
        """Build every skill from its own table of settings, before any work starts."""
        run = self.context.run
        built = {}
        for role, skill in self.skills.items():
            config = skill.parse_config(run.skills, where="run")
            context = replace(self.context, progress=self._share)
            working = skill.build(config, context)
            protocol, method = METHODS[role]
            if not isinstance(working, protocol):
                raise PluginError(
                    f"skill {skill.name!r} builds a {type(working).__name__}, which has no "
                    f"method {method}() and so is no {role.slot}"
                )
            built[role] = working
        generator = built[Role.GENERATOR]
        if (
            len(self.context.society.graph) > 1
            and isinstance(generator, Trained)
            and not isinstance(generator, TrainedSociety)
        ):
            raise PluginError(
                f"skill {self.skills[Role.GENERATOR].name!r} trains a single network, but "
                f"society.agents is {len(self.context.society.graph)}; take 1"
            )
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
            outbox = act(card, built[role], inbox)
            written |= outbox.values
            self._society = self._society.without(outbox.excluded)
            ended |= role is Role.GENERATOR and outbox.done
            summary = logged_summary(outbox)
            if not log.entries and self.context.run.warm_start is not None:
                # The hash of this entry covers the log of the run before, too.
                summary[CONTINUES] = self.context.run.warm_start.log_head
            entry = log.append(
                round=self._round + 1,
                role=role.slot,
                trit=card.trit,
                skill=card.name,
                version=card.version,
                seed=self.context.run.seed,
                inputs={name: digest(value) for name, value in inbox.values.items()},
                outputs={name: digest(value) for name, value in outbox.values.items()},
                summary=summary,
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
        return Inbox(card.name, self._round + 1, self._society, values)
