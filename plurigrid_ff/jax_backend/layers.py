"""One linear layer in JAX: normalise, map, ReLU; its loss reaches nothing below it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
from jax import Array

from plurigrid_ff.jax_backend.objectives import Objective
from plurigrid_ff.learning.norms import EPSILON

Params = Mapping[str, Any]
Norm = Literal["none", "rms", "layer", "group"]


class Labelled(NamedTuple):
    """Samples and the labels written beside each, so that a first layer maps samples once.

    Attributes:
        samples: Samples at unit scale, shape ``(batch, features)``.
        labels: Labels of all positives, then of all negatives, or one row per candidate, shape
            ``(rails, batch)``, integers.
    """

    samples: Array
    labels: Array


Reading = Array | Labelled


@dataclass(frozen=True, slots=True)
class Layer:
    """What a layer does; its weights are an argument of every method.

    ``params`` holds ``transform`` (``weight`` of shape ``(out, in)``, ``bias``) and ``objective``
    (what the objective owns).

    Attributes:
        objective: What the layer learns from.
        norm: What is done to its input.
    """

    objective: Objective
    norm: Norm

    def __call__(self, params: Params, x: Reading) -> Array:
        """Map ``(rows, in_features)`` to the activity, ``(rows, out_features)``."""
        return jax.nn.relu(self.map(params, x))

    def map(self, params: Params, x: Reading) -> Array:
        """Return the pre-activation, ``(rows, out_features)``; no gradient reaches ``x``."""
        weight, bias = params["transform"]["weight"], params["transform"]["bias"]
        if isinstance(x, Labelled) and self.norm == "none":
            width = x.samples.shape[1]
            of_sample = jax.lax.stop_gradient(x.samples) @ weight[:, :width].T + bias
            of_label = label_part(x.labels, self.objective.num_classes, weight.dtype)
            a: Array = of_sample + of_label @ weight[:, width:].T  # (rails, batch, out)
            return a.reshape(-1, len(bias))
        rows = written_out(x, self.objective.num_classes) if isinstance(x, Labelled) else x
        read = normalise(jax.lax.stop_gradient(rows), self.norm, self.objective.num_classes)
        mapped: Array = read @ weight.T + bias
        return mapped

    def goodness(self, params: Params, h: Array) -> Array:
        """Score an activity: ``(rows, classes)`` with one rail, ``(rows,)`` with two."""
        return self.objective.goodness(params["objective"], h)

    def loss(self, params: Params, x: Reading, y: Array) -> tuple[Array, Array]:
        """Return the layer's loss, a scalar, and its activity, ``(rails * batch, out)``.

        Args:
            params: The layer's own.
            x: What it reads, shape ``(rails * batch, in_features)``.
            y: True labels, shape ``(batch,)``.
        """
        a = self.map(params, x)
        judged = join_pairs(a) if self.objective.contrast == "pairs" else a
        loss = self.objective.loss(params["objective"], jax.nn.relu(judged), y)
        return loss, jax.nn.relu(a)


def join_pairs(a: Array) -> Array:
    """Turn the halves of pairs into pairs [x, x] and [x, x'], ``(2 * batch, features)``.

    Args:
        a: Pre-activations of samples above those of their partners.
    """
    own, other = jnp.split(a, 2)
    return jnp.concatenate([2 * own, own + other])


def normalise(x: Array, norm: Norm, num_classes: int) -> Array:
    """Normalise each row, ``(rows, features)``.

    Args:
        x: What a layer is given.
        norm: ``rms``: to a root mean square of 1. ``layer``: to mean 0 and variance 1. ``group``:
            the same within every class's run of features. ``none``: not at all.
        num_classes: Number of groups.
    """
    if norm == "none":
        return x
    if norm == "rms":
        return x / jnp.sqrt(jnp.square(x).mean(axis=1, keepdims=True) + EPSILON)
    groups = x.reshape(len(x), num_classes if norm == "group" else 1, -1)
    centred = groups - groups.mean(axis=2, keepdims=True)
    variance = jnp.square(centred).mean(axis=2, keepdims=True)
    scaled: Array = centred / jnp.sqrt(variance + EPSILON)
    return scaled.reshape(x.shape)


def label_part(labels: Array, num_classes: int, dtype: Any) -> Array:
    """Return labels as rows of unit RMS, ``(*shape) -> (*shape, num_classes)``."""
    hot = jax.nn.one_hot(labels, num_classes, dtype=dtype)
    scaled: Array = hot * num_classes**0.5
    return scaled


def written_out(x: Labelled, num_classes: int) -> Array:
    """Return samples with their labels as one array, ``(rails * batch, features + classes)``."""
    labels = label_part(x.labels, num_classes, x.samples.dtype)
    samples = jnp.broadcast_to(x.samples, (len(x.labels), *x.samples.shape))
    rows: Array = jnp.concatenate([samples, labels], axis=2)
    return rows.reshape(-1, rows.shape[2])
