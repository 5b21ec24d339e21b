import json
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
import torch
from plurigrid_ff_sheaf_laplacian_coordination import SKILL, SheafLaplacianConfig, register_skills
from plurigrid_ff_sheaf_laplacian_coordination.coordinator import SheafCoordinator

from plurigrid_ff.config import NetworkConfig, RunConfig
from plurigrid_ff.errors import AlignmentError, ConfigError, SheafError
from plurigrid_ff.host.ports import EDGE_MAPS, MIXED_PARAMETERS, Inbox, LayerActivities
from plurigrid_ff.host.skill import RunContext
from plurigrid_ff.host.society import Society
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.probed import ProbedNetwork
from plurigrid_ff.learning.symmetry import permute_units, unit_symmetry
from plurigrid_ff.report.grouped import grouped_curves
from plurigrid_ff.sheaves.holonomy import holonomy_defect
from plurigrid_ff.sheaves.sheaf import CellularSheaf
from plurigrid_ff.testing import check_skill

CYCLE = nx.relabel_nodes(nx.cycle_graph(4), lambda node: f"agent-{node}")


class Scene:
    """Agents whose networks differ by the order of their units, and by noise."""

    def __init__(self, blobs, *, graph=CYCLE, hidden=(9, 6), noise=0.0, **network):
        config = NetworkConfig(hidden=hidden, negatives="none", **network)
        run = RunConfig(network=config, device="cpu")
        probes = blobs.validation
        self.society = Society(graph, probes.x, probes.y, 3, 0)
        self.context = RunContext(run, blobs, self.society)
        self.networks = {}
        for place, agent in enumerate(graph):
            rng = np.random.default_rng(place)
            one = FFNetwork(config, (12,), 3, seed=1)
            symmetry = unit_symmetry(one) if "recurrent" not in network else None
            if symmetry and place:
                permute_units(
                    one,
                    [
                        rng.permuted(np.arange(n).reshape(g, -1), axis=1).ravel()
                        for n, g in zip(symmetry.units, symmetry.groups, strict=True)
                    ],
                )
            for parameter in one.parameters():
                noisy = noise * rng.normal(size=tuple(parameter.shape))
                parameter.data += torch.tensor(noisy, dtype=torch.float32)
            self.networks[agent] = one

    def inbox(self, society=None):
        society = society or self.society
        x = torch.from_numpy(society.probes)
        activities, parameters = {}, {}
        for agent in society.agents:
            one = self.networks[agent]
            layers = tuple(h.numpy() for h in one.activities(x))
            activities[agent] = LayerActivities(one.scale(x).numpy(), layers)
            parameters[agent] = {
                name: value.detach().numpy().copy() for name, value in one.named_parameters()
            }
        values = {"activities": activities, "parameters": parameters}
        return Inbox(SKILL.name, 1, society, values)

    def coordinate(self, society=None, **config):
        return self.coordinator(**config).coordinate(self.inbox(society))

    def coordinator(self, **config):
        settings = SheafLaplacianConfig.model_validate(config)
        probes, labels = self.society.probes, self.society.labels
        run, data = self.context.run, self.context.data
        network = ProbedNetwork(run.network, data, probes, labels, seed=run.seed)
        return SheafCoordinator(settings, network)


def goodness(scene, agent, weights):
    one = scene.networks[agent]
    state = {name: torch.from_numpy(values) for name, values in weights.items()}
    one.load_state_dict(state, strict=False)
    return one.layer_goodness(torch.from_numpy(scene.society.probes))


@pytest.mark.parametrize("objective", ["projection", "class-goodness"])
def test_networks_that_differ_by_order_alone_stay_as_they_are(blobs, objective):
    scene = Scene(blobs, objective=objective)
    before = scene.inbox().values["parameters"]

    outbox = scene.coordinate(steps=30)

    for agent, weights in outbox.values[MIXED_PARAMETERS.name].items():
        for name, values in weights.items():
            np.testing.assert_allclose(values, before[agent][name], atol=1e-5)
    assert outbox.summary["discord"]["before"] == pytest.approx(0, abs=1e-5)
    assert outbox.summary["discord"]["identity"] > 1
    assert outbox.summary["fit"] == pytest.approx([1.0, 1.0], abs=1e-5)
    assert all(edge["discord"] < 1e-5 for edge in outbox.edges.values())


def test_agents_come_to_compute_the_same_each_in_its_own_order(blobs):
    scene = Scene(blobs, noise=0.02)

    outbox = scene.coordinate(steps=60)
    mixed = outbox.values[MIXED_PARAMETERS.name]
    reached = [goodness(scene, agent, weights) for agent, weights in mixed.items()]

    for other in reached[1:]:
        torch.testing.assert_close(other, reached[0], rtol=1e-4, atol=1e-4)
    first = [weights["layers.0.transform.weight"] for weights in mixed.values()]
    assert not np.allclose(first[0], first[1], atol=1e-2)
    assert outbox.summary["discord"]["after"] < 1e-5 * outbox.summary["discord"]["before"]


def test_edge_maps_align_what_neighbours_say(blobs):
    scene = Scene(blobs)
    inbox = scene.inbox()

    maps = scene.coordinate().values[EDGE_MAPS.name]

    assert set(maps) == {tuple(sorted(edge)) for edge in CYCLE.edges}
    for (u, v), layers in maps.items():
        for layer, p in enumerate(layers):
            said = [inbox.values["activities"][agent].layers[layer] for agent in (u, v)]
            np.testing.assert_allclose(said[1][:, p], said[0], atol=1e-5)


def test_synchronised_maps_close_round_cycles_and_matched_ones_need_not(blobs):
    scene = Scene(blobs, noise=0.6, hidden=(30,))

    def defect(kind):
        maps = scene.coordinate(maps=kind).values[EDGE_MAPS.name]
        bundle = {(v, u): p[0] for (u, v), p in maps.items()}
        return holonomy_defect(CellularSheaf.bundle(CYCLE, 30, bundle))

    assert defect("synchronised") == 0
    assert defect("identity") == 0
    assert defect("matched") > 0.2


def test_the_summary_has_the_rival_the_spectrum_and_both_rates(blobs):
    scene = Scene(blobs, noise=0.1)

    summary = json.loads(json.dumps(scene.coordinate(steps=4).summary, allow_nan=False))

    assert set(summary["probe_accuracy"]) == {"local", "mixed", "identity"}
    assert summary["spectrum"] == pytest.approx({"spectral gap": 2, "largest eigenvalue": 4})
    assert summary["step"] == pytest.approx(1 / 3)
    assert summary["rate"]["predicted"] == pytest.approx(1 / 3)
    assert summary["rate"]["measured"] == pytest.approx(1 / 3, rel=0.05)
    assert {"Coordinator: spectrum", "Coordinator: rate"} <= {
        chart.title
        for chart in grouped_curves([{"role": "coordinator", "round": 1, "summary": summary}])
    }


def test_identity_is_plain_gossip(blobs):
    scene = Scene(blobs, noise=0.1)
    parameters = scene.inbox().values["parameters"]

    mixed = scene.coordinate(maps="identity", steps=60).values[MIXED_PARAMETERS.name]

    for name in parameters["agent-0"]:
        mean = np.mean([weights[name] for weights in parameters.values()], axis=0)
        np.testing.assert_allclose(mixed["agent-2"][name], mean, atol=1e-5)


@pytest.mark.parametrize("kind", ["synchronised", "matched", "identity"])
def test_a_step_that_diverges_is_refused(blobs, kind):
    with pytest.raises(SheafError, match=r"step 0\.7 diverges: .* lambda_max = 0\.5"):
        Scene(blobs, noise=0.1).coordinate(step=0.7, maps=kind)


def test_a_step_that_diverges_is_refused_before_anybody_trains(blobs):
    context = Scene(blobs).context

    with pytest.raises(SheafError, match=r"step 0\.7 diverges: .* lambda_max = 0\.5"):
        SKILL.build(SheafLaplacianConfig(step=0.7), context)
    assert SKILL.build(SheafLaplacianConfig(step=0.4), context)


def test_who_is_offline_gets_the_harmonic_extension_of_its_neighbours(blobs):
    path = nx.path_graph(["a", "b", "c"])
    scene = Scene(blobs, graph=path)

    outbox = scene.coordinate(offline=["b"])
    mixed = outbox.values[MIXED_PARAMETERS.name]

    # a and c are not joined without b: they keep what they have, and b gets their mean.
    own = scene.inbox().values["parameters"]
    for agent in "abc":
        np.testing.assert_allclose(
            mixed[agent]["layers.0.transform.weight"],
            own[agent]["layers.0.transform.weight"],
            atol=1e-5,
        )
    assert outbox.summary["extension_energy"] == pytest.approx(0, abs=1e-6)
    scene.networks["b"].layers[0].transform.weight.data.zero_()
    again = scene.coordinate(offline=["b"], maps="identity").values[MIXED_PARAMETERS.name]
    name = "layers.1.transform.weight"
    np.testing.assert_allclose(again["b"][name], (own["a"][name] + own["c"][name]) / 2, atol=1e-5)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"offline": ["agent-9"]}, "no agent 'agent-9'; there are agent-0, agent-1"),
        ({"offline": list(CYCLE)}, "names all agents"),
        ({"offline": ["agent-0"], "maps": "matched"}, "'matched' do not close round cycles"),
    ],
)
def test_offline_agents_must_be_known_and_leave_somebody(blobs, config, message):
    with pytest.raises(ConfigError, match=message):
        SKILL.build(SheafLaplacianConfig(**config), Scene(blobs).context)


def test_who_was_offline_and_is_excluded_is_missed_by_nobody(blobs):
    scene = Scene(blobs)
    three = replace(scene.society, graph=CYCLE.subgraph(["agent-0", "agent-1", "agent-2"]))
    one = replace(scene.society, graph=CYCLE.subgraph(["agent-1"]))

    outbox = scene.coordinate(three, offline=["agent-3", "agent-1"])

    assert set(outbox.values[MIXED_PARAMETERS.name]) == set(three.graph)
    with pytest.raises(ConfigError, match="names all agents that are left"):
        scene.coordinate(one, offline=["agent-1"])


def test_one_agent_and_those_that_were_excluded(blobs):
    scene = Scene(blobs)
    alone = replace(scene.society, graph=CYCLE.subgraph(["agent-0"]))
    three = replace(scene.society, graph=CYCLE.subgraph(["agent-0", "agent-1", "agent-2"]))

    assert scene.coordinate(alone).values[EDGE_MAPS.name] == {}
    assert set(scene.coordinate(three).values[MIXED_PARAMETERS.name]) == set(three.graph)


def test_units_that_cannot_move_are_refused_unless_maps_are_the_identity(blobs):
    scene = Scene(blobs, recurrent={"steps": 2})

    with pytest.raises(AlignmentError, match=r"network\.recurrent"):
        scene.coordinate()
    summary = scene.coordinate(maps="identity", steps=40).summary
    assert summary["discord"]["after"] == pytest.approx(0, abs=1e-3)


def test_an_agent_of_another_architecture_is_named(blobs):
    scene = Scene(blobs)
    scene.networks["agent-2"] = FFNetwork(
        NetworkConfig(hidden=(9, 9), negatives="none"), (12,), 3, seed=0
    )

    with pytest.raises(AlignmentError, match="agent 'agent-2' has another architecture"):
        scene.coordinate(maps="identity")


def test_the_skill_keeps_its_contract():
    offered = []
    register_skills(offered.append)

    assert offered == [SKILL]
    check_skill(SKILL)
