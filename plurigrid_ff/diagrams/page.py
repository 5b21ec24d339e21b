"""The composition graph as one self-contained web page: the picture, and the same as tables.

The page loads nothing from anywhere. Pointing at a row marks its lines in the picture.
"""

import re

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from plurigrid_ff.diagrams.model import Diagram, Edge
from plurigrid_ff.diagrams.picture import MINUS, draw, edge_id
from plurigrid_ff.gf3 import format_trit

_TEMPLATE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>Triads and their skills</title>
<style>
body { margin: 2rem auto; max-width: 75rem; padding: 0 1.5rem; color: #1b1f24; background: #fff;
       font: 16px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
figure { margin: 0; overflow-x: auto; } svg { max-width: 100%; height: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid #d5dae0;
         vertical-align: top; overflow-wrap: anywhere; }
tbody tr:hover, tbody tr:focus { background: #f6f8fa; outline: none; }
.absent { color: #59636e; }
svg.marking g[id^="edge-"] { opacity: .08; } svg.marking g.marked { opacity: 1; }
</style>
<h1>Triads and their skills</h1>
<p>{{ summary }}</p>
<figure>{{ picture }}</figure>
<h2>Triads</h2>
<table><thead><tr><th>triad<th>sum<th>state
<th>validator {{ minus }}1<th>coordinator 0<th>generator +1</thead><tbody>
{% for triad, edges, ids in triads %}
<tr tabindex="0" data-edges="{{ ids }}"><td>{{ triad.name }}<td>{{ trit(triad.trit_sum) }}
<td>{{ triad.state }}{% for edge in edges %}<td>{{ edge.skill }}{% endfor %}
{% endfor %}
</tbody></table>
<h2>Skills</h2>
<table><thead><tr><th>skill<th>role<th>trit<th>state<th>triads</thead><tbody>
{% for skill, edges, ids in skills %}
<tr tabindex="0" data-edges="{{ ids }}"{% if not skill.installed %} class="absent"{% endif %}>
<td>{{ skill.name }}<td>{{ skill.role }}<td>{{ trit(skill.trit) }}
<td>{{ "installed" if skill.installed else "not installed" }}<td>{{ edges | length }}
{% endfor %}
</tbody></table>
<script>
const picture = document.querySelector("svg");
function mark(row, on) {
  const ids = row.dataset.edges.split(" ").filter(Boolean);
  picture.classList.toggle("marking", on && ids.length > 0);
  for (const id of ids) document.getElementById(id).classList.toggle("marked", on);
}
for (const row of document.querySelectorAll("tr[data-edges]")) {
  for (const [event, on] of [["mouseenter", true], ["focus", true],
                             ["mouseleave", false], ["blur", false]])
    row.addEventListener(event, () => mark(row, on));
}
</script>
"""


def to_html(diagram: Diagram) -> str:
    """Write the page."""
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    ready = sum(triad.state == "ready" for triad in diagram.triads)
    installed = sum(skill.installed for skill in diagram.skills)
    return environment.from_string(_TEMPLATE).render(
        summary=f"{len(diagram.triads)} triads, {ready} of them can run here; "
        f"{len(diagram.skills)} skills, {installed} of them installed.",
        picture=_inline(draw(diagram, "svg").decode()),
        minus=MINUS,
        trit=lambda value: format_trit(value).replace("-", MINUS),
        triads=[(node, *_edges(diagram, "triad", node.name)) for node in diagram.triads],
        skills=[(node, *_edges(diagram, "skill", node.name)) for node in diagram.skills],
    )


def _edges(diagram: Diagram, end: str, name: str) -> tuple[list[Edge], str]:
    """The edges at a node, and their ids in the picture."""
    found = [
        (place, edge) for place, edge in enumerate(diagram.edges) if getattr(edge, end) == name
    ]
    return [edge for _, edge in found], " ".join(edge_id(place) for place, _ in found)


def _inline(svg: str) -> Markup:
    """Take the svg element out of matplotlib's document, and say what it shows."""
    element = svg[svg.index("<svg") :]
    element = re.sub(r"<metadata>.*?</metadata>", "", element, flags=re.DOTALL)
    label = 'role="img" aria-label="Skills on the left, joined to their triads on the right"'
    # matplotlib has escaped every text that it has drawn.
    return Markup(element.replace("<svg", f"<svg {label}", 1))  # noqa: S704
