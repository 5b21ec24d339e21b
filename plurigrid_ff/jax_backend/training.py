"""Local steps in JAX: every layer by its own loss and its own optimizer, in one function."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import Array

from plurigrid_ff.jax_backend.inference import activities
from plurigrid_ff.jax_backend.layers import Params
from plurigrid_ff.jax_backend.model import Model
from plurigrid_ff.jax_backend.negatives import draw_negatives, prepare_rails
from plurigrid_ff.jax_backend.readout import probe_loss

Optimizers = Sequence[optax.GradientTransformation]


class State(NamedTuple):
    """All that a step changes: a pytree of arrays.

    Attributes:
        params: The network's weights.
        optimizers: What each optimizer remembers, first layer first, the probe's last.
        key: Of ``jax.random``, from which negatives are drawn.
    """

    params: Params
    optimizers: tuple[Any, ...]
    key: Array


Step = Callable[[State, Array, Array], tuple[State, Array]]


def init_state(model: Model, params: Params, optimizers: Optimizers, *, seed: int = 0) -> State:
    """Begin training from weights, which are copied.

    Args:
        model: What the network computes.
        params: Its weights.
        optimizers: One per layer, first layer first. A probe steps as the last layer does.
        seed: Negatives are a function of it.

    Raises:
        ValueError: There is not one optimizer per layer.
    """
    if len(optimizers) != len(model.layers):
        raise ValueError(
            f"expected one optimizer for each of {len(model.layers)} layers, got {len(optimizers)}"
        )
    held = jax.tree.map(partial(jnp.array, copy=True), params)
    learned = [*held["layers"], *([held["probe"]] if model.has_probe else [])]
    used = [*optimizers, optimizers[-1]]
    memory = tuple(one.init(own) for one, own in zip(used, learned, strict=False))
    return State(held, memory, jax.random.key(seed))


def layer_losses(
    model: Model, params: Params, x: Array, y: Array, negatives: Array | None = None
) -> Array:
    """Return every layer's loss, ``(layers,)``; each has a gradient in its own layer only.

    Args:
        model: What the network computes.
        params: Its weights.
        x: Samples, shape ``(batch, *feature_shape)``.
        y: True labels, shape ``(batch,)``, integers.
        negatives: What :func:`draw_negatives` returned; None where there are none.
    """
    read = prepare_rails(model, params, x, y, negatives)
    losses = []
    for layer, own in zip(model.layers, params["layers"], strict=True):
        loss, read = layer.loss(own, read, y)
        losses.append(loss)
    return jnp.stack(losses)


def local_step(
    model: Model,
    optimizers: Optimizers,
    state: State,
    x: Array,
    y: Array,
    negatives: Array | None = None,
) -> tuple[State, Array]:
    """Let every layer take one step on a batch; then the probe, on what they now say.

    Args:
        model: What the network computes.
        optimizers: One per layer.
        state: What to start from.
        x: Samples, shape ``(batch, *feature_shape)``.
        y: True labels, shape ``(batch,)``, integers.
        negatives: What :func:`draw_negatives` returned; None where there are none.

    Returns:
        The next state, and the losses of the layers, ``(layers,)``, and of the probe if there
        is one, before the step.
    """

    def summed(layers: Any) -> tuple[Array, Array]:
        # A sum has the gradient of each: no loss reaches another layer's weights.
        losses = layer_losses(model, {**state.params, "layers": layers}, x, y, negatives)
        return losses.sum(), losses

    layers = state.params["layers"]
    gradients, losses = jax.grad(summed, has_aux=True)(layers)
    moved = [
        _move(*parts)
        for parts in zip(optimizers, gradients, state.optimizers, layers, strict=False)
    ]
    params: Params = {**state.params, "layers": [own for own, _ in moved]}
    memory = [memory for _, memory in moved]
    if model.has_probe:
        heard = jax.lax.stop_gradient(activities(model, params, x))

        def of_probe(probe: Params) -> tuple[Array, Array]:
            return probe_loss(model, probe, heard, y)

        gradient, loss = jax.grad(of_probe, has_aux=True)(params["probe"])
        probe, last = _move(optimizers[-1], gradient, state.optimizers[-1], params["probe"])
        params, memory = {**params, "probe": probe}, [*memory, last]
        losses = jnp.append(losses, loss)
    return State(params, tuple(memory), state.key), losses


def build_step(model: Model, optimizers: Optimizers) -> Step:
    """Compile a step that draws its own negatives.

    Args:
        model: What the network computes.
        optimizers: One per layer.

    Returns:
        A function of (state, samples, labels) that returns the next state and the losses. It
        takes arrays only. The state that it is given is donated: its memory is written over.
    """

    def step(state: State, x: Array, y: Array) -> tuple[State, Array]:
        key, drawn = jax.random.split(state.key)
        negatives = draw_negatives(model, state.params, x, y, drawn)
        return local_step(model, optimizers, state._replace(key=key), x, y, negatives)

    return jax.jit(step, donate_argnums=0)


def _move(
    optimizer: optax.GradientTransformation, gradient: Any, memory: Any, own: Any
) -> tuple[Any, Any]:
    """Return parameters after an optimizer's step, and what it then remembers."""
    updates, memory = optimizer.update(gradient, memory, own)
    return optax.apply_updates(own, updates), memory
