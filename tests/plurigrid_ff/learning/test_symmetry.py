import numpy as np
import pytest
import torch

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import AlignmentError
from plurigrid_ff.learning.network import FFNetwork
from plurigrid_ff.learning.symmetry import permute_units, symmetry_of, unit_symmetry
from plurigrid_ff.recurrent_config import RecurrentConfig

CONV = (
    {"kind": "conv2d", "features": 12, "kernel": 3, "pool": 2},
    {"kind": "conv2d", "features": 9, "kernel": 3, "norm": "group", "grid": 2},
    12,
)


def network(hidden=(12, 9), shape=(5,), **settings):
    config = NetworkConfig(hidden=hidden, **settings)
    return FFNetwork(config, shape, 3, seed=4).double()


def random_order(symmetry, seed=0):
    """Draw a permutation of every layer's units that keeps each in its group."""
    rng = np.random.default_rng(seed)
    found = []
    for units, groups in zip(symmetry.units, symmetry.groups, strict=True):
        runs = np.arange(units).reshape(groups, -1)
        found.append(rng.permuted(runs, axis=1).ravel())
    return found


@pytest.mark.parametrize(
    "settings",
    [
        {"objective": "projection"},
        {"objective": "distance"},
        {"objective": "class-goodness"},
        {"objective": "hierarchical", "options": {"tree": 0.5}},
        {"objective": "threshold", "options": {"goodness": "top-k"}},
        {"objective": "symba"},
        {"objective": "self-contrastive", "readout": "probe"},
        {"objective": "projection", "readout": "head"},
        {"objective": "projection", "hidden": ({"features": 12, "peer": 0.03}, 9)},
        {"objective": "projection", "hidden": CONV, "shape": (8, 8)},
        {"objective": "class-goodness", "hidden": CONV, "shape": (8, 8)},
        {"objective": "threshold", "hidden": (*CONV[:2], 6), "shape": (8, 8), "readout": "probe"},
    ],
    ids=lambda settings: settings["objective"],
)
def test_goodness_does_not_change_when_units_change_places(settings):
    torch.manual_seed(0)
    one = network(**settings)
    for parameter in one.parameters():  # no unit like another, and no bias of 0
        parameter.data += 0.1 * torch.randn_like(parameter)
    x = torch.randn(20, *one.feature_shape, dtype=torch.float64)
    before, order = one.layer_goodness(x), random_order(unit_symmetry(one))
    activities = one.activities(x)

    permute_units(one, order)

    torch.testing.assert_close(one.layer_goodness(x), before, rtol=1e-6, atol=1e-9)
    moved = one.activities(x)[0]
    assert not torch.allclose(moved, activities[0])
    cells = unit_symmetry(one).cells[0]
    rows = moved.unflatten(1, (-1, cells))
    torch.testing.assert_close(rows, activities[0].unflatten(1, (-1, cells))[:, order[0]])


def test_every_trained_tensor_has_its_axes():
    one = network(hidden=CONV, shape=(8, 8), readout="probe")
    symmetry = unit_symmetry(one)

    assert set(symmetry.axes) == {name for name, _ in one.named_parameters()}
    for name, values in one.named_parameters():
        assert symmetry.shape(name) == values.shape


def test_class_groups_hold_units_in_their_class():
    one = network(objective="class-goodness")
    order = [np.roll(np.arange(12), 1), np.arange(9)]

    assert unit_symmetry(one).groups == (3, 3)
    with pytest.raises(AlignmentError, match="layer 1 has 12 units in 3 groups"):
        permute_units(one, order)
    assert unit_symmetry(network()).groups == (1, 1)


def test_a_normalisation_by_groups_holds_the_channels_below_it():
    assert unit_symmetry(network(hidden=CONV, shape=(8, 8))).groups == (3, 1, 1)


LOCAL = {"kind": "local2d", "features": 3, "kernel": 3}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hidden": (12, 9), "recurrent": {"steps": 2}}, r"^network\.recurrent: layers that hear"),
        ({"hidden": (CONV[0], LOCAL), "shape": (8, 8)}, "layer 2: .* got 'local2d'"),
        ({"hidden": (LOCAL,), "shape": (6, 6)}, "layer 1: .* got 'local2d'"),
        ({"hidden": (9, {"features": 9, "shortcut": "add", "span": 1})}, "layer 2: a shortcut"),
        (
            {"hidden": ({"kind": "block", "block": "perceptron"},)},
            "layer 1: .* got 'block'.* maps = 'identity'",
        ),
    ],
)
def test_units_that_cannot_be_permuted_are_refused_by_name(settings, message):
    with pytest.raises(AlignmentError, match=message):
        unit_symmetry(network(**settings))


def test_where_units_cannot_move_the_symmetry_of_settings_is_rigid():
    free, rigid = (
        symmetry_of(NetworkConfig(hidden=(12, 9), recurrent=recurrent), (5,), 3)
        for recurrent in (None, RecurrentConfig(steps=2))
    )

    assert (free.units, free.groups) == ((12, 9), (1, 1))
    assert rigid.units == rigid.groups == (12, 9)


def test_an_objective_that_says_nothing_of_its_tensors_is_refused(monkeypatch):
    one = network()
    monkeypatch.setattr(type(one.stack[0].objective), "feature_axes", None)

    with pytest.raises(AlignmentError, match=r"layer 1: objective 'projection' does not say"):
        unit_symmetry(one)


def test_another_architecture_is_refused_with_the_agent():
    symmetry = unit_symmetry(network())
    other = {name: values.detach().numpy() for name, values in network((12, 6)).named_parameters()}

    with pytest.raises(AlignmentError, match=r"agent 'b' has another architecture: 'layers\.1\.tr"):
        symmetry.require_parameters("b", other)


@torch.no_grad()
def test_goodness_is_linear_in_units_through_the_tensor_that_is_named():
    network = FFNetwork(NetworkConfig(hidden=(10, 6), objective="projection"), (5,), 3, seed=0)
    names = unit_symmetry(network).readings
    x = torch.randn(7, 5, generator=torch.Generator().manual_seed(0))

    for name, h, goodness in zip(
        names, network.activities(x), network.layer_goodness(x), strict=True
    ):
        torch.testing.assert_close(h @ network.get_parameter(name).T, goodness)
    other = FFNetwork(NetworkConfig(hidden=(10,), objective="distance"), (5,), 3, seed=0)
    assert unit_symmetry(other).readings == (None,)
