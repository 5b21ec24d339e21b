"""Is one bad agent among eight named, and never another one?"""

import argparse
from typing import Any

import numpy as np
from plurigrid_ff_sheaf_cohomology.findings import examine, find_culprit

from benchmarks.sheaf.society import colony
from plurigrid_ff.config import DataConfig
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.host.graphs import build_graph
from plurigrid_ff.host.ports import ACTIVITIES, PARAMETERS
from plurigrid_ff.sheaves.localisation import agent_suspects, localise
from plurigrid_ff.sheaves.sheaf import CellularSheaf

Result = dict[str, Any]


def culprit(arguments: argparse.Namespace) -> Result:
    """Spoil one agent among eight, and ask who it is."""
    seeds = range(arguments.first, arguments.first + arguments.seeds)
    trained = [culprit_by_activities(seed) for seed in seeds[: arguments.societies]]
    runs = {"offsets": [culprit_by_offsets(seed) for seed in seeds], "activities": trained}
    summary = {}
    for way, found in runs.items():
        right = sum(run["named"] == run["bad"] for run in found)
        unknown = sum(run["named"] is None for run in found)
        wrong = len(found) - right - unknown
        summary[way] = {"right": right, "not identifiable": unknown, "wrong": wrong}
    print(summary)
    return {"graph": "circulant:1,2, 8 agents", "summary": summary, "runs": runs}


def culprit_by_offsets(seed: int) -> Result:
    """Measure offsets between neighbours with noise of 0.1; those of one agent have 1 more."""
    rng = np.random.default_rng(seed)
    sheaf = CellularSheaf.constant(build_graph("circulant:1,2", 8, seed=seed))
    suspects = agent_suspects(sheaf)
    bad = f"agent-{rng.integers(8)}"
    offsets = sheaf.d0 @ rng.normal(size=8) + 0.1 * rng.normal(size=sheaf.d0.shape[0])
    offsets[suspects[bad]] += rng.normal(size=len(suspects[bad]))
    found = localise(sheaf.d0, offsets, suspects)
    return {"seed": seed, "bad": bad, "named": found.culprit, "reason": found.reason}


def culprit_by_activities(seed: int) -> Result:
    """Train a society in which one agent's labels are shuffled."""
    data = load_dataset(DataConfig(), seed=0)
    bad = f"agent-{np.random.default_rng(seed).integers(8)}"
    society = colony(data, seed, hidden=(60,), objective="class-goodness", epochs=20, spoilt=bad)
    society.train(20)
    maps = society.mix("synchronised", 1).alignment.maps
    inbox = society.inbox()
    activities, parameters = inbox[ACTIVITIES], inbox[PARAMETERS]
    layers = [examine(society.names, maps, activities, parameters, society.probed.symmetry, 0)]
    found = find_culprit(society.names, layers)
    print(seed, bad, found.reason, flush=True)
    return {"seed": seed, "bad": bad, "named": found.culprit, "reason": found.reason}
