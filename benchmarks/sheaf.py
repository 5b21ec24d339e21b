"""What the sheaf skills are worth on societies of Forward-Forward agents, and what they cost.

Five questions, one subcommand each; every figure of a society comes from the skills' own code.

    rounds     local training, plain gossip and synchronised maps over rounds, on every seed
    gate       does the gate predict merges that lose more than 5 points?
    rate       diffusion's measured rate beside the spectral prediction
    culprit    is one bad agent among eight named, and never another one?
    scale      matvec, harmonic extension and spectral gap on 1e5 nodes

Example:
    python -m benchmarks.sheaf rounds --seeds 5 --out benchmarks/results/sheaf-rounds.json
"""

import argparse
import json
import os
import platform
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import torch
from plurigrid_ff_sheaf_cohomology import SheafCohomologyConfig
from plurigrid_ff_sheaf_cohomology.findings import examine, find_culprit
from plurigrid_ff_sheaf_cohomology.validator import SheafCohomology

from benchmarks.sheaf_society import Colony
from plurigrid_ff.config import DataConfig, NetworkConfig, TrainingConfig
from plurigrid_ff.data.dataset import Dataset, Split
from plurigrid_ff.data.load import load_dataset
from plurigrid_ff.data.shards import deal_shards
from plurigrid_ff.files import write_text
from plurigrid_ff.host.graphs import build_graph
from plurigrid_ff.host.ports import ACTIVITIES, EDGE_MAPS, PARAMETERS, Inbox
from plurigrid_ff.runs import installed_versions
from plurigrid_ff.sheaves.diffusion import diffuse
from plurigrid_ff.sheaves.localisation import agent_suspects, localise
from plurigrid_ff.sheaves.sections import harmonic_extension
from plurigrid_ff.sheaves.sheaf import CellularSheaf
from plurigrid_ff.sheaves.spectrum import spectrum
from plurigrid_ff.sheaves.units import spread

Result = dict[str, Any]
KINDS = ("local", "identity", "synchronised")


def main() -> None:
    """Answer one question and write the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("question", choices=sorted(QUESTIONS))
    parser.add_argument("--data", default="digits")
    parser.add_argument("--seeds", type=int, default=5, help="or trials, or societies")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--hidden", default="100;100,100", help="networks, separated by ';'")
    parser.add_argument("--objective", default="projection", help="of `rounds`")
    parser.add_argument("--shards", default="iid;classes:5", help="separated by ';'")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--epochs", type=int, default=5, help="per round")
    parser.add_argument("--steps", type=int, default=10, help="of diffusion per round")
    parser.add_argument("--learning-rate", type=float, default=0.002, help="of `rounds`")
    parser.add_argument("--societies", type=int, default=50, help="that `culprit` trains")
    parser.add_argument("--samples", type=int, help="training samples that are used; all")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    started = time.process_time()
    report = {
        "command": " ".join(["python -m benchmarks.sheaf", *sys.argv[1:]]),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, 1 thread",
        "versions": installed_versions(),
        "seeds": list(range(arguments.first, arguments.first + arguments.seeds)),
        **QUESTIONS[arguments.question](arguments),
    }
    report["cpu_seconds"] = round(time.process_time() - started, 1)
    if arguments.out:
        write_text(arguments.out, json.dumps(report, indent=1) + "\n")


def colony(
    data: Dataset,
    seed: int,
    *,
    hidden: tuple[int, ...],
    objective: str,
    epochs: int,
    shards: str = "iid",
    graph: str = "circulant:1,2",
    agents: int = 8,
    common: bool = False,
    spoilt: str = "",
    learning_rate: float = 0.002,
) -> Colony:
    """Build a society whose every draw follows from the seed."""
    built = build_graph(graph, agents, seed=seed)
    dealt = deal_shards(data.train.y, list(built), shards, class_names=data.class_names, seed=seed)
    network = NetworkConfig(hidden=hidden, objective=objective)
    training = TrainingConfig(epochs=epochs, batch_size=32, learning_rate=learning_rate)
    return Colony(data, built, dealt, network, training, seed, common, spoilt)


def read_data(arguments: argparse.Namespace, seed: int) -> Dataset:
    """Read a data set, or the first samples of one that would take too long."""
    data = load_dataset(DataConfig(source=arguments.data), seed=seed)
    if arguments.samples is None:
        return data
    few = arguments.samples

    def cut(split: Split, count: int) -> Split:
        return Split(split.x[:count], split.y[:count])

    return Dataset(
        data.name,
        cut(data.train, few),
        cut(data.validation, few // 4),
        cut(data.test, few // 2),
        data.class_names,
        data.digest,
    )


def rounds(arguments: argparse.Namespace) -> Result:
    """Train for rounds, mixing between them as each kind does."""
    runs: list[Result] = []
    widths = [tuple(map(int, text.split(","))) for text in arguments.hidden.split(";")]
    for hidden in widths:
        for shards in arguments.shards.split(";"):
            for seed in range(arguments.first, arguments.first + arguments.seeds):
                data = read_data(arguments, seed)
                found = {
                    kind: one_run(arguments, data, seed, hidden, shards, kind) for kind in KINDS
                }
                runs.append({"hidden": hidden, "shards": shards, "seed": seed, "accuracy": found})
                last = {kind: round(values[-1], 4) for kind, values in found.items()}
                print(f"{hidden} {shards} seed {seed}: {last}", flush=True)
    return {
        "data": arguments.data,
        "training samples": arguments.samples or "all",
        "objective": arguments.objective,
        "graph": "circulant:1,2, 8 agents, different starts",
        "rounds": arguments.rounds,
        "epochs per round": arguments.epochs,
        "learning rate": arguments.learning_rate,
        "batch size": 32,
        "steps of diffusion per round": arguments.steps,
        "summary": [
            summarise(runs, hidden, shards)
            for hidden in widths
            for shards in arguments.shards.split(";")
        ],
        "runs": runs,
    }


def one_run(
    arguments: argparse.Namespace,
    data: Dataset,
    seed: int,
    hidden: tuple[int, ...],
    shards: str,
    kind: str,
) -> list[float]:
    """Return the mean test accuracy of the agents after every round, once mixed."""
    society = colony(
        data,
        seed,
        hidden=hidden,
        objective=arguments.objective,
        epochs=arguments.rounds * arguments.epochs,
        shards=shards,
        learning_rate=arguments.learning_rate,
    )
    reached = []
    for _ in range(arguments.rounds):
        society.train(arguments.epochs)
        if kind != "local":
            society.take_up(society.mix(kind, arguments.steps).weights)
        reached.append(society.accuracy())
    return reached


def summarise(runs: list[Result], hidden: tuple[int, ...], shards: str) -> Result:
    """Return mean and spread over seeds, and how often synchronised maps were the best."""
    chosen = [run["accuracy"] for run in runs if (run["hidden"], run["shards"]) == (hidden, shards)]
    result: Result = {"hidden": hidden, "shards": shards}
    for kind in KINDS:
        for name, place in (("first", 0), ("last", -1)):
            values = [run[kind][place] for run in chosen]
            result[f"{kind}, {name} round"] = spread_of(values)
    for rival in ("local", "identity"):
        for name, of in (("last", lambda v: v[-1]), ("mean over rounds", statistics.mean)):
            wins = sum(of(run["synchronised"]) > of(run[rival]) for run in chosen)
            result[f"seeds above {rival}, {name}"] = f"{wins} of {len(chosen)}"
    print(json.dumps(result, indent=1), flush=True)
    return result


def spread_of(values: list[float]) -> dict[str, float]:
    """Return mean, least and largest."""
    found = statistics.mean(values), min(values), max(values)
    return dict(zip(("mean", "least", "most"), (round(value, 4) for value in found), strict=True))


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


def maps_inbox(society: Colony, maps: Any) -> Inbox:
    """What the validator sees of maps that a coordinator chose."""
    cells = society.probed.symmetry.cells
    whole = {
        edge: tuple(
            p if len(p) == units * n else spread(p, n)
            for p, units, n in zip(layers, society.probed.symmetry.units, cells, strict=True)
        )
        for edge, layers in maps.items()
    }
    seen = society.inbox()
    values = {EDGE_MAPS.name: whole, **seen.values}
    return Inbox("sheaf-cohomology", 1, society.society, values)


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


QUESTIONS: dict[str, Callable[[argparse.Namespace], Result]] = {
    "rounds": rounds,
    "gate": gate,
    "rate": rate,
    "culprit": culprit,
    "scale": scale,
}


if __name__ == "__main__":
    main()
