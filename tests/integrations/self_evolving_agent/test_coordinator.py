from contextlib import suppress
from dataclasses import replace

import networkx as nx
import numpy as np
import plurigrid_ff_forward_forward_learning
import plurigrid_ff_sheaf_cohomology
import pytest
import torch
from plurigrid_ff_self_evolving_agent import SKILL, SelfEvolvingConfig, register_skills
from plurigrid_ff_self_evolving_agent.archive import Archive
from plurigrid_ff_self_evolving_agent.coordinator import EvolvingCoordinator
from plurigrid_ff_self_evolving_agent.networks import Bench

from plurigrid_ff.config import NetworkConfig, RunConfig, SocietyConfig, TrainingConfig
from plurigrid_ff.host.ports import EDGE_MAPS, LINEAGE, MIXED_PARAMETERS, Inbox, LayerActivities
from plurigrid_ff.host.rounds import Rounds
from plurigrid_ff.host.skill import Role, RunContext
from plurigrid_ff.host.society import Society, build_society
from plurigrid_ff.host.wiring import wiring_faults
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.trainer import Trainer
from plurigrid_ff.results import Verdict
from plurigrid_ff.testing import check_skill

PATH = nx.relabel_nodes(nx.path_graph(3), lambda node: f"agent-{node}")
NETWORK = NetworkConfig(hidden=(9, 6), objective="class-goodness", negatives="none")
SKILLS = {
    Role.GENERATOR: plurigrid_ff_forward_forward_learning.SKILL,
    Role.COORDINATOR: SKILL,
    Role.VALIDATOR: plurigrid_ff_sheaf_cohomology.SKILL,
}


class Scene:
    """Three agents in a row: the first has learned, the others have not."""

    def __init__(self, blobs, *, children=8, noise=0.02, level=0.05):
        run = RunConfig(network=NETWORK, device="cpu")
        probes = blobs.validation
        self.society = Society(PATH, probes.x, probes.y, 3, 0)
        context = RunContext(run, blobs, self.society)
        self.networks = {
            agent: FFNetwork(NETWORK, (12,), 3, seed=place) for place, agent in enumerate(PATH)
        }
        x, y = torch.from_numpy(blobs.train.x), torch.from_numpy(blobs.train.y)
        config = TrainingConfig(epochs=6, batch_size=32, learning_rate=0.03)
        Trainer(self.networks["agent-0"], x, y, config, seed=0).train_epochs(6)
        settings = SelfEvolvingConfig(children=children, noise=noise, level=level)
        self.bench = Bench(context)
        self.coordinator = EvolvingCoordinator(settings, self.bench, context)

    def parameters(self, agent):
        named = self.networks[agent].named_parameters()
        return {name: value.detach().numpy().copy() for name, value in named}

    def round(self, number, verdict=None):
        x = torch.from_numpy(self.society.probes)
        activities = {
            agent: LayerActivities(
                one.scale(x).numpy(), tuple(h.numpy() for h in one.activities(x))
            )
            for agent, one in self.networks.items()
        }
        values = {
            "parameters": {agent: self.parameters(agent) for agent in PATH},
            "activities": activities,
        }
        if verdict is not None:
            values["verdict"] = Verdict(passed=verdict, measure=0.0, limit=1.0, reason="asked for")
        return self.coordinator.coordinate(Inbox(SKILL.name, number, self.society, values))


def test_a_neighbour_of_who_has_learned_gets_a_child_of_it(blobs):
    scene = Scene(blobs)

    outbox = scene.round(1)
    mixed = outbox.values[MIXED_PARAMETERS.name]
    told = outbox.summary["children"]

    assert set(mixed) == {"agent-1"}
    assert told["agent-1"]["parent"] == "agent-0/1"
    assert told["agent-1"]["p"] <= 0.05 < told["agent-2"]["p"]
    assert told["agent-2"]["parent"] in ("agent-1/1", "agent-2/1")  # agent-0 is no neighbour
    before = scene.bench.right(scene.parameters("agent-1")).mean()
    assert scene.bench.right(mixed["agent-1"]).mean() > before + 0.3


def test_a_child_is_written_in_the_order_of_the_agent_that_it_is_for(blobs):
    scene = Scene(blobs, noise=1e-6)

    outbox = scene.round(1)
    child = outbox.values[MIXED_PARAMETERS.name]["agent-1"]
    maps = outbox.values[EDGE_MAPS.name]["agent-0", "agent-1"]
    parent = scene.parameters("agent-0")

    back = np.argsort(maps[0])
    assert not np.array_equal(back, np.arange(9))
    name = "layers.0.transform.weight"
    np.testing.assert_allclose(child[name], parent[name][back], atol=1e-4)
    np.testing.assert_array_equal(scene.bench.predict(child), scene.bench.predict(parent))


def test_nobody_gets_a_child_on_a_gain_that_chance_may_explain(blobs):
    scene = Scene(blobs, level=1e-9)

    outbox = scene.round(1)

    assert outbox.values[MIXED_PARAMETERS.name] == {}
    assert not any(told["accepted"] for told in outbox.summary["children"].values())


@pytest.mark.parametrize(
    ("verdict", "parent"),
    [(True, "agent-1/1/child"), (None, "agent-1/1/child"), (False, "agent-1/1")],
)
def test_a_child_that_the_gate_refused_has_no_descendants(blobs, verdict, parent):
    scene = Scene(blobs)
    scene.round(1)

    outbox = scene.round(2, verdict)
    lineage = outbox.values[LINEAGE.name]

    assert (parent, "agent-1/2") in lineage.edges
    from_child = [child for one, child in lineage.edges if one == "agent-1/1/child"]
    assert bool(from_child) == (verdict is not False)
    assert {node.origin for node in lineage.nodes} == {"training", "mutation"}


def test_edges_tell_fit_and_disagreement(blobs):
    scene = Scene(blobs)

    told = scene.round(1).edges["agent-0", "agent-1"]

    said = [scene.bench.predict(scene.parameters(agent)) for agent in ("agent-0", "agent-1")]
    assert told["disagreement"] == np.mean(said[0] != said[1]) > 0
    assert 0 < told["fit"] < 1


def test_the_halves_of_the_probes_are_disjoint_and_cover_them(blobs):
    bench = Scene(blobs).bench
    assert sorted([*bench.selection, *bench.test]) == list(range(60))


def context(blobs):
    run = RunConfig(
        network=NETWORK,
        training=TrainingConfig(epochs=4, epochs_per_round=1, batch_size=32),
        society=SocietyConfig(agents=4, graph="cycle"),
        device="cpu",
        skills={SKILL.name: {"level": 0.4}},
    )
    return RunContext(run, blobs, build_society(run, blobs))


class StoppedError(Exception):
    """The process died."""


def test_a_resumed_triad_has_the_archive_of_an_uninterrupted_one_byte_for_byte(blobs, tmp_path):
    assert wiring_faults({role: skill.card for role, skill in SKILLS.items()}) == []
    for name in ("whole", "resumed"):
        (tmp_path / name).mkdir()
    whole = Rounds(SKILLS, context(blobs), tmp_path / "whole").run()

    def stopping(config, where):
        built = SKILL.build(config, where)
        coordinate = built.coordinate

        def until_the_third(inbox):
            outbox = coordinate(inbox)
            if inbox.round == 3:
                raise StoppedError
            return outbox

        built.coordinate = until_the_third
        return built

    broken = SKILLS | {Role.COORDINATOR: replace(SKILL, build=stopping)}
    with suppress(StoppedError):
        Rounds(broken, context(blobs), tmp_path / "resumed").run()
    resumed = Rounds(SKILLS, context(blobs), tmp_path / "resumed").run()

    assert resumed.log.head == whole.log.head
    files = []
    for name, outcome in (("a", whole), ("b", resumed)):
        (tmp_path / name).mkdir()
        outcome.built[Role.COORDINATOR].save_files(tmp_path / name)
        files.append(tmp_path / name / "archive.sqlite")
    assert files[0].read_bytes() == files[1].read_bytes()
    archive = Archive(files[0])
    assert {record.round for record in archive.records} == {1, 2, 3, 4}
    assert any(r.accepted for r in archive.records if r.origin == "mutation")
    archive.close()


@pytest.mark.parametrize("agents", [1, 3])
def test_the_skill_keeps_the_contract(agents):
    check_skill(SKILL, agents=agents)
    found = []
    register_skills(found.append)
    assert found == [SKILL]
