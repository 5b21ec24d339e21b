from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from plurigrid_ff_sheaf_cohomology import SKILL, SheafCohomologyConfig, register_skills
from plurigrid_ff_sheaf_cohomology.validator import SheafCohomology

from plurigrid_ff.errors import PluginError
from plurigrid_ff.host.ports import Inbox, LayerActivities
from plurigrid_ff.host.society import Society
from plurigrid_ff.sheaves.units import Segment, UnitSymmetry
from plurigrid_ff.testing import check_skill

UNITS, PROBES = 12, 80
GRAPH = nx.relabel_nodes(nx.circulant_graph(8, [1, 2]), lambda node: f"agent-{node}")
AGENTS = tuple(GRAPH)


def society(probes=PROBES, graph=GRAPH):
    return Society(graph, np.zeros((probes, 3), np.float32), np.zeros(probes, np.int64), 2, 0)


def activities(noise=0.3, seed=0, deaf=()):
    """Agents that say the same in the same order, each with noise; who is deaf says noise only."""
    rng = np.random.default_rng(seed)
    said = rng.normal(size=(PROBES, UNITS))
    found = {}
    for agent in AGENTS:
        heard = 0.3 * said if agent in deaf else said
        values = (heard + noise * rng.normal(size=said.shape)).astype(np.float32)
        found[agent] = LayerActivities(values, (values, values[:, :6].copy()))
    return found


def maps(change=None):
    """Identity maps, but for what is changed."""
    found = {(u, v): (np.arange(UNITS), np.arange(6)) for u, v in GRAPH.edges}
    return found | (change or {})


class Scored:
    """A network that gets as many of the probes right as its weights are large, up to 1."""

    def mean_right(self, parameters):
        share = np.mean([np.abs(weights["w"]).mean() for weights in parameters.values()])
        return (np.arange(PROBES) < share * PROBES).astype(float)


def validate(edge_maps, said, where=None, symmetry=None, weights=lambda place: 1.0, **config):
    """Validate; each agent's tensor has one number per activity of the first layer."""
    symmetry = symmetry or UnitSymmetry((UNITS, 6), (1, 1), (1, 1), {})
    cells = symmetry.cells[0]
    size = symmetry.units[0] * cells
    symmetry = replace(symmetry, axes={"w": ((Segment(size, 0, cells),),)})
    parameters = {
        agent: {"w": np.full(size, weights(place), np.float32)}
        for place, agent in enumerate(AGENTS)
    }
    values = {"edge-maps": edge_maps, "activities": said, "parameters": parameters}
    inbox = Inbox(SKILL.name, 1, where or society(), values)
    validator = SheafCohomology(SheafCohomologyConfig(**config), symmetry, Scored())
    return validator.validate(inbox)


def rows(verdict, title):
    (table,) = [table for table in verdict.tables if table.title == title]
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_maps_that_fit_and_close_pass_with_their_cohomology():
    verdict = validate(maps(), activities())

    assert verdict.outcome == "passed"
    first, second = rows(verdict, "Sheaf of hidden units")
    assert (first["h0"], first["h1"]) == (UNITS, UNITS * (16 - 8 + 1))
    assert (second["h0"], first["holonomy defect"]) == (6, 0)
    assert first["fit"] == first["best fit"] > 0.8
    assert 0.85 < first["variance retained"] < 1
    assert "no single suspect" in verdict.reason


def test_maps_that_do_not_close_are_refused_before_any_merge():
    rng = np.random.default_rng(0)
    turned = {edge: (rng.permutation(UNITS), np.arange(6)) for edge in GRAPH.edges}

    verdict = validate(maps(turned), activities(), misfit=1.0)

    assert verdict.outcome == "failed"
    assert verdict.reason.startswith("Merge refused by the maps: holonomy defect")
    assert verdict.measure > verdict.limit == 0.4
    assert rows(verdict, "Sheaf of hidden units")[0]["h0"] < 3


def test_maps_that_close_but_join_strangers_are_refused():
    order = {agent: np.random.default_rng(i).permutation(UNITS) for i, agent in enumerate(AGENTS)}
    strangers = {(u, v): (order[v][np.argsort(order[u])], np.arange(6)) for u, v in GRAPH.edges}

    verdict = validate(maps(strangers), activities())

    first = rows(verdict, "Sheaf of hidden units")[0]
    assert verdict.outcome == "failed"
    assert "misfit" in verdict.reason
    assert first["holonomy defect"] == 0
    assert first["fit"] < 0.3 < first["best fit"]
    assert validate(maps(strangers), activities(), misfit=1.0).outcome == "passed"


def test_maps_that_fit_are_refused_where_agreement_forgets_what_agents_know():
    # Half of the agents hold 1, the others -1: they agree on 0, which is never right.
    verdict = validate(maps(), activities(), weights=lambda place: (-1.0) ** place)

    assert verdict.outcome == "failed"
    assert verdict.reason.startswith("Merge refused by the trial: ")
    assert "from 100.0% to 0.0% (largest loss 5.0%)" in verdict.reason
    assert (verdict.measure, verdict.limit) == (1.0, 0.05)
    assert rows(verdict, "Trial of agreement") == [
        {"probes": PROBES, "agents as they are": 1, "once they agree": 0, "loss": 1, "error": 0}
    ]


def test_both_are_named_where_maps_and_trial_refuse():
    turned = {
        edge: (np.random.default_rng(i).permutation(UNITS), np.arange(6))
        for i, edge in enumerate(GRAPH.edges)
    }

    verdict = validate(maps(turned), activities(), weights=lambda place: (-1.0) ** place)

    assert verdict.reason.startswith("Merge refused by the maps and the trial: ")


def test_a_loss_is_refused_above_the_limit_and_comes_with_its_standard_error():
    # One of eight agents holds -1, so that they agree on 3/4: 20 of 80 probes are lost.
    def weights(place):
        return 1.0 if place else -1.0

    just = validate(maps(), activities(), weights=weights, loss=0.26)
    over = validate(maps(), activities(), weights=weights, loss=0.24)

    assert (just.outcome, over.outcome) == ("passed", "failed")
    assert over.measure == 0.25
    error = np.sqrt(0.25 * 0.75 / (PROBES - 1))
    assert rows(over, "Trial of agreement")[0]["error"] == round(error, 4)


def test_units_that_may_not_leave_their_group_have_no_better_match_outside_it():
    said = {}
    for place, (agent, seen) in enumerate(activities().items()):
        order = np.random.default_rng(place).permutation(UNITS)
        said[agent] = LayerActivities(seen.inputs, (seen.layers[0][:, order], seen.layers[1]))
    free, held = (UnitSymmetry((UNITS, 6), groups, (1, 1), {}) for groups in ((1, 1), (UNITS, 6)))

    refused, accepted = (validate(maps(), said, symmetry=one) for one in (free, held))

    assert (refused.passed, accepted.passed) == (False, True)
    fits = [
        rows(verdict, "Sheaf of hidden units")[0]["best fit"] for verdict in (refused, accepted)
    ]
    assert fits[1] < 0.3 < fits[0]


@pytest.mark.parametrize("bad", ["agent-0", "agent-5"])
def test_the_one_agent_that_says_something_else_is_named(bad):
    verdict = validate(maps(), activities(deaf=(bad,)))

    standing = {row["agent"]: row["standing"] for row in rows(verdict, "Who is to blame")}
    assert standing.pop(bad) == "culprit"
    assert set(standing.values()) == {"not the one"}
    assert f"only {bad} explains the residual" in verdict.reason


def test_an_agent_that_fits_the_others_too_well_is_not_to_blame():
    said = activities(noise=0.6)
    said["agent-3"] = activities(noise=0.0)["agent-3"]

    verdict = validate(maps(), said)

    assert "not identifiable" in verdict.reason
    assert "only agent-3" not in verdict.reason


def test_where_the_graph_does_not_tell_nobody_is_named():
    pair = GRAPH.subgraph(["agent-0", "agent-1"])
    said = {agent: activities(deaf=("agent-1",))[agent] for agent in pair}
    only = {("agent-0", "agent-1"): (np.arange(UNITS), np.arange(6))}

    verdict = validate(only, said, where=society(graph=pair))

    assert "only agent" not in verdict.reason


def test_every_edge_has_its_discord_layer_by_layer():
    verdict = validate(maps(), activities(deaf=("agent-3",)))

    table = rows(verdict, "Discord per edge")
    assert [(row["agent"], row["neighbour"]) for row in table] == list(GRAPH.edges)
    near = [row["layer 1"] for row in table if "agent-3" in row.values()]
    far = [row["layer 1"] for row in table if "agent-3" not in row.values()]
    assert max(far) < 0.4 < 0.5 < min(near)
    radius = rows(verdict, "Sheaf of hidden units")[0]["consistency radius"]
    assert radius == max(near)
    assert verdict.charts[0].series[0].y[0] == pytest.approx(table[0]["layer 1"], abs=1e-4)


def test_units_of_convolutions_move_as_a_whole():
    said = activities()
    symmetry = UnitSymmetry((6, 3), (1, 1), (2, 2), {})
    wrong = np.roll(np.arange(UNITS), 1)

    assert validate(maps(), said, symmetry=symmetry).passed
    with pytest.raises(Exception, match="must move units of 2 cells as a whole"):
        validate(maps({("agent-0", "agent-1"): (wrong, np.arange(6))}), said, symmetry=symmetry)


def test_what_cannot_be_judged_is_undecidable():
    alone = society(graph=GRAPH.subgraph(["agent-0"]))

    assert validate({}, activities(), where=alone).outcome == "undecidable"
    few = validate(maps(), activities(), where=society(probes=20))
    assert (few.outcome, few.measure) == ("undecidable", None)
    assert "20 probes are too few" in few.reason


def test_activities_that_are_not_finite_fail():
    said = activities()
    said["agent-2"].layers[1][3, 3] = np.nan

    verdict = validate(maps(), said)

    assert verdict.outcome == "failed"
    assert verdict.reason == "Layer 2 of agent-2 has activities that are not finite."


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({("agent-0", "agent-1"): (np.arange(11), np.arange(6))}, r"permute \(12, 6\) units"),
        ({("agent-0", "nobody"): (np.arange(12), np.arange(6))}, "'agent-0' - 'nobody' must join"),
    ],
)
def test_maps_of_other_networks_are_refused(change, message):
    with pytest.raises(PluginError, match=message):
        validate(maps(change), activities())


def test_activities_of_other_networks_are_refused():
    with pytest.raises(PluginError, match=r"'agent-0' must have \(5, 5\) units per layer, got"):
        validate(maps(), activities(), symmetry=UnitSymmetry((5, 5), (1, 1), (1, 1), {}))


def test_the_skill_keeps_its_contract():
    offered = []
    register_skills(offered.append)

    assert offered == [SKILL]
    check_skill(SKILL)
