import networkx as nx
import pytest

from plurigrid_ff.errors import ConfigError, UnknownNameError
from plurigrid_ff.host.graphs import build_graph

ORACLES = [
    ("complete", 5, nx.complete_graph(5)),
    ("complete", 1, nx.empty_graph(1)),
    ("cycle", 5, nx.cycle_graph(5)),
    ("path", 4, nx.path_graph(4)),
    ("star", 6, nx.star_graph(5)),
    ("circulant:1,2", 8, nx.circulant_graph(8, [1, 2])),
    ("grid:2x4", 8, nx.grid_2d_graph(2, 4)),
    ("hypercube:3", 8, nx.hypercube_graph(3)),
]


@pytest.mark.parametrize(("spec", "agents", "oracle"), ORACLES)
def test_a_family_is_that_of_networkx(spec, agents, oracle):
    graph = build_graph(spec, agents, seed=0)

    assert list(graph) == [f"agent-{place}" for place in range(agents)]
    assert nx.is_isomorphic(graph, oracle)


def test_a_grid_is_numbered_row_by_row():
    assert set(build_graph("grid:2x4", 8, seed=0)["agent-1"]) == {"agent-0", "agent-2", "agent-5"}


@pytest.mark.parametrize("spec", ["regular:3", "erdos-renyi:0.6"])
def test_a_random_graph_is_a_function_of_the_seed(spec):
    edges = [sorted(build_graph(spec, 10, seed=seed).edges) for seed in (0, 0, 1)]

    assert edges[0] == edges[1] != edges[2]


def test_a_regular_graph_is_regular():
    assert {degree for _, degree in build_graph("regular:3", 10, seed=4).degree} == {3}


@pytest.mark.parametrize(
    ("spec", "agents", "message"),
    [
        ("grid:2x4", 6, r"'grid:2x4' has 8 nodes, but society.agents is 6; --agents 8"),
        ("hypercube:3", 4, r"has 8 nodes, but society.agents is 4"),
        (
            "circulant:2",
            4,
            r"in 2 pieces, \{agent-0, agent-2\}, \{agent-1, agent-3\};",
        ),
        ("erdos-renyi:0.0", 12, r"is in 12 pieces, .* and 7 more"),
        ("circulant:5", 8, r"no 'circulant:5' with 8 agents: offset 5 is more than half way"),
        ("circulant", 8, r"expected a graph such as 'circulant:1,2', got 'circulant'"),
        ("circulant:1,,2", 8, r"expected a graph such as 'circulant:1,2'"),
        ("cycle:3", 3, r"expected a graph such as 'cycle', got 'cycle:3'"),
        ("cycle", 2, r"a cycle has 3 nodes at least"),
        ("regular:3", 7, r"no 'regular:3' with 7 agents"),
        ("erdos-renyi:1.5", 7, r"expected a graph such as 'erdos-renyi:0.4'"),
        ("nowhere/edges.txt", 2, r"nowhere/edges\.txt: cannot be read: No such file"),
    ],
)
def test_a_graph_that_cannot_be_is_refused(spec, agents, message):
    with pytest.raises(ConfigError, match=rf"society\.graph: .*{message}"):
        build_graph(spec, agents, seed=0)


@pytest.mark.parametrize("spec", ["circulent:1,2", "circulantt"])
def test_an_unknown_family_is_told_the_nearest(spec):
    with pytest.raises(UnknownNameError, match=r"society\.graph: unknown graph .*'circulant'\?"):
        build_graph(spec, 8, seed=0)


def test_an_edge_list_names_the_agents(tmp_path):
    path = tmp_path / "edges.txt"
    path.write_text("# who talks to whom\nada bob\n\nbob cyn  # late\n")

    graph = build_graph(str(path), 3, seed=0)

    assert list(graph) == ["ada", "bob", "cyn"]
    assert set(graph.edges) == {("ada", "bob"), ("bob", "cyn")}


def test_graphml_names_the_agents(tmp_path):
    path = tmp_path / "society.graphml"
    nx.write_graphml(nx.relabel_nodes(nx.path_graph(3), {0: "ada", 1: "bob", 2: "cyn"}), path)

    assert set(build_graph(str(path), 3, seed=0).edges) == {("ada", "bob"), ("bob", "cyn")}


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("e.txt", "a b\nc\n", r"line 2: expected the names of two agents, got 1 words"),
        ("e.txt", "a b\na a\n", r"'a' has an edge to itself"),
        ("e.txt", "a ../b\n", r"an agent cannot be called '\.\./b'"),
        ("e.txt", "a b\nb A\n", r"'a' and 'A' differ in case alone"),
        ("e.txt", "a b\nc d\n", r"2 pieces, \{a, b\}, \{c, d\}"),
        ("e.graphml", "<graphml", r"not GraphML"),
        (
            "e.graphml",
            '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="directed">'
            '<node id="a"/><node id="b"/><edge source="a" target="b"/></graph></graphml>',
            r"is directed, but agents talk both ways",
        ),
    ],
)
def test_a_file_that_is_no_graph_is_refused(tmp_path, name, text, message):
    path = tmp_path / name
    path.write_text(text)

    with pytest.raises(ConfigError, match=message):
        build_graph(str(path), 4 if "d" in text.split() else 2, seed=0)
