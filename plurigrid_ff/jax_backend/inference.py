"""A network put to use in JAX: activities, goodness, predictions. Pure functions."""

from functools import partial

import jax
import jax.numpy as jnp
from jax import Array

from plurigrid_ff.jax_backend.layers import Labelled, Params, Reading, normalise
from plurigrid_ff.jax_backend.model import Model
from plurigrid_ff.jax_backend.readout import probe_shares, read_out


def scale(model: Model, params: Params, x: Array) -> Array:
    """Bring samples ``(batch, *feature_shape)`` to unit scale, ``(batch, features)``.

    Raises:
        ValueError: The samples have another shape than the network reads.
    """
    if x.shape[1:] != model.feature_shape:
        raise ValueError(f"x must have shape (batch, *{model.feature_shape}), got {x.shape}")
    flat = jnp.asarray(x).reshape(len(x), -1)
    if model.standard:
        standard: Array = (flat - params["input_mean"]) / params["input_deviation"]
        return standard
    return normalise(flat, "rms", model.num_classes)


def carry(model: Model, params: Params, x: Reading) -> list[Array]:
    """Return every layer's activity, ``(rows, features)`` each, first layer first.

    Args:
        model: What the network computes.
        params: Its weights.
        x: What the first layer reads.
    """
    activities: list[Array] = []
    for layer, own in zip(model.layers, params["layers"], strict=True):
        activities.append(layer(own, activities[-1] if activities else x))
    return activities


def activities(model: Model, params: Params, x: Array) -> list[Array]:
    """Return every layer's activity, ``(batch, features)`` each, without any label."""
    scaled = scale(model, params, x)
    if model.labelled:
        # A label part that favours no class, as in Hinton (2022), sec. 3.3.
        neutral = jnp.full((len(x), model.num_classes), model.num_classes**-0.5, scaled.dtype)
        scaled = jnp.concatenate([scaled, neutral], axis=1)
    return carry(model, params, scaled)


def layer_goodness(model: Model, params: Params, x: Array) -> Array:
    """Score every class in every layer, ``(layers, batch, classes)``.

    Where a probe reads the classes, a layer's goodness is its share of the probe's score.
    """
    if model.has_probe:
        return probe_shares(model, params["probe"], activities(model, params, x))
    scaled = scale(model, params, x)
    found = carry(model, params, _with_candidates(model, scaled) if model.labelled else scaled)
    scores = [
        layer.goodness(own, h)
        for layer, own, h in zip(model.layers, params["layers"], found, strict=True)
    ]
    if model.labelled:
        scores = [_by_sample(model, score) for score in scores]
    return jnp.stack(scores)


def label_goodness(model: Model, params: Params, x: Array) -> Array:
    """Score every label in the first layer, which reads it, ``(batch, classes)``."""
    layer, own = model.layers[0], params["layers"][0]
    h = layer(own, _with_candidates(model, scale(model, params, x)))
    return _by_sample(model, layer.goodness(own, h))


def scores(model: Model, params: Params, x: Array) -> Array:
    """Score every class by what is read out of all layers, ``(batch, classes)``."""
    return read_out(model, params, layer_goodness(model, params, x))


@partial(jax.jit, static_argnums=0)
def predict(model: Model, params: Params, x: Array) -> Array:
    """Return the class of highest goodness for each sample, shape ``(batch,)``; compiled.

    Args:
        model: What the network computes; another one is another compilation.
        params: Its weights.
        x: Samples, shape ``(batch, *feature_shape)``; where the input bears a label, all
            activities are held for every label at once.
    """
    return scores(model, params, x).argmax(axis=1)


def _with_candidates(model: Model, scaled: Array) -> Labelled:
    """Pair every sample with every label, ``num_classes`` rails."""
    labels = jnp.arange(model.num_classes)[:, None]
    return Labelled(scaled, jnp.broadcast_to(labels, (model.num_classes, len(scaled))))


def _by_sample(model: Model, score: Array) -> Array:
    """Turn scores of all rails, ``(classes * batch,)``, into ``(batch, classes)``."""
    return score.reshape(model.num_classes, -1).T
