"""Does the gate predict merges that lose more than 5 points?"""

import argparse
from collections import Counter
from typing import Any

import numpy as np
from plurigrid_ff_sheaf_cohomology import SheafCohomologyConfig
from plurigrid_ff_sheaf_cohomology.validator import SheafCohomology

from benchmarks.sheaf.society import colony, maps_inbox
from plurigrid_ff.config import DataConfig
from plurigrid_ff.data.load import load_dataset

Result = dict[str, Any]


def gate(arguments: argparse.Namespace) -> Result:
    """Ask the gate about merges of random societies, then merge and see.

    The gate sees probes only, the truth is that of the test split; both have 30 % of the
    samples, so that a loss of 5 points is told from none.
    """
    config = DataConfig(source=arguments.data, test_fraction=0.3, validation_fraction=0.3)
    data = load_dataset(config, seed=0)
    merges: list[Result] = []
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        rng = np.random.default_rng(seed)
        society = colony(
            data,
            seed,
            hidden=[(40,), (80,), (40, 30), (60, 40)][rng.integers(4)],
            objective=["projection", "class-goodness", "distance", "threshold"][rng.integers(4)],
            epochs=20,
            shards=["iid", "iid", "classes:5"][rng.integers(3)],
            graph=["complete", "cycle", "circulant:1,2", "path"][rng.integers(4)],
            agents=int(rng.integers(5, 9)),
            common=bool(rng.integers(2)),
        )
        kind = ("identity", "matched", "synchronised")[rng.integers(3)]
        society.train(20)
        local = society.accuracy()
        mixed = society.mix(kind, 30)
        validator = SheafCohomology(
            SheafCohomologyConfig(), society.probed.symmetry, society.probed
        )
        verdict = validator.validate(maps_inbox(society, mixed.alignment.maps))
        society.take_up(mixed.weights)
        lost = local - society.accuracy()
        merges.append(
            {
                "seed": seed,
                "kind": kind,
                "start": "common" if society.common else "different",
                "objective": society.network.objective,
                "hidden": society.network.hidden,
                "local": local,
                "lost": lost,
                "verdict": verdict.outcome,
                "refused by": verdict.reason.split(":")[0].partition("refused by ")[2],
                "reason": verdict.reason,
            }
        )
        print(merges[-1], flush=True)
    collapses = [merge for merge in merges if merge["lost"] > 0.05]
    sound = [merge for merge in merges if merge["lost"] <= 0.05]
    refused = Counter(merge["refused by"] for merge in collapses if merge["refused by"])
    summary = {
        "merges": len(merges),
        "collapses": len(collapses),
        "collapses refused by": dict(refused),
        "false accepts": sum(merge["verdict"] == "passed" for merge in collapses),
        "sound merges": len(sound),
        "false alarms": sum(merge["verdict"] == "failed" for merge in sound),
    }
    print(summary)
    return {
        "data": arguments.data,
        "probes": len(data.validation),
        "test samples": len(data.test),
        "collapse": "a loss of more than 5 points on the test split",
        "summary": summary,
        "runs": merges,
    }
