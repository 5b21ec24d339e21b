"""What the last round feeds back is taken up once, whatever interrupts the run."""

import numpy as np
import pytest

from plurigrid_ff.config import RunConfig
from plurigrid_ff.errors import CheckpointError, PluginError, TrainingError
from plurigrid_ff.host import rounds as rounds_module
from plurigrid_ff.host.ports import MIXED_PARAMETERS, PARAMETERS, VERDICT, Outbox
from plurigrid_ff.host.rounds import Rounds
from plurigrid_ff.host.skill import Role, RunContext
from plurigrid_ff.host.society import build_society
from plurigrid_ff.results import Verdict

CONFIG = RunConfig.model_validate(
    {"training": {"epochs": 3, "epochs_per_round": 1}, "society": {"agents": 3}}
)


class Adding:
    """Each agent's weight grows by a third a round, from what was mixed."""

    def __init__(self, lose=()):
        self.weights = {f"agent-{place}": np.float32([place]) for place in range(3)}
        self.lose = dict(lose)  # round -> agent
        self.settled = 0

    def take_up(self, inbox):
        for name in inbox.society.agents:
            if inbox.get(MIXED_PARAMETERS) is not None and inbox.get(VERDICT).outcome != "failed":
                self.weights[name] = inbox.get(MIXED_PARAMETERS)[name]["w"]

    def generate(self, inbox):
        self.take_up(inbox)
        outbox = Outbox()
        lost = self.lose.get(inbox.round)
        if lost is not None:
            outbox.excluded[lost] = "lost"
        living = [name for name in inbox.society.agents if name != lost]
        for name in living:
            self.weights[name] = self.weights[name] + np.float32(1 / 3)
        outbox.put(PARAMETERS, {name: {"w": self.weights[name]} for name in living})
        return outbox

    def settle(self, inbox):
        self.settled += 1
        self.take_up(inbox)

    def save_state(self, folder):
        np.savez(folder / "w.npz", **self.weights)

    def load_state(self, folder):
        self.weights = dict(np.load(folder / "w.npz"))


class Averaging:
    """Every agent gets the mean of its neighbours and itself."""

    def coordinate(self, inbox):
        weights, outbox = inbox[PARAMETERS], Outbox()
        mixed = {}
        for name in inbox.society.agents:
            near = [name, *inbox.society.neighbours(name)]
            mixed[name] = {"w": np.mean([weights[n]["w"] for n in near], axis=0, dtype=np.float32)}
        outbox.put(MIXED_PARAMETERS, mixed)
        for u, v in inbox.society.graph.edges:
            outbox.edges[u, v] = {"discord": float(abs(weights[u]["w"] - weights[v]["w"]).sum())}
        return outbox


class Saying:
    """Says what it is told to."""

    def __init__(self, passed):
        self.passed = passed

    def validate(self, inbox):
        return Verdict(passed=self.passed, measure=None, limit=0.0, reason="as told")


@pytest.fixture
def start(make_skill, blobs, tmp_path):
    def begin(folder, generator=None, *, passed=True, coordinator=None, config=CONFIG):
        generator = generator or Adding()
        skills = {
            Role.GENERATOR: make_skill(
                "adding",
                Role.GENERATOR,
                generator,
                feedback=("mixed-parameters", "verdict"),
                produces=("parameters",),
            ),
            Role.COORDINATOR: make_skill(
                "averaging",
                Role.COORDINATOR,
                coordinator or Averaging(),
                consumes=("parameters",),
                produces=("mixed-parameters",),
            ),
            Role.VALIDATOR: make_skill("saying", Role.VALIDATOR, Saying(passed)),
        }
        (tmp_path / folder).mkdir(exist_ok=True)
        context = RunContext(config, blobs, build_society(config, blobs))
        return Rounds(skills, context, tmp_path / folder), generator

    return begin


@pytest.mark.parametrize("passed", [True, None])
def test_the_last_merge_is_taken_up_unless_refused(start, passed):
    rounds, generator = start("run", passed=passed)

    rounds.run()

    # Three agents on a complete graph meet in their mean, 1, and grow by 1/3 three times.
    assert generator.settled == 1
    for weight in generator.weights.values():
        assert weight == pytest.approx([2.0])


def test_a_refused_merge_never_happens(start):
    rounds, generator = start("run", passed=False)

    rounds.run()

    assert [float(w[0]) for w in generator.weights.values()] == pytest.approx([1, 2, 3])


class Stopped(Exception):  # noqa: N818
    """Stands for a process that dies."""


@pytest.mark.parametrize("saved", [1, 2, 3])
def test_a_run_resumed_from_any_checkpoint_ends_with_the_same_bits(start, monkeypatch, saved):
    whole, expected = start("whole")
    entries = whole.run().log.entries
    real = rounds_module.save_checkpoint

    def die(folder, state, *rest):
        real(folder, state, *rest)
        if state.rounds == saved:  # saved == 3: between the last round and settling
            raise Stopped

    rounds, _ = start("cut")
    monkeypatch.setattr(rounds_module, "save_checkpoint", die)
    with pytest.raises(Stopped):
        rounds.run()
    monkeypatch.setattr(rounds_module, "save_checkpoint", real)
    rounds, generator = start("cut")

    assert rounds.run().log.entries == entries
    assert generator.settled == 1
    for name, weight in expected.weights.items():
        assert generator.weights[name].tobytes() == weight.tobytes()


def test_who_is_excluded_stays_out_of_graph_log_and_resumed_runs(start, monkeypatch):
    whole, _ = start("whole", Adding(lose={2: "agent-1"}))
    outcome = whole.run()

    generator, coordinator = outcome.log.entries[3:5]
    assert generator.summary["excluded"] == {"agent-1": "lost"}
    assert [told["between"] for told in coordinator.summary["edges"]] == [["agent-0", "agent-2"]]
    assert set(coordinator.summary["digests"]["mixed-parameters"]) == {"agent-0", "agent-2"}
    assert outcome.society.excluded == {"agent-1": "lost"}

    real = rounds_module.save_checkpoint

    def die(folder, state, *rest):
        real(folder, state, *rest)
        if state.rounds == 2:
            raise Stopped

    rounds, _ = start("cut", Adding(lose={2: "agent-1"}))
    monkeypatch.setattr(rounds_module, "save_checkpoint", die)
    with pytest.raises(Stopped):
        rounds.run()
    monkeypatch.setattr(rounds_module, "save_checkpoint", real)
    rounds, _ = start("cut")
    again = rounds.run()
    assert again.log.entries == outcome.log.entries
    assert again.society.excluded == {"agent-1": "lost"}


def test_a_society_that_falls_apart_ends_the_run(start):
    config = CONFIG.model_copy(
        update={"society": CONFIG.society.model_copy(update={"graph": "path"})}
    )
    rounds, _ = start("run", Adding(lose={2: "agent-1"}), config=config)

    with pytest.raises(TrainingError, match=r"falls apart into \{agent-0\} and \{agent-2\}"):
        rounds.run()


def test_an_interrupted_run_does_not_go_on_with_another_graph(start, monkeypatch):
    rounds, _ = start("run")
    rounds.run()
    config = CONFIG.model_copy(
        update={"society": CONFIG.society.model_copy(update={"graph": "path"})}
    )
    rounds, _ = start("run", config=config)

    with pytest.raises(CheckpointError, match="the graph 'path' has changed"):
        rounds.run()


class Telling(Averaging):
    """Tells something that it may not."""

    def __init__(self, **told):
        self.told = told

    def coordinate(self, inbox):
        outbox = super().coordinate(inbox)
        for name, value in self.told.items():
            setattr(outbox, name, value)
        return outbox


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"edges": {("agent-0", "bob"): {}}}, r"'agent-0' and 'bob', between whom .* no edge"),
        ({"excluded": {"bob": "why"}}, r"excludes 'bob', who is no agent"),
        ({"summary": {"edges": 3}}, r"writes 'edges' into its summary"),
    ],
)
def test_what_cannot_be_told_is_refused(start, told, message):
    rounds, _ = start("run", coordinator=Telling(**told))

    with pytest.raises(PluginError, match=f"'averaging' {message}|'averaging' tells.*{message}"):
        rounds.run()


def test_a_generator_of_one_network_is_refused_in_a_society(start):
    class Single(Adding):
        num_parameters = 1

        def assess(self):
            raise AssertionError

        save_network = assess

    rounds, _ = start("run", Single())

    with pytest.raises(PluginError, match=r"'adding' trains a single network, but .* is 3"):
        rounds.run()
