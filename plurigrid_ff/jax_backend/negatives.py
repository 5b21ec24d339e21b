"""Negatives in JAX: wrong labels, or partners out of the batch."""

import jax
import jax.numpy as jnp
from jax import Array

from plurigrid_ff.jax_backend.inference import label_goodness, scale
from plurigrid_ff.jax_backend.layers import Labelled, Params, Reading
from plurigrid_ff.jax_backend.model import Model


def draw_negatives(model: Model, params: Params, x: Array, y: Array, key: Array) -> Array | None:
    """Return what the first layer's negatives are made of; None where there are none.

    Args:
        model: What the network computes.
        params: Its weights, which ``hardest-label`` asks.
        x: Samples, shape ``(batch, *feature_shape)``.
        y: True labels, shape ``(batch,)``, integers.
        key: Of ``jax.random``; the draw is a function of it.

    Returns:
        Wrong labels, shape ``(batch,)``; or of pairs, another sample for each, the shape of
        ``x``. Partners come out of the batch, in torch out of all training samples.

    Raises:
        ValueError: A batch of one sample has no other to pair it with.
    """
    if model.negatives is None:
        return None
    if model.negatives == "hardest-label":
        goodness = label_goodness(model, params, x)
        return goodness.at[jnp.arange(len(y)), y].set(-jnp.inf).argmax(axis=1)
    if model.negatives == "wrong-label":
        return (y + jax.random.randint(key, y.shape, 1, model.num_classes)) % model.num_classes
    if len(x) < 2:
        raise ValueError(f"another sample needs a batch of at least 2, got {len(x)}")
    shift = jax.random.randint(key, (len(x),), 1, len(x))
    return x[(jnp.arange(len(x)) + shift) % len(x)]


def prepare_rails(
    model: Model, params: Params, x: Array, y: Array, negatives: Array | None
) -> Reading:
    """Return what the first layer reads in training, positives first.

    Args:
        model: What the network computes.
        params: Its weights.
        x: Samples, shape ``(batch, *feature_shape)``.
        y: True labels, shape ``(batch,)``.
        negatives: What :func:`draw_negatives` returned.

    Raises:
        ValueError: Negatives are missing.
    """
    scaled = scale(model, params, x)
    if model.negatives is None:
        return scaled
    if negatives is None:
        raise ValueError(f"an objective with two rails needs negatives ({model.negatives})")
    if model.labelled:
        return Labelled(scaled, jnp.stack([y, negatives]))
    return jnp.concatenate([scaled, scale(model, params, negatives)])
