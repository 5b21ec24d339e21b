import json
import subprocess
import sys
import time
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from plurigrid_ff_persistent_homology import SKILL, PersistentHomologyConfig, register_skills
from plurigrid_ff_persistent_homology.validator import PersistentHomology
from sklearn.datasets import load_digits

from plurigrid_ff.errors import PluginError
from plurigrid_ff.host.ports import ACTIVITIES, INITIAL_ACTIVITIES, Inbox, LayerActivities
from plurigrid_ff.host.skill import Role, Validator
from plurigrid_ff.host.society import Society

PROBES = 500


def unit_rms(h):
    return h / np.sqrt((h * h).mean(axis=1, keepdims=True) + 1e-12)


def activities_of(weights, x):
    """ReLU layers, each reading scale-normalised activities."""
    layers, h = [], unit_rms(x)
    for weight in weights:
        layers.append(np.maximum(h @ weight, 0))
        h = unit_rms(layers[-1])
    return LayerActivities(x, tuple(layers))


def train(weights, x, y, *, epochs, seed):
    """Each layer learns alone, to predict the label through a fixed random projection."""
    rng = np.random.default_rng(seed)
    weights = [weight.copy() for weight in weights]
    heads = [
        rng.normal(size=(w.shape[1], 10)).astype(np.float32) / np.sqrt(w.shape[1]) for w in weights
    ]
    moments = [(np.zeros_like(w), np.zeros_like(w)) for w in weights]
    for step in range(1, epochs * (len(x) // 64) + 1):
        batch = rng.choice(len(x), size=64, replace=False)
        h = unit_rms(x[batch])
        for weight, head, (m, v) in zip(weights, heads, moments, strict=True):
            a = np.maximum(h @ weight, 0)
            z = a @ head
            p = np.exp(z - z.max(axis=1, keepdims=True))
            p /= p.sum(axis=1, keepdims=True)
            p[np.arange(64), y[batch]] -= 1
            gradient = h.T @ ((p @ head.T) * (a > 0)) / 64
            m += 0.1 * (gradient - m)
            v += 0.001 * (gradient**2 - v)
            weight -= 1e-3 * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
            h = unit_rms(a)
    return weights


@pytest.fixture(scope="module")
def digits():
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = (x[order] / 16).astype(np.float32), y[order].astype(np.int64)
    rng = np.random.default_rng(1)
    sizes = (64, 150, 150)
    untrained = [
        (rng.normal(size=(a, b)) / np.sqrt(a)).astype(np.float32) for a, b in pairwise(sizes)
    ]
    return {
        "train": (x[PROBES:], y[PROBES:]),
        "probes": (x[:PROBES], y[:PROBES]),
        "untrained": untrained,
    }


@pytest.fixture(scope="module")
def learnt(digits):
    return train(digits["untrained"], *digits["train"], epochs=12, seed=2)


def judge(trained, untrained, probes, *, agents=("agent-0",), seed=0, config=None):
    x, y = probes
    graph = nx.Graph()
    graph.add_nodes_from(agents)
    society = Society(graph, x, y, num_classes=10, seed=seed)
    values = {
        ACTIVITIES.name: dict.fromkeys(agents, trained),
        INITIAL_ACTIVITIES.name: dict.fromkeys(agents, untrained),
    }
    skill = PersistentHomology(PersistentHomologyConfig(**config or {}))
    return skill.validate(Inbox("persistent-homology", 1, society, values))


def judge_weights(weights, digits):
    probes = digits["probes"]
    before = activities_of(digits["untrained"], probes[0])
    return judge(activities_of(weights, probes[0]), before, probes)


def with_layer(activities, index, values):
    layers = list(activities.layers)
    layers[index] = values
    return LayerActivities(activities.inputs, tuple(layers))


def random_pair(probes=200, features=8, classes=2, layers=1):
    """Untrained noise, and the same with the classes pulled apart."""
    rng = np.random.default_rng(11)
    y = np.arange(probes, dtype=np.int64) % classes
    x = rng.normal(size=(probes, features)).astype(np.float32)
    apart = x + 3 * np.eye(classes, features, dtype=np.float32)[y]
    return LayerActivities(x, (apart,) * layers), LayerActivities(x, (x,) * layers), (x, y)


def test_training_on_true_labels_passes(digits, learnt):
    verdict = judge_weights(learnt, digits)

    assert verdict.outcome == "passed", verdict.reason
    assert verdict.measure < 0.95


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_training_on_shuffled_labels_fails(digits, seed):
    x, y = digits["train"]
    shuffled = np.random.default_rng(seed).permutation(y)
    weights = train(digits["untrained"], x, shuffled, epochs=12, seed=seed)

    verdict = judge_weights(weights, digits)

    assert verdict.outcome == "failed", verdict.reason
    assert verdict.measure > verdict.limit


def test_a_network_that_never_trained_fails(digits):
    verdict = judge_weights(digits["untrained"], digits)

    assert verdict.outcome == "failed"
    assert "No layer keeps the classes further apart" in verdict.reason
    assert verdict.measure == 1


def test_a_layer_that_forgets_the_classes_fails_though_the_others_learnt(digits, learnt):
    rng = np.random.default_rng(0)
    x, y = digits["probes"]
    good = activities_of(learnt, x)
    turn = np.linalg.qr(rng.normal(size=(150, 150)))[0]
    rotated = good.layers[1] @ turn
    # Project out what tells the classes apart: the span of the class means.
    means = np.stack([rotated[y == c].mean(axis=0) for c in range(10)])
    basis = np.linalg.qr((means - means.mean(axis=0)).T)[0]
    forgetful = with_layer(good, 1, (rotated - rotated @ basis @ basis.T).astype(np.float32))

    verdict = judge(forgetful, activities_of(digits["untrained"], x), (x, y))

    assert verdict.outcome == "failed"
    assert "layer 2 of agent-0" in verdict.reason


def test_a_rotation_alone_changes_nothing(digits, learnt):
    x, y = digits["probes"]
    good, before = activities_of(learnt, x), activities_of(digits["untrained"], x)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(150, 150)))[0]

    straight = judge(good, before, (x, y))
    turned = judge(with_layer(good, 1, (good.layers[1] @ turn).astype(np.float32)), before, (x, y))

    assert turned.outcome == straight.outcome
    assert turned.measure == pytest.approx(straight.measure, rel=0.02)


@pytest.mark.parametrize("constant", [0.0, 0.7])
def test_a_collapsed_layer_fails_by_name(digits, learnt, constant):
    x, y = digits["probes"]
    collapsed = with_layer(
        activities_of(learnt, x), 1, np.full((PROBES, 150), constant, np.float32)
    )

    verdict = judge(collapsed, activities_of(digits["untrained"], x), (x, y))

    assert verdict.passed is False
    assert verdict.measure is None
    assert "Layer 2 of agent-0 has collapsed" in verdict.reason


def test_scaling_samples_changes_nothing():
    trained, untrained, probes = random_pair()
    lengths = np.random.default_rng(0).uniform(0.1, 10, size=(200, 1)).astype(np.float32)
    louder = with_layer(trained, 0, trained.layers[0] * lengths)

    plain, scaled = judge(trained, untrained, probes), judge(louder, untrained, probes)

    assert scaled.passed is plain.passed is True
    assert scaled.measure == pytest.approx(plain.measure)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_activities_that_are_not_finite_fail_by_name(value):
    trained, untrained, probes = random_pair(layers=2)
    broken = trained.layers[1].copy()
    broken[3, 4] = value

    now = judge(with_layer(trained, 1, broken), untrained, probes)
    then = judge(trained, with_layer(untrained, 1, broken), probes)

    assert now.passed is then.passed is False
    assert "Layer 2 of agent-0 has 1 activities that are not finite" in now.reason
    assert "before training" in then.reason


def test_inputs_that_are_not_finite_fail_by_name():
    trained, untrained, probes = random_pair()
    broken = LayerActivities(np.full_like(trained.inputs, np.nan), trained.layers)

    assert "The input of agent-0" in judge(broken, untrained, probes).reason


def test_too_few_probes_are_undecidable():
    verdict = judge(*random_pair(probes=49))

    assert verdict.outcome == "undecidable"
    assert "49 probes" in verdict.reason


def test_one_class_is_undecidable():
    assert judge(*random_pair(classes=1)).outcome == "undecidable"


def test_classes_that_were_never_mixed_are_undecidable():
    trained, _, probes = random_pair()
    far = LayerActivities(
        trained.inputs, (np.eye(2, 8, dtype=np.float32)[probes[1]] + 0.01 * trained.inputs,)
    )

    verdict = judge(far, far, probes)

    assert verdict.outcome == "undecidable"


def test_probes_are_capped_and_the_choice_depends_on_the_seed():
    pair = random_pair(probes=300)

    verdicts = [judge(*pair, seed=seed, config={"probes": 120}) for seed in (0, 0, 1)]

    assert all("120 probes" in verdict.reason for verdict in verdicts)
    assert verdicts[0] == verdicts[1]
    assert verdicts[0].measure != verdicts[2].measure


def test_every_agent_and_layer_has_its_row():
    verdict = judge(*random_pair(layers=2), agents=("north", "south"))

    for table in verdict.tables:
        assert [row[:2] for row in table.rows] == [
            ("north", 1), ("north", 2), ("south", 1), ("south", 2)
        ]  # fmt: skip
        assert all(len(row) == len(table.columns) for row in table.rows)


def test_evidence_is_small_json_with_a_diagram_per_layer(digits, learnt):
    verdict = judge_weights(learnt, digits)

    text = verdict.model_dump_json()
    diagrams = [chart for chart in verdict.charts if chart.diagonal]
    assert len(text) < 200_000
    assert "Infinity" not in text
    assert json.loads(text)["outcome"] == "passed"
    assert len(diagrams) == 2
    for chart in diagrams:
        assert [series.name for series in chart.series] == ["H0", "H1"]
        assert all(
            y >= x for series in chart.series for x, y in zip(series.x, series.y, strict=True)
        )


def test_shares_of_the_table_are_those_of_the_whole_cloud():
    from plurigrid_ff_persistent_homology.clouds import scale_rows
    from plurigrid_ff_persistent_homology.connected import cross_class_share

    trained, untrained, probes = random_pair()

    row = judge(trained, untrained, probes).tables[0].rows[0]

    whole = [trained.layers[0], untrained.layers[0], trained.inputs]
    expected = [cross_class_share(scale_rows(h), probes[1]) for h in whole]
    assert list(row[2:5]) == pytest.approx(expected, rel=1e-3)


def test_three_wide_layers_are_judged_in_under_three_seconds():
    trained, untrained, probes = random_pair(probes=500, features=500, classes=10, layers=3)

    started = time.process_time()
    judge(trained, untrained, probes)

    assert time.process_time() - started < 3  # CPU time; about 1 s, noise being the slowest case


def test_networks_that_do_not_match_are_refused():
    trained, untrained, probes = random_pair(layers=2)
    shallow = LayerActivities(untrained.inputs, untrained.layers[:1])
    short = LayerActivities(untrained.inputs[:9], untrained.layers)

    with pytest.raises(PluginError, match=r"the same layers .* got 2 and 1"):
        judge(trained, shallow, probes)
    with pytest.raises(PluginError, match=r"must have 200 rows.*got \[9, 200\]"):
        judge(trained, short, probes)
    with pytest.raises(PluginError, match="the same agents, at least one"):
        judge(trained, untrained, probes, agents=())


def test_card_and_build_keep_the_validators_contract():
    offered = []
    register_skills(offered.append)

    built = SKILL.build(SKILL.config(), None)

    assert offered == [SKILL]
    assert SKILL.card.role is Role.VALIDATOR
    assert SKILL.card.consumes == (ACTIVITIES.name, INITIAL_ACTIVITIES.name)
    assert isinstance(built, Validator)


def test_importing_the_plugin_loads_no_heavy_library():
    code = (
        "import sys, plurigrid_ff_persistent_homology; print({'numpy', 'gudhi'} & set(sys.modules))"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "set()"
