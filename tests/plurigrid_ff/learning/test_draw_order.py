"""Draws are functions of (seed, role, epoch, sample id): no order and no worker changes one."""

from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from plurigrid_ff.config import AugmentationConfig, NetworkConfig
from plurigrid_ff.derivation import derive_key
from plurigrid_ff.learning.augmentation import Augmentation
from plurigrid_ff.learning.draws import draw_others, draw_permutation
from plurigrid_ff.learning.labelled import LabelledRails
from plurigrid_ff.learning.negatives import known_negatives
from plurigrid_ff.learning.network import FFNetwork

SAMPLES, SHAPE, CLASSES = 24, (6, 6), 3
X = torch.rand(SAMPLES, *SHAPE, generator=torch.Generator().manual_seed(0))
Y = torch.arange(SAMPLES) % CLASSES
EVERYTHING = AugmentationConfig(
    shift=1,
    rotate=20,
    scale=0.1,
    elastic=1,
    flip=True,
    erase=0.3,
    noise=0.1,
    time_shift=1,
    time_mask=2,
    frequency_mask=2,
)
orders = st.permutations(range(SAMPLES))
cuts = st.lists(st.integers(0, SAMPLES), max_size=4)


def by_workers(order, cuts, draw_for):
    """Let each worker draw for its own ids, and put the draws back at their samples."""
    bounds = [0, *sorted(cuts), SAMPLES]
    gathered = {}
    for start, end in pairwise(bounds):
        ids = torch.tensor(order[start:end], dtype=torch.int64)
        if len(ids):
            gathered |= dict(zip(ids.tolist(), draw_for(ids), strict=True))
    return torch.stack([gathered[index] for index in range(SAMPLES)])


@settings(max_examples=8, deadline=None)
@given(orders, cuts)
def test_a_sample_is_augmented_the_same_by_any_worker_in_any_order(order, cuts):
    augment = Augmentation(EVERYTHING, SHAPE)
    key = derive_key(0, "agent-0", "augmentation", 3)

    alone = augment(X, torch.arange(SAMPLES), key=key)
    shared = by_workers(order, cuts, lambda ids: augment(X[ids], ids, key=key))

    assert torch.equal(shared, alone)


@pytest.mark.parametrize("name", sorted(known_negatives()))
@settings(max_examples=4, deadline=None)
@given(order=orders, cuts=cuts)
def test_a_negative_is_the_same_by_any_worker_in_any_order(name, order, cuts):
    kind = known_negatives()[name]
    objective = {"samples": "threshold", "pairs": "self-contrastive"}[kind.contrast]
    readout = "goodness" if kind.labelled else "probe"
    config = NetworkConfig(hidden=(8,), objective=objective, negatives=name, readout=readout)
    network = FFNetwork(config, SHAPE, CLASSES, seed=1)
    source = kind(X, CLASSES, key=derive_key(0, "agent-0", "negatives"))
    key = derive_key(0, "agent-0", name, 3)

    def negatives(ids):
        rails = source.rails(network, X[ids], Y[ids], key=key, sample_ids=ids)
        written = rails.written_out() if isinstance(rails, LabelledRails) else rails
        return written[len(ids) :]

    alone = negatives(torch.arange(SAMPLES))
    shared = by_workers(order, cuts, negatives)

    if name == "learned":  # its draws are the same, its matrix products round by batch size
        torch.testing.assert_close(shared, alone)
    else:
        assert torch.equal(shared, alone)


@settings(max_examples=20)
@given(orders, cuts)
def test_another_sample_is_chosen_the_same_by_any_worker(order, cuts):
    alone = draw_others(7, torch.arange(SAMPLES), 100)

    assert torch.equal(by_workers(order, cuts, lambda ids: draw_others(7, ids, 100)), alone)


@settings(max_examples=20)
@given(st.sets(st.integers(0, 999), min_size=2, max_size=20), st.integers(0, 2**63))
def test_the_order_of_two_samples_does_not_depend_on_the_others(ids, key):
    everyone = torch.arange(1000)
    whole = draw_permutation(key, everyone).tolist()
    some = torch.tensor(sorted(ids))

    kept = some[draw_permutation(key, some)].tolist()

    assert kept == [index for index in whole if index in ids]


def test_initial_weights_do_not_depend_on_what_was_built_before():
    config = NetworkConfig(hidden=(8, 5))

    first = FFNetwork(config, SHAPE, CLASSES, seed=3, role="a").state_dict()
    FFNetwork(config, SHAPE, CLASSES, seed=3, role="b")
    torch.rand(10)
    again = FFNetwork(config, SHAPE, CLASSES, seed=3, role="a").state_dict()
    wider = FFNetwork(NetworkConfig(hidden=(8, 5, 4)), SHAPE, CLASSES, seed=3, role="a")

    assert all(torch.equal(first[name], again[name]) for name in first)
    lowest = wider.stack[0].transform.get_parameter("weight")
    assert any(torch.equal(value, lowest) for value in first.values())
