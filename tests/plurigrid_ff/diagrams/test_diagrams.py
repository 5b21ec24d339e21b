import io
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from plurigrid_ff.diagrams.model import Diagram, all_triads, make_diagram
from plurigrid_ff.diagrams.page import to_html
from plurigrid_ff.diagrams.picture import LINES, MARKERS, draw, layout
from plurigrid_ff.diagrams.text import to_dot, to_mermaid
from plurigrid_ff.diagrams.writing import render, write_diagram
from plurigrid_ff.errors import ExportError
from plurigrid_ff.host.plugins import load_host
from plurigrid_ff.host.registry import Registry
from plurigrid_ff.host.triad import shipped_triads


@pytest.fixture(scope="module")
def diagram():
    """The shipped triads, with nothing installed but what comes with the project."""
    return make_diagram(shipped_triads().values(), load_host().registry)


@pytest.fixture(scope="module")
def picture(diagram):
    return draw(diagram, "svg")


def test_every_edge_joins_a_triad_to_the_skill_in_a_slot(diagram):
    joined = {(edge.triad, edge.slot): edge.skill for edge in diagram.edges}

    assert joined == {
        (name, slot): getattr(triad, slot)
        for name, triad in shipped_triads().items()
        for slot in ("validator", "coordinator", "generator")
    }
    assert {edge.slot: edge.trit for edge in diagram.edges} == {
        "validator": -1,
        "coordinator": 0,
        "generator": 1,
    }


def test_a_triad_that_can_run_is_told_from_one_that_lacks_a_skill(diagram):
    states = {triad.name: triad.state for triad in diagram.triads}
    nothing = make_diagram(shipped_triads().values(), Registry())

    assert states["persistent-homology-open-games-forward-forward"] == "ready"
    assert {triad.state for triad in nothing.triads} == {"not installed"}


def test_all_triads_of_the_known_skills_are_36_with_108_edges():
    diagram = make_diagram(all_triads(Registry(), absent=True), Registry())

    assert (len(diagram.skills), len(diagram.triads), len(diagram.edges)) == (10, 36, 108)
    assert len({(edge.triad, edge.skill) for edge in diagram.edges}) == 108


def test_skills_in_no_triad_can_be_left_out():
    triad = shipped_triads()["persistent-homology-open-games-forward-forward"]

    assert len(make_diagram([triad], Registry(), alone=False).skills) == 3


def test_no_two_nodes_share_a_place_and_roles_stay_together():
    diagram = make_diagram(all_triads(Registry(), absent=True), Registry())
    left, right = layout(diagram)

    assert len(set(left.values()) | set(right.values())) == 46
    trits = {skill.name: skill.trit for skill in diagram.skills}
    downwards = sorted(left, key=lambda name: -left[name][1])
    assert [trits[name] for name in downwards] == [-1] * 3 + [0] * 4 + [1] * 3
    rows = sorted(y for _, y in right.values())
    assert np.diff(rows).min() >= 1


def test_roles_differ_in_shape_and_line_not_in_colour_alone():
    assert len(set(MARKERS.values())) == len(set(map(str, LINES.values()))) == 3


def test_the_svg_names_every_node_and_holds_every_edge(diagram, picture):
    root = ET.fromstring(picture)

    texts = {
        "".join(element.itertext()) for element in root.iter("{http://www.w3.org/2000/svg}text")
    }
    for node in (*diagram.skills, *diagram.triads):
        assert any(text.startswith(node.name) for text in texts), node.name
    ids = [element.get("id") for element in root.iter() if "edge-" in element.get("id", "")]
    assert ids == [f"edge-{place}" for place in range(len(diagram.edges))]


def test_the_same_graph_gives_the_same_bytes(diagram, picture):
    assert draw(diagram, "svg") == picture


def test_no_name_is_cut_off_at_the_border_of_the_picture(diagram):
    image = np.asarray(Image.open(io.BytesIO(draw(diagram, "png"))).convert("L"))

    border = np.concatenate([image[:, :5].ravel(), image[:, -5:].ravel(), image[:5].ravel()])
    assert image.min() < 100
    assert border.min() == 255


def test_graphviz_reads_the_same_graph(diagram):
    program = shutil.which("dot")
    if program is None:
        pytest.skip("Graphviz is not installed")

    done = subprocess.run(
        [program, "-Tplain"], input=to_dot(diagram), capture_output=True, text=True, check=True
    )

    lines = [line.split(" ") for line in done.stdout.splitlines()]
    nodes = {line[1].strip('"') for line in lines if line[0] == "node"}
    edges = {(line[1].strip('"'), line[2].strip('"')) for line in lines if line[0] == "edge"}
    styles = {line[-2] for line in lines if line[0] == "edge"}
    assert done.stderr == ""
    assert styles == {"dashed", "dotted", "solid"}
    assert nodes == {f"skill:{s.name}" for s in diagram.skills} | {
        f"triad:{t.name}" for t in diagram.triads
    }
    assert edges == {(f"skill:{edge.skill}", f"triad:{edge.triad}") for edge in diagram.edges}


def test_mermaid_holds_every_node_and_edge(diagram):
    text = to_mermaid(diagram)

    labels = dict(re.findall(r'^  ([st]\d+)\W+"(?:[-+]?\d )?([a-z-]+)', text, re.MULTILINE))
    edges = re.findall(r"^  (s\d+) (?:-\.-|---|===) (t\d+)$", text, re.MULTILINE)
    assert text.startswith("flowchart LR\n")
    assert {(labels[t], labels[s]) for s, t in edges} == {
        (edge.triad, edge.skill) for edge in diagram.edges
    }


class Rows(HTMLParser):
    """Collects rows with their edges, ids, and everything that would load something."""

    def __init__(self, page):
        super().__init__()
        self.rows, self.ids, self.loads = [], set(), []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.ids.add(values.get("id"))
        if "data-edges" in values:
            self.rows.append(values["data-edges"].split())
        self.loads += [v for k, v in attrs if k in ("src", "href") and not v.startswith("#")]
        self.loads += [v for k, v in attrs if k == "xlink:href" and not v.startswith("#")]


def test_the_page_is_self_contained_and_its_rows_know_their_edges(diagram):
    page = to_html(diagram)

    rows = Rows(page)
    assert rows.loads == []
    assert "url(http" not in page
    assert "@import" not in page
    assert len(rows.rows) == len(diagram.triads) + len(diagram.skills)
    marked = [edge for row in rows.rows for edge in row]
    assert sorted(set(marked)) == sorted({f"edge-{i}" for i in range(len(diagram.edges))})
    assert len(marked) == 2 * len(diagram.edges)
    assert set(marked) <= rows.ids


def test_json_reads_back_as_the_same_graph(diagram):
    assert Diagram.model_validate_json(render(diagram, "json")) == diagram


def test_a_file_that_exists_is_left_alone(diagram, tmp_path):
    path = tmp_path / "g.dot"
    path.write_text("mine")

    with pytest.raises(ExportError, match=r"g\.dot: exists; --overwrite"):
        write_diagram(diagram, "dot", path)
    write_diagram(diagram, "dot", path, overwrite=True)

    assert path.read_text().startswith("graph triads {")
