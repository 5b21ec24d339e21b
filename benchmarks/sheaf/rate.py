"""Diffusion's measured rate beside the spectral prediction."""

import argparse
from typing import Any

import numpy as np

from plurigrid_ff.host.graphs import build_graph
from plurigrid_ff.sheaves.diffusion import diffuse
from plurigrid_ff.sheaves.sheaf import CellularSheaf
from plurigrid_ff.sheaves.spectrum import spectrum

Result = dict[str, Any]


def rate(arguments: argparse.Namespace) -> Result:
    """Compare diffusion's rate with the spectrum, on graphs and on random permutations."""
    runs: list[Result] = []
    specs = ("cycle", "complete", "circulant:1,2", "hypercube:3", "path", "star", "regular:3")
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        rng = np.random.default_rng(seed)
        for spec in specs:
            graph = build_graph(spec, 8, seed=seed)
            for maps in ("identity", "permutations"):
                sheaf = CellularSheaf.constant(graph, 6)
                if maps == "permutations":
                    edges = {edge: rng.permutation(6) for edge in graph.edges}
                    sheaf = CellularSheaf.bundle(graph, 6, edges)
                ends = spectrum(sheaf)
                x = rng.normal(size=(48, 4))
                x -= x.mean(axis=0)
                steps = 30
                while steps > 1:
                    run = diffuse(sheaf.laplacian.__matmul__, x, steps=steps, step=ends.step)
                    if run.measured_rate is not None or ends.rate < 1e-6:
                        break
                    steps //= 2
                measured = run.measured_rate
                error = None if measured is None else abs(measured / ends.rate - 1)
                runs.append(
                    {
                        "graph": spec,
                        "maps": maps,
                        "seed": seed,
                        "steps": steps,
                        "predicted": ends.rate,
                        "measured": measured,
                        "relative error": error,
                    }
                )
    errors = [run["relative error"] for run in runs if run["relative error"] is not None]
    summary = {
        "runs": len(runs),
        "in agreement after one step": len(runs) - len(errors),
        "largest relative error": max(errors),
        "within 5 %": sum(error <= 0.05 for error in errors),
        "of": len(errors),
    }
    print(summary)
    return {"summary": summary, "runs": runs}
