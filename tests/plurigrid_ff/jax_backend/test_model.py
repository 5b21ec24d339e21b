import sys

import pytest

from plurigrid_ff.config import NetworkConfig
from plurigrid_ff.errors import ConfigError, MissingExtraError
from plurigrid_ff.jax_backend import build_model
from plurigrid_ff.jax_backend.objectives import OBJECTIVES
from plurigrid_ff.learning.objectives import known_objectives

CONV = {"kind": "conv2d", "features": 4}
REFUSED = [
    ({"hidden": (CONV, 8)}, "layer 1 is 'conv2d', but the JAX backend has 'linear' layers only"),
    ({"hidden": (8, {"features": 8, "peer": 0.1})}, "layer 2 has peer normalisation"),
    ({"hidden": (8, 8, {"features": 8, "shortcut": "add"})}, "layer 3 has a shortcut"),
    ({"objective": "hierarchical"}, "'hierarchical', but .* 'projection', 'class-goodness'"),
    ({"recurrent": {"steps": 4}, "objective": "symba"}, "network.recurrent is set"),
    ({"locality": 2}, "network.locality is 2"),
    (
        {"objective": "symba", "negatives": "noise", "readout": "probe"},
        "network.negatives is 'noise', but .* 'wrong-label', 'hardest-label', 'other-sample' only",
    ),
]


@pytest.mark.parametrize(("settings", "message"), REFUSED)
def test_what_the_backend_lacks_is_refused_by_name(settings, message):
    with pytest.raises(ConfigError, match=f"{message}.*plurigrid_ff.Trainer"):
        build_model(NetworkConfig(**settings), (1, 4, 4), 4)


def test_only_the_objective_that_compares_samples_is_missing():
    assert known_objectives().keys() - OBJECTIVES.keys() == {"hierarchical"}


def test_networks_that_compute_the_same_are_equal_and_others_are_not():
    def model(**settings):
        return build_model(NetworkConfig(**settings), (4,), 4)

    written_out = model(hidden=({"features": 500, "norm": "none"}, 500))

    assert model() == written_out
    assert hash(model()) == hash(written_out)
    assert model() != model(objective="distance")
    assert model(objective="symba") != model(objective="symba", options={"alpha": 5.0})


@pytest.mark.parametrize(
    ("library", "module", "extra"),
    [
        ("jax", "plurigrid_ff.jax_backend", "jax"),
        ("optax", "plurigrid_ff.jax_backend", "jax"),
        ("flax", "plurigrid_ff.jax_backend.flax_nnx", "flax"),
    ],
)
def test_without_its_library_the_extra_is_named(library, module, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, module, raising=False)

    with pytest.raises(MissingExtraError, match=rf"pip install 'plurigrid-ff\[{extra}\]'"):
        __import__(module)
