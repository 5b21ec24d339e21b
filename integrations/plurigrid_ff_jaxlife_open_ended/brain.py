"""Brains: one Forward-Forward layer per agent, which rates what it could do.

A layer reads what the agent sees, at unit root mean square, and one action, one-hot at the same
root mean square. Goodness is the mean squared activity, ``p = sigmoid(s (g - theta))``, and the
action of highest goodness is done. What the action brought then says to which degree ``y`` the
pair was a positive; the loss is Hinton's, ``-y log p - (1 - y) log (1 - p)``, and its gradient
stays in the layer: ``dL/dg = s (p - y)``, ``dg/da = 2 relu(a) / hidden``.

That is the library's objective ``threshold`` with a label in the input, so a brain is an
``FFNetwork`` of one layer: :mod:`.exchange`.

Reference:
    Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345. Goodness as the value of an
    action: "Action-conditioned RMS Q-functions", arXiv:2510.06649; there the target is a
    regression, here a degree of being positive.
"""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from plurigrid_ff_jaxlife_open_ended.backend import jax, jnp

if TYPE_CHECKING:
    from jax import Array

EPSILON = 1.1920929e-07
"""Added to the mean square, as the library's ``unit_rms`` does."""


class Brains(NamedTuple):
    """The weights of every agent.

    Attributes:
        weight: Shape ``(agents, hidden, features + actions)``.
        bias: Shape ``(agents, hidden)``.
    """

    weight: "Array"
    bias: "Array"


class Brain(NamedTuple):
    """The weights of one agent.

    Attributes:
        weight: Shape ``(hidden, features + actions)``.
        bias: Shape ``(hidden,)``.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


class Slopes(NamedTuple):
    """How goodness turns into a probability: ``p = sigmoid(sharpness (g - threshold))``."""

    threshold: "Array"
    sharpness: "Array"


def draw_brains(
    rng: np.random.Generator, agents: int, hidden: int, features: int, actions: int
) -> Brains:
    """Draw random brains: weights after He et al. (2015), as the library's layers; no bias."""
    width = features + actions
    bound = (6 / width) ** 0.5
    weight = rng.uniform(-bound, bound, (agents, hidden, width)).astype(np.float32)
    return Brains(jnp.asarray(weight), jnp.asarray(np.zeros((agents, hidden), np.float32)))


def unit_rms(x: "Array") -> "Array":
    """Scale each row of ``(agents, features)`` to a root mean square of 1; zeros stay zeros."""
    return x * jax.lax.rsqrt(jnp.square(x).mean(axis=1, keepdims=True) + EPSILON)


def goodness(brains: Brains, x: "Array") -> "Array":
    """Rate every action.

    Args:
        brains: Of all agents.
        x: What each sees, at unit root mean square, shape ``(agents, features)``.

    Returns:
        Shape ``(agents, actions)``.
    """
    seen, acted = _parts(brains, x)
    h = jax.nn.relu((seen + brains.bias)[:, :, None] + acted)  # (agents, hidden, actions)
    return jnp.square(h).mean(axis=1)


def probability(g: "Array", slopes: Slopes) -> "Array":
    """Return the probability of being positive that a goodness stands for."""
    return jax.nn.sigmoid(slopes.sharpness * (g - slopes.threshold))


def learn(
    brains: Brains,
    x: "Array",
    action: "Array",
    target: "Array",
    rate: "Array",
    slopes: Slopes,
) -> Brains:
    """Take one step down each agent's own loss, in closed form.

    Args:
        brains: Of all agents.
        x: What each saw, at unit root mean square, shape ``(agents, features)``.
        action: What each did, shape ``(agents,)``, integers.
        target: To which degree that was a positive, in [0, 1], shape ``(agents,)``.
        rate: Step size of each agent, shape ``(agents,)``; 0 leaves it as it is.
        slopes: Threshold and sharpness.
    """
    actions = brains.weight.shape[2] - x.shape[1]
    # (agents, features + actions)
    read = jnp.concatenate([x, jax.nn.one_hot(action, actions, dtype=x.dtype) * actions**0.5], 1)
    h = jax.nn.relu(jnp.einsum("nhd,nd->nh", brains.weight, read) + brains.bias)
    g = jnp.square(h).mean(axis=1)
    slope = slopes.sharpness * (probability(g, slopes) - target)  # dL/dg
    da = (slope * 2 / h.shape[1])[:, None] * h
    moved = rate[:, None] * da
    return Brains(brains.weight - moved[:, :, None] * read[:, None, :], brains.bias - moved)


def _parts(brains: Brains, x: "Array") -> "tuple[Array, Array]":
    """Map what is seen, ``(agents, hidden)``, and every action, ``(agents, hidden, actions)``."""
    features = x.shape[1]
    actions = brains.weight.shape[2] - features
    seen = jnp.einsum("nhd,nd->nh", brains.weight[:, :, :features], x)
    # One-hot times this root has unit root mean square, as what is seen has.
    return seen, brains.weight[:, :, features:] * actions**0.5
