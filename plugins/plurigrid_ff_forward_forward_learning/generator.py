"""The generator: one round trains every agent's network for a few epochs."""

from pathlib import Path

import torch

from plurigrid_ff.host.ports import (
    ACTIVITIES,
    GAINS,
    INITIAL_ACTIVITIES,
    MARGINS,
    MIXED_PARAMETERS,
    PARAMETERS,
    SCHEDULE,
    VERDICT,
    Inbox,
    LayerGain,
    LayerSchedule,
    Outbox,
)
from plurigrid_ff.host.skill import RunContext
from plurigrid_ff.results import Assessment
from plurigrid_ff_forward_forward_learning.agent import Agent


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
    def num_parameters(self) -> int:
        """Trained numbers of all agents."""
        return sum(agent.network.num_parameters for agent in self._agents.values())

    def generate(self, inbox: Inbox) -> Outbox:
        """Take up what was mixed, then train each agent in the layers its schedule names."""
        self._take_up(inbox)
        schedules = inbox.get(SCHEDULE) or {}
        gains: dict[str, tuple[LayerGain, ...]] = {}
        summaries = {}
        for place, (name, agent) in enumerate(self._agents.items()):
            schedule = schedules.get(name, LayerSchedule(trains=(True,) * agent.num_layers))
            base = place / len(self._agents)

            def report(share: float, base: float = base) -> None:
                self._context.progress(base + share / len(self._agents))

            # An agent that is done waits for the others as it is.
            trains = [ask and not agent.done for ask in schedule.trains]
            gains[name], summaries[name] = agent.train_round(inbox.round, trains, report)
        done = all(agent.done for agent in self._agents.values())
        outbox = Outbox(summary=_common(summaries), done=done)
        outbox.put(PARAMETERS, {n: agent.parameters() for n, agent in self._agents.items()})
        outbox.put(MARGINS, {n: agent.probe_margins() for n, agent in self._agents.items()})
        outbox.put(GAINS, gains)
        outbox.put(ACTIVITIES, {n: agent.activities() for n, agent in self._agents.items()})
        outbox.put(INITIAL_ACTIVITIES, {n: a.initial_activities for n, a in self._agents.items()})
        return outbox

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
        for name, agent in self._agents.items():
            if name in mixed:
                agent.take_up(mixed[name])

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
        """Return the only agent; what a society of several is worth is not decided here."""
        (agent,) = self._agents.values()
        return agent


def _common(summaries: dict[str, dict[str, object]]) -> dict[str, object]:
    """Log one agent's numbers plainly, several by name."""
    if len(summaries) == 1:
        return next(iter(summaries.values()))
    return {"agents": summaries}
