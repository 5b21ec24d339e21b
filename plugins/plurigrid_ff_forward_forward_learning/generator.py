"""The generator: one round trains every agent's network for a few epochs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from plurigrid_ff.errors import PlurigridError, in_short
from plurigrid_ff.host.ports import (
    ACTIVITIES,
    GAINS,
    INITIAL_ACTIVITIES,
    MARGINS,
    MIXED_PARAMETERS,
    PARAMETERS,
    SCHEDULE,
    VERDICT,
    WARM_START,
    Inbox,
    LayerActivities,
    LayerGain,
    LayerSchedule,
    Outbox,
)
from plurigrid_ff.host.skill import RunContext
from plurigrid_ff.results import Assessment
from plurigrid_ff_forward_forward_learning.agent import Agent

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class AgentRound:
    """What one agent's round came to."""

    gains: tuple[LayerGain, ...]
    summary: dict[str, Any]
    parameters: "dict[str, NDArray[np.float32]]"
    activities: LayerActivities
    margins: "NDArray[np.float32]"


class ForwardForwardGenerator:
    """Trains the society's agents.

    Args:
        context: The run's settings, data and society.
    """

    def __init__(self, context: RunContext) -> None:
        self._context = context
        device = torch.device(context.run.device)
        self._agents = {name: Agent(name, context, device) for name in context.society.graph}

    @property
    def networks(self) -> Mapping[str, Agent]:
        """The agents' networks, by name."""
        return self._agents

    @property
    def num_parameters(self) -> int:
        """Trained numbers of all agents."""
        return sum(agent.network.num_parameters for agent in self._agents.values())

    def generate(self, inbox: Inbox) -> Outbox:
        """Take up what was mixed or handed on, then train the layers that schedules name.

        An agent that fails is excluded, and the others go on; where there is but one, its
        error ends the run.
        """
        self._take_up(inbox)
        for name, weights in (inbox.get(WARM_START) or {}).items():
            self._agents[name].begin_with(weights)
        living = inbox.society.agents
        done: dict[str, AgentRound] = {}
        outbox = Outbox()
        for place, name in enumerate(living):
            base = place / len(living)

            def report(share: float, base: float = base) -> None:
                self._context.progress(base + share / len(living))

            try:
                done[name] = self._train(self._agents[name], inbox, report)
            except Exception as error:  # objectives and blocks of plugins work in here
                if len(living) == 1:
                    raise
                known = isinstance(error, PlurigridError)
                outbox.excluded[name] = str(error) if known else in_short(error)
        outbox.done = all(self._agents[name].done for name in done)
        outbox.summary = _common({name: own.summary for name, own in done.items()}, living)
        first = {name: self._agents[name].initial_activities for name in done}
        outbox.put(PARAMETERS, {name: own.parameters for name, own in done.items()})
        outbox.put(MARGINS, {name: own.margins for name, own in done.items()})
        outbox.put(GAINS, {name: own.gains for name, own in done.items()})
        outbox.put(ACTIVITIES, {name: own.activities for name, own in done.items()})
        outbox.put(INITIAL_ACTIVITIES, first)
        return outbox

    def _train(self, agent: Agent, inbox: Inbox, report: Callable[[float], None]) -> AgentRound:
        """Train one agent for a round."""
        schedules = inbox.get(SCHEDULE) or {}
        schedule = schedules.get(agent.name, LayerSchedule(trains=(True,) * agent.num_layers))
        # An agent that is done waits for the others as it is.
        trains = [ask and not agent.done for ask in schedule.trains]
        gains, summary = agent.train_round(inbox.round, trains, report)
        return AgentRound(
            gains, summary, agent.parameters(), agent.activities(), agent.probe_margins()
        )

    def settle(self, inbox: Inbox) -> None:
        """Take up what was mixed in the last round."""
        self._take_up(inbox)

    def _take_up(self, inbox: Inbox) -> None:
        """Let agents go on from mixed weights, unless the verdict is that the round failed.

        So a validator refuses a merge before it happens. Undecidable is no refusal.
        """
        mixed = inbox.get(MIXED_PARAMETERS)
        verdict = inbox.get(VERDICT)
        if mixed is None or (verdict is not None and verdict.outcome == "failed"):
            return
        for name in inbox.society.agents:
            if name in mixed:
                self._agents[name].take_up(mixed[name])

    def assess(self) -> Assessment:
        """Measure the network on the test split."""
        return self._one_agent().assess()

    def save_network(self, path: Path) -> None:
        """Write the network as one safetensors file."""
        self._one_agent().save_network(path)

    def save_state(self, folder: Path) -> None:
        """Write every agent's weights and optimizers."""
        for name, agent in self._agents.items():
            (folder / name).mkdir()
            agent.save_state(folder / name)

    def load_state(self, folder: Path) -> None:
        """Take up every agent's weights and optimizers."""
        for name, agent in self._agents.items():
            agent.load_state(folder / name)

    def _one_agent(self) -> Agent:
        """Return the only agent; those of a society have networks of their own."""
        (agent,) = self._agents.values()
        return agent


def _common(summaries: dict[str, dict[str, Any]], living: tuple[str, ...]) -> dict[str, Any]:
    """Log one agent's numbers plainly, several by name, and their mean accuracy."""
    if len(living) == 1 or not summaries:
        return next(iter(summaries.values()), {})
    accuracies = [summary["validation_accuracy"] for summary in summaries.values()]
    return {
        "epochs": max(summary["epochs"] for summary in summaries.values()),
        "validation_accuracy": float(np.mean(accuracies)),
        "agents": summaries,
    }
