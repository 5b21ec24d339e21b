"""Betti curves of a run's layers, as a picture."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from plurigrid_ff.files import written_beside
from plurigrid_ff.host.plugins import load_host
from plurigrid_ff_persistent_homology.compare import layer_diagrams
from plurigrid_ff_persistent_homology.diagrams import Diagrams, betti_curve
from plurigrid_ff_persistent_homology.reading import read_held_out

if TYPE_CHECKING:
    from plurigrid_ff.host.plugins import Host

STEPS = 400
SVG_SALT = "plurigrid-ff"


def draw_betti_curves(
    folder: Path | str,
    out: Path,
    *,
    most_samples: int = 500,
    landmarks: int = 128,
    seed: int = 0,
    host: "Host | None" = None,
) -> int:
    """Draw the Betti curves of a run's input and layers, and return the samples looked at.

    Args:
        folder: The run folder.
        out: An .svg file, whole or not at all. The same run gives the same bytes.
        most_samples: Held-out samples looked at, at most.
        landmarks: Points that H1 is computed on, at most.
        seed: Which samples are taken.
        host: Objectives and blocks to choose from; None loads every installed plugin.

    Raises:
        PlurigridError: The run cannot be read.
    """
    held_out = read_held_out(folder, most=most_samples, seed=seed, host=host or load_host())
    diagrams = layer_diagrams(held_out.observe(), landmarks, str(folder))
    figure = draw(diagrams, title=f"{folder}: {len(held_out.x)} held-out samples")
    import matplotlib as mpl

    with (
        mpl.rc_context({"svg.hashsalt": SVG_SALT, "svg.fonttype": "none"}),
        written_beside(out) as temporary,
    ):
        figure.savefig(temporary, format="svg", metadata={"Date": None})
    return len(held_out.x)


def draw(diagrams: list[Diagrams], *, title: str) -> Figure:
    """Draw Betti 0 and Betti 1 over the scale, a line for the input and for each layer."""
    last = max(float(found.h0[:, 1].max()) for found in diagrams)
    last = max([last, *(float(found.h1[:, 1].max(initial=0.0)) for found in diagrams)])
    scales = np.linspace(0.0, 1.05 * last or 1.0, STEPS)
    figure = Figure(figsize=(10, 4), layout="constrained")
    components, loops = figure.subplots(1, 2)
    for index, found in enumerate(diagrams):
        label = f"layer {index}" if index else "input"
        style = "solid" if index else "dashed"
        alive = betti_curve(found.h0, scales) + 1
        components.step(scales, alive, where="post", label=label, linestyle=style)
        loops.step(scales, betti_curve(found.h1, scales), where="post", linestyle=style)
    components.set(xlabel="scale", ylabel="Betti 0", title="Components", yscale="log")
    radius = max(found.radius for found in diagrams)
    loops.set(xlabel="scale", ylabel="Betti 1", title=f"Loops (covering radius {radius:.2g})")
    components.legend(frameon=False)
    # A name may hold "$", which would be read as mathematics.
    figure.suptitle(title.replace("$", r"\$"), fontsize=10)
    return figure
