"""Write the composition graph in any of its formats."""

from pathlib import Path
from typing import Literal

from plurigrid_ff.diagrams.model import Diagram
from plurigrid_ff.diagrams.text import to_dot, to_mermaid
from plurigrid_ff.errors import ExportError
from plurigrid_ff.files import written_beside

DiagramFormat = Literal["svg", "png", "dot", "mermaid", "json", "html"]


def render(diagram: Diagram, kind: DiagramFormat) -> bytes:
    """Return the graph in a format; text is UTF-8."""
    match kind:
        case "svg" | "png":
            from plurigrid_ff.diagrams.picture import draw

            return draw(diagram, kind)
        case "html":
            from plurigrid_ff.diagrams.page import to_html

            return to_html(diagram).encode()
        case "dot":
            return to_dot(diagram).encode()
        case "mermaid":
            return to_mermaid(diagram).encode()
        case "json":
            return (diagram.model_dump_json(indent=2) + "\n").encode()


def write_diagram(
    diagram: Diagram, kind: DiagramFormat, path: Path, *, overwrite: bool = False
) -> None:
    """Write the graph to a file, whole or not at all.

    Raises:
        ExportError: The file exists and ``overwrite`` is False.
    """
    if path.exists() and not overwrite:
        raise ExportError(f"{path}: exists; --overwrite to replace it")
    content = render(diagram, kind)
    with written_beside(path) as temporary:
        temporary.write_bytes(content)
