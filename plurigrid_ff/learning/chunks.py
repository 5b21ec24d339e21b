"""One step of a layer on a batch in parts: temporaries for one part at a time."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor, nn

from plurigrid_ff.learning.labelled import LabelledRails, Reading
from plurigrid_ff.learning.layers import FFLayer
from plurigrid_ff.learning.norms import unchanged

LEAST_SAMPLES = 256  # a batch up to here is never divided
# More than that makes no product faster on a CPU, and hardly on a GPU.
MOST_SAMPLES = {"cpu": 1024, "cuda": 32768}
MOST_NUMBERS = {"cpu": 1 << 24, "cuda": 1 << 26}  # in any activity of one part


def chunk_samples(layers: Sequence[FFLayer], asked: int | None) -> int:
    """Return how many samples of a batch have temporaries at once.

    Args:
        layers: The layers of a network, on the device where they learn.
        asked: What ``training.chunk_size`` says; None: by memory and device.
    """
    if asked is not None:
        return asked
    widest = max(max(layer.transform.out_features, layer.in_features) for layer in layers)
    device = next(layers[0].parameters()).device.type
    kind = device if device in MOST_SAMPLES else "cpu"
    return max(LEAST_SAMPLES, min(MOST_SAMPLES[kind], MOST_NUMBERS[kind] // widest))


@torch.no_grad()
def learn_in_chunks(
    layer: FFLayer, x: Reading, y: Tensor, *, size: int, overwrite: bool = False
) -> tuple[Tensor, Tensor]:
    """Do what :meth:`FFLayer.learn` does, ``size`` samples at a time.

    Only a layer that is ``divisible`` is divided: where samples of a batch feel each other, as
    in a contrast within the batch, in batch statistics or under peer normalisation, the whole
    batch is one part.

    Args:
        layer: What learns.
        x: Its input, shape ``(rails * batch, *shape)``, or labels and samples apart.
        y: True labels, shape ``(batch,)``.
        size: Samples of one part.
        overwrite: Put the activity in the place of ``x`` where both have one shape.

    Returns:
        The layer's activity, shape ``(rails * batch, *out_shape)``, and its loss.
    """
    if len(y) <= size or not layer.divisible:
        return layer.learn(x, y)
    out = _place(layer, x, overwrite=overwrite)
    losses = []
    rails = layer.objective.rails
    # What normalising has copied is read no longer when the activity is known.
    direct = rails == 1 and (out is not x or layer.normalise is not unchanged)
    own = list(layer.objective.parameters())
    sums = [torch.zeros_like(parameter) for parameter in own]
    for chosen in _parts(len(y), size):
        place = out[chosen] if direct else None
        step = layer.evaluate(_rows(x, rails, chosen), y[chosen], out=place)
        share = len(y[chosen]) / len(y)  # the objective has averaged over the part
        step.share(share)
        step.write_gradient(add=chosen.start > 0)
        losses.append(share * step.loss)
        for total, parameter in zip(sums, own, strict=True):
            total += share * _gradient(parameter)
        if step.h is not place:
            # Last, since it may lie where the part's input was.
            _by_rail(out, rails)[:, chosen] = _by_rail(step.h, rails)
    for total, parameter in zip(sums, own, strict=True):
        parameter.grad = total
    return out, torch.stack(losses).sum()


@torch.no_grad()
def answer_in_chunks(layer: FFLayer, x: Reading, *, size: int, overwrite: bool = False) -> Tensor:
    """Return :meth:`FFLayer.activity` of ``x``, ``size`` rows at a time.

    Args:
        layer: What answers and does not learn.
        x: Its input, shape ``(rows, *shape)``, or labels and samples apart.
        size: Rows, or samples, of one part.
        overwrite: Put the activity in the place of ``x`` where both have one shape.
    """
    rails, count = (len(x.labels), len(x.samples)) if isinstance(x, LabelledRails) else (1, len(x))
    if count <= size:
        return layer.activity(x)
    out = _place(layer, x, overwrite=overwrite)
    for chosen in _parts(count, size):
        h = layer.activity(_rows(x, rails, chosen))
        _by_rail(out, rails)[:, chosen] = _by_rail(h, rails)
    return out


def _parts(count: int, size: int) -> Iterator[slice]:
    """Yield the slices of a batch; all but the last are of the same size."""
    for start in range(0, count, size):
        yield slice(start, min(start + size, count))


def _rows(x: Reading, rails: int, chosen: slice) -> Reading:
    """Return some samples' rows on every rail."""
    if isinstance(x, LabelledRails):
        return x.part(chosen)
    return x[chosen] if rails == 1 else _by_rail(x, rails)[:, chosen].flatten(0, 1)


def _by_rail(x: Tensor, rails: int) -> Tensor:
    """View ``(rails * batch, *shape)`` as ``(rails, batch, *shape)``."""
    return x.view(rails, -1, *x.shape[1:])


def _gradient(parameter: nn.Parameter) -> Tensor:
    """Return what an objective has set."""
    assert parameter.grad is not None  # noqa: S101 - every objective sets all of its own
    return parameter.grad


def _place(layer: FFLayer, x: Reading, *, overwrite: bool) -> Tensor:
    """Return where a layer's activity goes."""
    if overwrite and isinstance(x, Tensor) and x.shape[1:] == layer.out_shape:
        return x
    like = x.samples if isinstance(x, LabelledRails) else x
    return like.new_empty(len(x), *layer.out_shape)
