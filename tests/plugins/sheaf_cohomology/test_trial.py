import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from plurigrid_ff_sheaf_cohomology.section import nearest_section
from plurigrid_ff_sheaf_cohomology.trial import try_section

from plurigrid_ff.config import NetworkConfig, TrainingConfig
from plurigrid_ff.errors import AlignmentError
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.probed import ProbedNetwork
from plurigrid_ff.learning.symmetry import permute_units, unit_symmetry
from plurigrid_ff.learning.trainer import Trainer
from plurigrid_ff.sheaves.sections import project
from plurigrid_ff.sheaves.sheaf import CellularSheaf
from plurigrid_ff.sheaves.units import Segment, UnitSymmetry
from plurigrid_ff.sheaves.vectors import Vectors

AGENTS = ("a", "b", "c")
EDGES = (("a", "b"), ("b", "c"), ("a", "c"))
SYMMETRY = UnitSymmetry(
    (3,), (1,), (1,), {"w": ((Segment(3, 0),), (Segment(2),)), "s": ((Segment(1),),)}
)


def drawn(seed):
    rng = np.random.default_rng(seed)
    return {
        agent: {
            "w": rng.normal(size=(3, 2)).astype(np.float32),
            "s": rng.normal(size=1).astype(np.float32),
        }
        for agent in AGENTS
    }


@given(seed=st.integers(0, 1000))
def test_a_section_is_the_mean_in_a_common_order_where_maps_close(seed):
    rng = np.random.default_rng(seed)
    order = {agent: rng.permutation(3) for agent in AGENTS}
    maps = {(u, v): (order[v][np.argsort(order[u])],) for u, v in EDGES}
    weights = drawn(seed)

    section = nearest_section(weights, maps, SYMMETRY)

    mean = np.mean([weights[agent]["w"][order[agent]] for agent in AGENTS], axis=0)
    for agent in AGENTS:
        np.testing.assert_allclose(section[agent]["w"][order[agent]], mean, atol=1e-6)
        shared = np.mean([weights[other]["s"] for other in AGENTS])
        np.testing.assert_allclose(section[agent]["s"], shared, atol=1e-6)


@given(
    seed=st.integers(0, 1000),
    edges=st.sets(st.sampled_from([*EDGES, ("c", "d"), ("e", "d"), ("b", "d")]), max_size=6),
)
def test_a_section_is_the_projection_in_the_sheaf_of_all_weights(seed, edges):
    rng = np.random.default_rng(seed)
    symmetry = UnitSymmetry(
        (4, 3),
        (1, 1),
        (1, 1),
        {"w": ((Segment(4, 0),), (Segment(3, 1),)), "b": ((Segment(4, 0),),)},
    )
    weights = {
        agent: {
            "w": rng.normal(size=(4, 3)).astype(np.float32),
            "b": rng.normal(size=4).astype(np.float32),
        }
        for agent in "abcde"
    }
    maps = {edge: (rng.permutation(4), rng.permutation(3)) for edge in sorted(edges)}

    section = nearest_section(weights, maps, symmetry)

    as_written = dict.fromkeys(weights, (np.arange(4), np.arange(3)))
    vectors = Vectors(weights, symmetry, as_written)
    numbers = {(v, u): vectors.number_order(layers) for (u, v), layers in maps.items()}
    sheaf = CellularSheaf.bundle(weights, vectors.rows.shape[1], numbers)
    rows = project(sheaf, vectors.rows.ravel()).reshape(vectors.rows.shape)
    for agent, expected in vectors.weights(rows).items():
        for name, values in expected.items():
            np.testing.assert_allclose(section[agent][name], values, atol=1e-6)


def test_units_that_a_cycle_exchanges_must_agree_with_each_other():
    same, swap = np.arange(3), np.array([1, 0, 2])
    weights = drawn(0)

    section = nearest_section(
        weights, {("a", "b"): (same,), ("b", "c"): (same,), ("a", "c"): (swap,)}, SYMMETRY
    )

    both = np.mean([weights[agent]["w"][:2] for agent in AGENTS], axis=(0, 1))
    for agent in AGENTS:
        np.testing.assert_allclose(section[agent]["w"][:2], np.stack([both, both]), atol=1e-6)


def test_what_agreement_costs_is_measured_on_real_networks(blobs):
    config = NetworkConfig(hidden=(9,), objective="projection")
    first = FFNetwork(config, (12,), 3, seed=1)
    x, y = torch.from_numpy(blobs.train.x), torch.from_numpy(blobs.train.y)
    Trainer(first, x, y, TrainingConfig(epochs=10, learning_rate=0.05), seed=0).train_epochs(10)
    second = FFNetwork(config, (12,), 3, seed=1)
    second.load_state_dict(first.state_dict())
    turn = np.roll(np.arange(9), 1)
    permute_units(second, [turn])
    probes, labels = blobs.validation.x, blobs.validation.y
    network = ProbedNetwork(config, blobs, probes, labels, seed=1)
    weights = {
        name: {key: value.detach().numpy().copy() for key, value in one.named_parameters()}
        for name, one in (("a", first), ("b", first), ("c", second))
    }
    symmetry = unit_symmetry(first)
    same = np.arange(9)

    def trial(p):
        maps = {("a", "b"): (same,), ("a", "c"): (np.argsort(turn),), ("b", "c"): (p,)}
        return try_section(network, AGENTS, weights, maps, symmetry)

    # Maps that turn all units round the cycle leave one number per tensor row.
    aligned, turned = trial(np.argsort(turn)), trial(same)

    assert aligned.local == aligned.section > 0.9
    assert aligned.loss == 0
    assert turned.local == aligned.local
    assert turned.loss == turned.local - turned.section > 0.05


def test_weights_of_another_architecture_are_refused():
    weights = drawn(0) | {"b": {"w": np.zeros((4, 2), np.float32), "s": np.zeros(1, np.float32)}}

    with pytest.raises(AlignmentError, match="agent 'b' has another architecture: 'w'"):
        try_section(None, AGENTS, weights, {}, SYMMETRY)
