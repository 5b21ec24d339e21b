"""The composition graph in the languages of Graphviz and Mermaid."""

from plurigrid_ff.diagrams.model import Diagram, SkillNode, TriadNode
from plurigrid_ff.gf3 import format_trit

COLOURS = {-1: "#0072b2", 0: "#009e73", 1: "#d55e00"}
"""Colours of validator, coordinator and generator, after Okabe & Ito (2002)."""

_DOT_SHAPES = {-1: "invtrapezium", 0: "ellipse", 1: "trapezium"}
_DOT_LINES = {-1: "dashed", 0: "dotted", 1: "solid"}
_MERMAID_SHAPES = {-1: ("[\\", "/]"), 0: ("([", "])"), 1: ("[/", "\\]")}
_MERMAID_LINES = {-1: "-.-", 0: "---", 1: "==="}


def to_dot(diagram: Diagram) -> str:
    """Write the graph for Graphviz: shapes by role, dashed outlines for what is absent."""
    lines = [
        "graph triads {",
        "  rankdir=LR; ranksep=2; nodesep=0.15;",
        '  node [fontname="Helvetica", fontsize=11]; edge [penwidth=1.3];',
    ]
    for skill in diagram.skills:
        style = "solid" if skill.installed else "dashed"
        lines.append(
            f'  "skill:{skill.name}" [label="{_skill_label(skill)}", '
            f'shape={_DOT_SHAPES[skill.trit]}, color="{COLOURS[skill.trit]}", style={style}];'
        )
    for triad in diagram.triads:
        style = "solid" if triad.state == "ready" else "dashed"
        label = _triad_label(triad)
        lines.append(f'  "triad:{triad.name}" [label="{label}", shape=box, style={style}];')
    lines += [
        f'  "skill:{edge.skill}" -- "triad:{edge.triad}" '
        f'[color="{COLOURS[edge.trit]}", style={_DOT_LINES[edge.trit]}];'
        for edge in diagram.edges
    ]
    return "\n".join([*lines, "}", ""])


def to_mermaid(diagram: Diagram) -> str:
    """Write the graph for Mermaid: shapes and line styles by role."""
    lines = ["flowchart LR"]
    for place, skill in enumerate(diagram.skills):
        left, right = _MERMAID_SHAPES[skill.trit]
        lines.append(f'  s{place}{left}"{_skill_label(skill)}"{right}')
    for place, triad in enumerate(diagram.triads):
        lines.append(f'  t{place}["{_triad_label(triad)}"]')
    skills = {skill.name: place for place, skill in enumerate(diagram.skills)}
    triads = {triad.name: place for place, triad in enumerate(diagram.triads)}
    for edge in diagram.edges:
        line = _MERMAID_LINES[edge.trit]
        lines.append(f"  s{skills[edge.skill]} {line} t{triads[edge.triad]}")
    for trit, colour in COLOURS.items():
        name = f"trit{trit}".replace("-", "m")
        lines.append(f"  classDef {name} stroke:{colour},stroke-width:2px")
        members = ",".join(f"s{skills[s.name]}" for s in diagram.skills if s.trit == trit)
        if members:
            lines.append(f"  class {members} {name}")
    absent = ",".join(f"s{skills[s.name]}" for s in diagram.skills if not s.installed)
    if absent:
        lines += ["  classDef absent stroke-dasharray:4 3", f"  class {absent} absent"]
    return "\n".join([*lines, ""])


def _skill_label(skill: SkillNode) -> str:
    """Name a skill with its trit, and say if it is absent."""
    absent = "" if skill.installed else " (not installed)"
    return f"{format_trit(skill.trit)} {skill.name}{absent}"


def _triad_label(triad: TriadNode) -> str:
    """Name a triad with its state."""
    return f"{triad.name}: {triad.state}"
