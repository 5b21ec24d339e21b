"""What predicts in JAX: goodness summed over layers, or a linear read-out of activities."""

from collections.abc import Sequence
from typing import Any

import jax.numpy as jnp
from jax import Array

from plurigrid_ff.jax_backend.layers import Params, normalise
from plurigrid_ff.jax_backend.model import Model
from plurigrid_ff.jax_backend.objectives import cross_entropy


def read_out(model: Model, params: Params, scores: Array) -> Array:
    """Sum the scores of the layers that predict, ``(layers, ...) -> (...)``."""
    if model.readout == "head":
        return scores[-1]
    if model.range is not None:
        first, last = model.range
        return scores[first - 1 : last].sum(axis=0)
    first, last = params["read_out"]["bounds"]
    number = jnp.arange(1, len(scores) + 1)
    chosen = ((number >= first) & (number <= last)).astype(scores.dtype)
    summed: Array = jnp.tensordot(chosen, scores, axes=1)
    return summed


def probe_shares(model: Model, probe: Params, activities: Sequence[Array]) -> Array:
    """Return each layer's share of the probe's scores, ``(layers, batch, classes)``.

    Args:
        model: What the network computes.
        probe: The probe's weights.
        activities: One per layer, shape ``(batch, features)``.
    """
    read = [normalise(h, "rms", model.num_classes) for h in activities]
    shares = [
        h @ part["weight"].T + part["bias"]
        for h, part in zip(read, _parts(model, probe, read), strict=True)
    ]
    return jnp.stack(shares)


def probe_loss(
    model: Model, probe: Params, activities: Sequence[Array], y: Array
) -> tuple[Array, Array]:
    """Return what the probe descends, and the loss of what predicts: two scalars.

    Heads each have a cross-entropy of their own; the last one's predicts.
    """
    shares = probe_shares(model, probe, activities)
    if model.readout == "probe":
        loss = cross_entropy(shares.sum(axis=0), y)
        return loss, loss
    losses = jnp.stack([cross_entropy(scores, y) for scores in shares])
    return losses.sum(), losses[-1]


def _parts(model: Model, probe: Params, activities: Sequence[Array]) -> list[Any]:
    """Return weight and bias for every layer's activity."""
    if model.readout == "head":
        return list(probe["heads"])
    weight, bias = probe["weight"], probe["bias"] / len(activities)
    parts, start = [], 0
    for h in activities:
        parts.append({"weight": weight[:, start : start + h.shape[1]], "bias": bias})
        start += h.shape[1]
    return parts
