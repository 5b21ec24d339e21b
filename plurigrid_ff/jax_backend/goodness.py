"""Goodness of a row of activities in JAX, by the names of ``network.options.goodness``."""

import math

import jax
import jax.numpy as jnp
from jax import Array

from plurigrid_ff.learning.goodness import Entmax, Plain, Squares, TopK


def score_rows(name: str, share: float, h: Array) -> Array:
    """Score every row, ``(rows, features) -> (rows,)``; differentiable.

    Args:
        name: One of :data:`SCORES`.
        share: Share of the units that ``top-k`` counts.
        h: Activities.
    """
    return SCORES[name](h, share)


def squares(h: Array, share: float) -> Array:
    """Average the squares."""
    return jnp.square(h).mean(axis=1)


def plain(h: Array, share: float) -> Array:
    """Average the activity."""
    return h.mean(axis=1)


def top_k(h: Array, share: float) -> Array:
    """Average the k largest squares, k a share of the units and at least one."""
    count = max(1, math.ceil(share * h.shape[1]))
    largest: Array = jax.lax.top_k(jnp.square(h), count)[0]
    return largest.mean(axis=1)


def weighted_by_entmax(h: Array, share: float) -> Array:
    """Average the squares, weighted by their own entmax."""
    energy = jnp.square(h)
    weighted: Array = (entmax(energy) * energy).sum(axis=1)
    return weighted


SCORES = {Squares.name: squares, Plain.name: plain, TopK.name: top_k}
SCORES |= {Entmax.name: weighted_by_entmax}


@jax.custom_vjp
def entmax(z: Array) -> Array:
    """Return weights that sum to 1 per row, alpha = 1.5; small scores get 0.

    The derivative is given in closed form: that of the sorting has 0 / 0 in it.

    Reference:
        Peters, Niculae & Martins (2019), "Sparse Sequence-to-Sequence Models",
        arXiv:1905.05702, algorithm 2 and proposition 2.
    """
    z = (z - z.max(axis=1, keepdims=True)) / 2
    ordered = -jnp.sort(-z, axis=1)
    rank = jnp.arange(1, z.shape[1] + 1, dtype=z.dtype)
    mean = ordered.cumsum(axis=1) / rank
    spread = jnp.square(ordered).cumsum(axis=1) - rank * jnp.square(mean)
    tau = mean - jnp.sqrt(jnp.maximum((1 - spread) / rank, 0))
    support = (tau <= ordered).sum(axis=1, keepdims=True)
    chosen = jnp.take_along_axis(tau, support - 1, axis=1)
    return jnp.square(jnp.maximum(z - chosen, 0))


def _entmax_forward(z: Array) -> tuple[Array, Array]:
    """Return the weights, which are all that the derivative needs."""
    p = entmax(z)
    return p, p


def _entmax_backward(p: Array, gradient: Array) -> tuple[Array]:
    """Carry a gradient back: ``J = diag(s) - s s^T / sum(s)`` with ``s = sqrt(p)``."""
    s = jnp.sqrt(p)
    shift = (s * gradient).sum(axis=1, keepdims=True) / s.sum(axis=1, keepdims=True)
    return (s * (gradient - shift),)


entmax.defvjp(_entmax_forward, _entmax_backward)
