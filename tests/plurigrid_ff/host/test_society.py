import networkx as nx
import pytest

from plurigrid_ff.config import RunConfig, SocietyConfig
from plurigrid_ff.errors import TrainingError
from plurigrid_ff.host.society import build_society


@pytest.fixture
def society(blobs):
    def build(graph="path", agents=4, **society):
        run = RunConfig(society=SocietyConfig(agents=agents, graph=graph, **society))
        return build_society(run, blobs)

    return build


def test_neighbours_are_those_that_take_part(society):
    whole = society("complete")

    assert whole.neighbours("agent-1") == ("agent-0", "agent-2", "agent-3")
    rest = whole.without({"agent-2": "no"})
    assert rest.neighbours("agent-1") == ("agent-0", "agent-3")
    assert rest.agents == ("agent-0", "agent-1", "agent-3")
    assert rest.excluded == {"agent-2": "no"}
    assert whole.agents == ("agent-0", "agent-1", "agent-2", "agent-3")


def test_exclusions_add_up(society):
    rest = society("complete").without({"agent-2": "no"}).without({"agent-0": "neither"})

    assert rest.excluded == {"agent-2": "no", "agent-0": "neither"}
    assert rest.without({}) is rest


def test_a_society_that_falls_apart_says_so(society):
    with pytest.raises(
        TrainingError, match=r"falls apart into \{agent-0\} and \{agent-2, agent-3\}"
    ):
        society("path").without({"agent-1": "loss is nan"})


def test_a_society_of_nobody_says_so(society):
    everybody = dict.fromkeys(society().agents, "lost")

    with pytest.raises(TrainingError, match=r"no agent of the society is left \(agent-0: lost;"):
        society().without(everybody)


def test_the_digest_of_a_graph_tells_agents_and_edges(society):
    assert society("path").graph_digest == society("grid:1x4").graph_digest
    assert society("path").graph_digest != society("cycle").graph_digest
    assert society("path").graph_digest != society("path", 3).graph_digest


def test_one_agent_alone_learns_from_all_samples(society):
    assert society("complete", 1).shards == {}
    assert len(society("complete", 1, shards="classes:3").shards["agent-0"]) == 240


def test_the_graph_is_that_of_the_settings(society):
    assert nx.is_isomorphic(society("cycle").graph, nx.cycle_graph(4))
