"""Forward-Forward in JAX: pure functions over the weights of a run, an optax step per layer.

Settings, initial weights and files are the library's own, so torch loads with this package; no
computation below uses it. ``plurigrid_ff.jax_backend.flax_nnx`` wraps it for flax.
"""

from plurigrid_ff.errors import MissingExtraError

try:
    import jax  # noqa: F401
    import optax  # noqa: F401
except ImportError as error:
    raise MissingExtraError(
        "plurigrid_ff.jax_backend needs jax and optax: pip install 'plurigrid-ff[jax]'"
    ) from error

from plurigrid_ff.jax_backend.inference import activities, layer_goodness, predict, scores
from plurigrid_ff.jax_backend.layers import Layer, Params
from plurigrid_ff.jax_backend.model import Model, build_model
from plurigrid_ff.jax_backend.negatives import draw_negatives
from plurigrid_ff.jax_backend.training import (
    State,
    build_step,
    init_state,
    layer_losses,
    local_step,
)
from plurigrid_ff.jax_backend.weights import from_torch, init, load, save, to_torch

__all__ = [
    "Layer",
    "Model",
    "Params",
    "State",
    "activities",
    "build_model",
    "build_step",
    "draw_negatives",
    "from_torch",
    "init",
    "init_state",
    "layer_goodness",
    "layer_losses",
    "load",
    "local_step",
    "predict",
    "save",
    "scores",
    "to_torch",
]
