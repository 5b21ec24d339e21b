"""Reports that a run could have written, and some that it would rather not."""

import hashlib
import json
import math
import random
from pathlib import Path
from types import SimpleNamespace

import pytest

from plurigrid_ff.results import (
    Chart,
    Histogram,
    LayerReport,
    RunReport,
    Series,
    Table,
    Verdict,
)

DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def make_histogram(positive_mean, negative_mean, samples=360, bins=24):
    draw = random.Random(7)
    edges = tuple(index * 4 / bins for index in range(bins + 1))
    counts = {}
    for name, mean in (("positive", positive_mean), ("negative", negative_mean)):
        counts[name] = [0] * bins
        for _ in range(samples):
            value = min(max(draw.gauss(mean, 0.45), 0.0), 3.999)
            counts[name][int(value * bins / 4)] += 1
    return Histogram(edges=edges, positive=counts["positive"], negative=counts["negative"])


def make_layer(index, **changes):
    positive, negative = 2.137 + 0.2 * index, 0.946
    values = {
        "index": index,
        "kind": "linear",
        "in_shape": (500,) if index else (64,),
        "out_shape": (500,),
        "objective": "threshold",
        "updates": 1356,
        "accuracy": 0.9417 + 0.012 * min(index, 4),
        "goodness_positive": positive,
        "goodness_negative": negative,
        "dead_units": 17 * index,
        "goodness": make_histogram(min(positive, 3.2), negative),
    }
    return LayerReport(**(values | changes))


def make_confusion(classes, per_class=36):
    draw = random.Random(3)
    rows = [[0] * classes for _ in range(classes)]
    for true in range(classes):
        for _ in range(per_class):
            wrong = draw.random() < 0.04
            rows[true][draw.randrange(classes) if wrong else true] += 1
    return tuple(map(tuple, rows))


def make_verdict(passed=True, measure=0.8125, limit=1.0):
    draw = random.Random(5)
    births = [draw.uniform(0.4, 1.2) for _ in range(12)]
    diagram = Chart(
        kind="scatter",
        title="Persistence diagram, last layer",
        x_label="Birth",
        y_label="Death",
        series=(
            Series(name="H0", x=(0.0,) * 40, y=tuple(draw.uniform(0.2, 1.1) for _ in range(40))),
            Series(
                name="H1",
                x=tuple(births),
                y=tuple(birth + draw.expovariate(9) for birth in births),
            ),
        ),
        diagonal=True,
        note="Vietoris-Rips filtration, 200 probes.",
    )
    betti = Chart(
        kind="bar",
        title="Betti numbers",
        x_label="Dimension",
        y_label="Bars alive at the limit",
        series=(
            Series(name="Reference", x=(0, 1), y=(10, 2)),
            Series(name="This run", x=(0, 1), y=(10, 3)),
        ),
    )
    table = Table(
        title="Longest bars",
        columns=("Dimension", "Birth", "Death", "Probe"),
        rows=((0, 0.0, 1.0731, "probe-12"), (1, 0.7312, 0.9925, "probe-3"), (1, 0.81, None, "")),
        note="Persistence is death minus birth.",
    )
    return Verdict(
        passed=passed,
        measure=measure,
        limit=limit,
        reason="The bottleneck distance to the reference stays within the limit.",
        charts=(diagram, betti),
        tables=(table,),
    )


def make_rounds(count=12, layers=3):
    entries, previous = [], "0" * 64
    for number in range(1, count + 1):
        decay = math.exp(-number / 4)
        generated = {
            "epochs": 1,
            "layers": [
                {
                    "loss": 0.1 + decay * (0.6 - 0.08 * index),
                    "updates": 113,
                    "margin": 0.4 * index - decay,
                    "accuracy": 0.97 - 0.4 * decay + 0.01 * index,
                }
                for index in range(layers)
            ],
            "validation_accuracy": 0.972 - 0.35 * decay,
        }
        coordinated = {"equilibrium_gap": 0.3 * decay, "players": 3, "note": "no deviation pays"}
        judged = {
            "outcome": "passed" if number > 3 else "failed",
            "measure": 0.8125 + decay,
            "limit": 1.0,
            "reason": "close to the reference",
        }
        for role, trit, skill, summary in (
            ("generator", 1, "forward-forward-learning", generated),
            ("coordinator", 0, "open-games", coordinated),
            ("validator", -1, "persistent-homology", judged),
        ):
            entry = {
                "index": len(entries),
                "round": number,
                "role": role,
                "trit": trit,
                "skill": skill,
                "version": "0.1.0",
                "seed": 0,
                "inputs": {"activities": "ab" * 32},
                "outputs": {"parameters": "cd" * 32},
                "summary": summary,
                "previous": previous,
            }
            previous = hashlib.sha256(json.dumps(entry).encode()).hexdigest()
            entries.append(entry | {"hash": previous})
    return entries


def make_report(classes=10, num_layers=3, rounds=None, **changes):
    confusion = make_confusion(classes)
    right = sum(confusion[index][index] for index in range(classes))
    values = {
        "triad": {
            "generator": "forward-forward-learning",
            "coordinator": "open-games",
            "validator": "persistent-homology",
        },
        "trit_sum": 0,
        "verdict": make_verdict(),
        "test_accuracy": right / sum(map(sum, confusion)),
        "layers": tuple(make_layer(index) for index in range(num_layers)),
        "confusion": confusion,
        "class_names": DIGITS[:classes]
        if classes <= 10
        else tuple(f"c{i}" for i in range(classes)),
        "rounds": 12,
        "parameters": 533_500,
        "data": "digits",
        "data_digest": "5d" * 32,
        "seed": 41,
        "device": "cpu",
        "versions": {"plurigrid-ff": "0.1.0", "torch": "2.10.0", "python": "3.12.3"},
        "seconds": 48.27,
        "log_head": rounds[-1]["hash"] if rounds else "0" * 64,
    }
    return RunReport(**(values | changes))


@pytest.fixture(scope="session")
def rounds():
    return make_rounds()


@pytest.fixture(scope="session")
def report(rounds):
    return make_report(rounds=rounds)


@pytest.fixture
def folder(tmp_path: Path, report, rounds):
    (tmp_path / "report.json").write_text(report.model_dump_json(indent=2), encoding="utf-8")
    lines = "".join(json.dumps(entry) + "\n" for entry in rounds)
    (tmp_path / "rounds.jsonl").write_text(lines, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="session")
def make():
    """Build reports, rounds, verdicts and layers other than the usual ones."""
    return SimpleNamespace(
        report=make_report, rounds=make_rounds, verdict=make_verdict, layer=make_layer
    )
