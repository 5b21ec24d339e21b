"""Locally trained layers as modules of flax's nnx, over the functions of this package.

Variables lie where the file of a run has them: ``layers.0.transform.weight`` and so on.
"""

from collections.abc import Callable, Sequence
from typing import Any

import optax
from jax import Array

from plurigrid_ff.errors import MissingExtraError
from plurigrid_ff.jax_backend.inference import activities, scores
from plurigrid_ff.jax_backend.layers import Layer, Params, Reading
from plurigrid_ff.jax_backend.model import Model
from plurigrid_ff.jax_backend.negatives import draw_negatives, prepare_rails
from plurigrid_ff.jax_backend.readout import probe_loss
from plurigrid_ff.jax_backend.training import layer_losses

try:
    from flax import nnx
except ImportError as error:
    raise MissingExtraError(
        "plurigrid_ff.jax_backend.flax_nnx needs flax: pip install 'plurigrid-ff[flax]'"
    ) from error


class Buffer(nnx.Variable[Array]):
    """What no optimizer moves: means and deviations of features, the chosen layers."""


class ProbeParam(nnx.Variable[Array]):
    """A weight of the linear read-out, which has an optimizer of its own."""


class FFLinear(nnx.Module):
    """One layer with its weights, which are ``nnx.Param``.

    Args:
        layer: What it computes.
        params: Its weights.
    """

    def __init__(self, layer: Layer, params: Params) -> None:
        self.layer = layer
        self.transform = _held(params["transform"], nnx.Param)
        self.objective = _held(params["objective"], nnx.Param)

    @property
    def params(self) -> Params:
        """The weights, as the functions of this package read them."""
        return {"transform": _values(self.transform), "objective": _values(self.objective)}

    def __call__(self, x: Array) -> Array:
        """Map ``(rows, in_features)`` to the activity; no gradient reaches ``x``."""
        return self.layer(self.params, x)

    def goodness(self, h: Array) -> Array:
        """Score an activity: ``(rows, classes)`` with one rail, ``(rows,)`` with two."""
        return self.layer.goodness(self.params, h)

    def loss(self, x: Reading, y: Array) -> tuple[Array, Array]:
        """Return the layer's loss, a scalar, and its activity, ``(rails * batch, out)``.

        Args:
            x: What the layer reads, shape ``(rails * batch, in_features)``, positives first.
            y: True labels, shape ``(batch,)``.
        """
        return self.layer.loss(self.params, x, y)

    def step(
        self, optimizer: "nnx.Optimizer[FFLinear]", x: Reading, y: Array
    ) -> tuple[Array, Array]:
        """Let an optimizer of this layer take a step; return loss and activity before it."""
        (loss, h), gradient = nnx.value_and_grad(FFLinear.loss, has_aux=True)(self, x, y)
        optimizer.update(self, gradient)
        return loss, h


class FFNetwork(nnx.Module):
    """Locally trained layers that predict together.

    Args:
        model: What the network computes; :func:`plurigrid_ff.jax_backend.init` and ``load``
            return it with
        params: the weights.
    """

    def __init__(self, model: Model, params: Params) -> None:
        self.model = model
        layers = zip(model.layers, params["layers"], strict=True)
        self.layers = nnx.List([FFLinear(layer, own) for layer, own in layers])
        self.probe = _held(params.get("probe", {}), ProbeParam)
        others = {name: params[name] for name in params.keys() - {"layers", "probe"}}
        self.buffers = _held(others, Buffer)

    @property
    def params(self) -> Params:
        """The weights, as the functions of this package read them, and ``save``."""
        layers = [layer.params for layer in self.layers]
        probe = {"probe": _values(self.probe)} if self.model.has_probe else {}
        return {"layers": layers, **probe, **_values(self.buffers)}

    def __call__(self, x: Array) -> Array:
        """Score every class for samples ``(batch, *feature_shape)``, ``(batch, classes)``."""
        return scores(self.model, self.params, x)

    def predict(self, x: Array) -> Array:
        """Return the class of highest goodness for each sample, shape ``(batch,)``."""
        return self(x).argmax(axis=1)

    def negatives(self, x: Array, y: Array, key: Array) -> Array | None:
        """Draw what :meth:`losses` and :meth:`step` need; None where they need nothing."""
        return draw_negatives(self.model, self.params, x, y, key)

    def losses(self, x: Array, y: Array, negatives: Array | None = None) -> Array:
        """Return every layer's loss, ``(layers,)``.

        Each has a gradient in its own layer only, so the gradient of their sum is that of each:
        ``nnx.grad`` of it suits one optimizer of all layers that steps number by number.
        """
        return layer_losses(self.model, self.params, x, y, negatives)

    def optimizers(self, make: Callable[[], optax.GradientTransformation]) -> nnx.List[Any]:
        """Give every layer an optimizer of its own."""
        return nnx.List([nnx.Optimizer(layer, make(), wrt=nnx.Param) for layer in self.layers])

    def step(
        self, optimizers: Sequence[Any], x: Array, y: Array, negatives: Array | None = None
    ) -> list[Array]:
        """Let every layer take a step by its own loss; return the losses before it.

        Args:
            optimizers: What :meth:`optimizers` returned.
            x: Samples, shape ``(batch, *feature_shape)``.
            y: True labels, shape ``(batch,)``, integers.
            negatives: What :meth:`negatives` returned.
        """
        read = prepare_rails(self.model, self.params, x, y, negatives)
        losses = []
        for layer, optimizer in zip(self.layers, optimizers, strict=True):
            loss, read = layer.step(optimizer, read, y)
            losses.append(loss)
        return losses

    def probe_loss(self, x: Array, y: Array) -> Array:
        """Return what the read-out descends; its gradient is in ``ProbeParam`` only."""
        heard = activities(self.model, self.params, x)
        return probe_loss(self.model, _values(self.probe), heard, y)[0]


def _held(params: Any, kind: type[nnx.Variable[Array]]) -> Any:
    """Wrap nested weights as variables that nnx finds."""
    if isinstance(params, dict):
        return nnx.Dict({name: _held(value, kind) for name, value in params.items()})
    if isinstance(params, list):
        return nnx.List([_held(value, kind) for value in params])
    return kind(params)


def _values(held: Any) -> Any:
    """Undo :func:`_held`."""
    if isinstance(held, nnx.Dict):
        return {name: _values(value) for name, value in held.items()}
    if isinstance(held, nnx.List):
        return [_values(value) for value in held]
    return held[...]
