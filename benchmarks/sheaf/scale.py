"""Matvec, harmonic extension and spectral gap on 1e5 nodes."""

import argparse
import time
from collections.abc import Callable
from typing import Any

import networkx as nx
import numpy as np

from plurigrid_ff.sheaves.sections import harmonic_extension
from plurigrid_ff.sheaves.sheaf import CellularSheaf
from plurigrid_ff.sheaves.spectrum import spectrum

Result = dict[str, Any]


def scale(arguments: argparse.Namespace) -> Result:
    """Time a sheaf of 1e5 nodes, in CPU-seconds."""
    size = 100_000
    graph = nx.random_regular_graph(4, size, seed=arguments.first)
    figures: Result = {"nodes": size, "edges": graph.number_of_edges()}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        started = time.process_time()
        result = work()
        figures[name] = round(time.process_time() - started, 4)
        print(name, figures[name], flush=True)
        return result

    sheaf = timed("build", lambda: CellularSheaf.constant(graph))
    laplacian = timed("Laplacian", lambda: sheaf.laplacian)
    x = np.random.default_rng(0).normal(size=size)
    timed("100 matvecs", lambda: [laplacian @ x for _ in range(100)])
    known = {node: x[[node]] for node in range(0, size, 10)}
    extension = timed("harmonic extension", lambda: harmonic_extension(sheaf, known))
    figures["energy"] = extension.energy
    ends = timed("estimated spectral gap", lambda: spectrum(sheaf))
    figures["gap"], figures["largest"] = ends.gap, ends.largest
    # Friedman (2008): a random 4-regular graph has gap near 4 - 2 sqrt 3.
    figures["gap of almost all such graphs"] = 4 - 2 * 3**0.5
    return {"cpu seconds": figures}
