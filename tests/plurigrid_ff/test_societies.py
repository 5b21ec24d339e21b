"""Runs of several agents, whole: folders, reports, interrupts, and whose network is used."""

import json

import numpy as np
import pytest

from plurigrid_ff import exports, inference, runs
from plurigrid_ff.config import RunConfig, Settings
from plurigrid_ff.errors import ConfigError, RunFolderError, TrainingError, UnknownNameError
from plurigrid_ff.host.folder import agent_file
from plurigrid_ff.host.log import read_log
from plurigrid_ff.host.plugins import Host, load_host
from plurigrid_ff.host.ports import MIXED_PARAMETERS, PARAMETERS, Outbox
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.skill import Role, Skill, SkillCard
from plurigrid_ff.results import RunReport, Verdict
from plurigrid_ff.runs import Watcher


class Gossip:
    """Every agent gets the mean of its neighbours and itself."""

    def coordinate(self, inbox):
        weights, outbox, mixed = inbox[PARAMETERS], Outbox(), {}
        for name in inbox.society.agents:
            near = [weights[other] for other in (name, *inbox.society.neighbours(name))]
            mixed[name] = {
                key: np.mean([own[key] for own in near], axis=0, dtype=np.float32)
                for key in weights[name]
            }
        outbox.put(MIXED_PARAMETERS, mixed)
        key = "layers.0.transform.bias"
        for u, v in inbox.society.graph.edges:
            gap = float(np.square(weights[u][key] - weights[v][key]).sum())
            outbox.edges[u, v] = {"discord": gap}
        return outbox


class Judge:
    """Refuses the rounds it is told to refuse."""

    def __init__(self, config):
        self.refuses = config.refuses

    def validate(self, inbox):
        no = inbox.round in self.refuses
        return Verdict(passed=not no, measure=float(no), limit=0.5, reason="as told")


class JudgeConfig(Settings):
    refuses: tuple[int, ...] = ()


def skill(name, role, config, build, **card):
    card = SkillCard(name=name, version="1", role=role, summary="for tests", **card)
    return Skill(card, config, build)


@pytest.fixture(scope="module")
def host():
    registry = Registry()
    registry.register(load_host().registry.skill("forward-forward-learning"), provider="ours")
    gossip = skill(
        "gossip",
        Role.COORDINATOR,
        Settings,
        lambda config, context: Gossip(),
        consumes=("parameters",),
        produces=("mixed-parameters",),
    )
    judge = skill("judge", Role.VALIDATOR, JudgeConfig, lambda config, context: Judge(config))
    registry.register(gossip, provider="tests")
    registry.register(judge, provider="tests")
    return Host(registry)


def settings(refuses=(), **society):
    return RunConfig.model_validate(
        {
            "network": {"hidden": (20,), "objective": "class-goodness"},
            "training": {"epochs": 3, "epochs_per_round": 1, "batch_size": 32},
            "society": {"agents": 4, "graph": "cycle", "start": "common", **society},
            "triad": {
                "name": "gossip-judge",
                "validator": "judge",
                "coordinator": "gossip",
                "generator": "forward-forward-learning",
            },
            "skills": {"judge": {"refuses": refuses}},
            "device": "cpu",
        }
    )


@pytest.fixture(scope="module")
def society(host, tmp_path_factory):
    """Folder and report of a society of four. Tests leave it as it is."""
    out = tmp_path_factory.mktemp("societies") / "four"
    return out, runs.train(settings(), out, host=host)


def networks(folder):
    return {path.stem: path.read_bytes() for path in (folder / "agents").iterdir()}


def test_every_agent_has_a_network_and_a_row(society):
    out, report = society
    agents = report.society.agents

    assert not (out / "network.safetensors").exists()
    assert set(networks(out)) == {agent.name for agent in agents}
    assert sum(agent.samples for agent in agents) == 1293
    accuracies = [agent.test_accuracy for agent in agents]
    spread = report.society.test_accuracy
    assert (spread.min, spread.max) == (min(accuracies), max(accuracies))
    assert spread.mean == pytest.approx(np.mean(accuracies))
    written = json.loads((out / "report.json").read_text())
    assert RunReport.model_validate(written) == report
    assert (out / "report.html").stat().st_size > 1000


def test_the_rest_of_the_report_is_of_the_agent_that_validates_best(society):
    out, report = society
    best = max(report.society.agents, key=lambda agent: agent.validation_accuracy)

    assert report.society.best == best.name
    assert report.test_accuracy == best.test_accuracy
    assessment = inference.evaluate(out)
    assert assessment.agent == best.name
    assert assessment.accuracy == best.test_accuracy
    assert assessment.layers == report.layers


def test_what_a_coordinator_tells_of_edges_is_in_the_report(society):
    _, report = society
    edges = report.society.edges

    assert {frozenset(edge.between) for edge in edges} == {
        frozenset((f"agent-{place}", f"agent-{(place + 1) % 4}")) for place in range(4)
    }
    (measure,) = edges[0].measures
    assert measure.name == "discord"
    assert measure.rounds == (1, 2, 3)
    assert all(value > 0 for value in measure.values)


def test_the_last_merge_is_in_the_files_unless_it_was_refused(society, host, tmp_path):
    out, report = society
    refused = runs.train(settings(refuses=(3,)), tmp_path / "refused", host=host)

    def logged(folder, port):
        found = [entry for entry in read_log(folder / "rounds.jsonl") if port in entry.outputs]
        return found[-1].summary["digests"][port]

    final = {agent.name: agent.parameters for agent in report.society.agents}
    assert final == logged(out, "mixed-parameters")
    own = {agent.name: agent.parameters for agent in refused.society.agents}
    assert own == logged(tmp_path / "refused", "parameters")
    assert refused.verdict.outcome == "failed"


class StopAt(Watcher):
    """Interrupts a run the way Ctrl-C does."""

    def __init__(self, round, role):
        def stop(entry):
            if (entry.round, entry.role) == (round, role):
                raise KeyboardInterrupt

        super().__init__(on_entry=stop)


@pytest.mark.parametrize(("round", "role"), [(2, "generator"), (3, "validator")])
def test_an_interrupted_society_resumes_to_the_same_bytes(society, host, tmp_path, round, role):
    whole, _ = society
    out = tmp_path / "resumed"
    with pytest.raises(KeyboardInterrupt):
        runs.train(settings(), out, host=host, watcher=StopAt(round, role))

    runs.train(settings(), out, host=host, resume=True)

    assert networks(out) == networks(whole)
    assert (out / "rounds.jsonl").read_bytes() == (whole / "rounds.jsonl").read_bytes()


def test_a_run_that_dies_before_its_report_settles_again(society, host, tmp_path, monkeypatch):
    whole, _ = society
    out = tmp_path / "resumed"

    def die(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(runs, "save_networks", die)
        with pytest.raises(KeyboardInterrupt):
            runs.train(settings(), out, host=host)

    runs.train(settings(), out, host=host, resume=True)

    assert networks(out) == networks(whole)


def test_an_excluded_agent_is_named_and_has_no_network(host, tmp_path, monkeypatch):
    from plurigrid_ff.learning.trainer import Trainer

    real = Trainer.train_epochs

    def fail(self, *args, **kwargs):
        if self.role == "agent-2" and self.epoch == 1:
            raise TrainingError("loss of layer 1 is nan")
        return real(self, *args, **kwargs)

    monkeypatch.setattr(Trainer, "train_epochs", fail)
    out = tmp_path / "three"

    report = runs.train(settings(), out, host=host)

    lost = report.society.agents[2]
    assert lost.excluded == "loss of layer 1 is nan"
    assert lost.test_accuracy is None
    assert set(networks(out)) == {"agent-0", "agent-1", "agent-3"}
    told = {edge.between: edge.measures[0].rounds for edge in report.society.edges}
    assert told["agent-1", "agent-2"] == (1,)
    assert told["agent-0", "agent-1"] == (1, 2, 3)
    with pytest.raises(ConfigError, match="agent-2: was excluded from the run: loss of layer 1"):
        inference.evaluate(out, agent="agent-2")


def test_a_network_of_a_named_agent_is_used(society, tmp_path):
    out, report = society
    chosen = report.society.agents[1]
    assert chosen.name != report.society.best

    assert inference.evaluate(out, agent=chosen.name).accuracy == chosen.test_accuracy
    target = tmp_path / "one.safetensors"
    written = exports.export_run(out, target, format="safetensors", agent=chosen.name)
    assert written.agent == chosen.name
    assert target.read_bytes() == agent_file(out, chosen.name).read_bytes()
    with pytest.raises(UnknownNameError, match=r"unknown agent 'agent-7'"):
        inference.evaluate(out, agent="agent-7")


def test_a_single_network_has_no_agents_to_choose_from(finished):
    with pytest.raises(ConfigError, match="is the run of a single network; leave --agent out"):
        inference.evaluate(finished[0], agent="agent-0")


def test_a_report_cannot_name_a_file_elsewhere(society, tmp_path):
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(society[0], copy)
    text = (copy / "report.json").read_text().replace("agent-3", "../secret")
    (copy / "report.json").write_text(text)

    with pytest.raises(RunFolderError, match=r"society\.agents\.3\.name"):
        inference.evaluate(copy)
