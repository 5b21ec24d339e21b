"""Layers that learn without a gradient from any other layer."""

from dataclasses import dataclass
from math import prod
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from plurigrid_ff.learning.labelled import LabelledRails, Reading
from plurigrid_ff.learning.norms import Normalise, unchanged, unit_rms
from plurigrid_ff.learning.objectives.base import Objective, Rectifying
from plurigrid_ff.learning.peers import PeerNormalisation
from plurigrid_ff.learning.pooling import Back, Pool
from plurigrid_ff.learning.rounding import in_full
from plurigrid_ff.learning.summaries import Summary
from plurigrid_ff.learning.transforms import Linear, Pullback, SummedPullback, Transform


class FFLayer(nn.Module):
    """Normalise, transform, pool, ReLU; trained by its own objective.

    The input is normalised first: otherwise a layer could score well by copying the length
    of its input, which *is* the goodness of the layer below.

    Args:
        transform: The map with the layer's weights.
        objective: What the layer learns from.
        normalise: What is done to the input; by default each sample is scaled to unit RMS.
        pool: Shrinks the map; none by default.
        summary: What the objective reads of the activity; by default all of it.
        peers: Keeps units from falling silent; none by default.

    Reference:
        Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345.
    """

    def __init__(
        self,
        transform: Transform,
        objective: Objective,
        *,
        normalise: Normalise = unit_rms,
        pool: Pool | None = None,
        summary: Summary | None = None,
        peers: PeerNormalisation | None = None,
    ) -> None:
        super().__init__()
        self.transform = transform
        self.objective = objective
        self.normalise = normalise
        self.pool = pool
        self.peers = peers
        shape = transform.out_shape
        self.in_shape = transform.in_shape
        self.out_shape = pool.out_shape(shape) if pool else shape
        self.summary = summary or Summary(self.out_shape)

    @property
    def in_features(self) -> int:
        """Numbers in one sample of the input."""
        return prod(self.in_shape)

    @property
    def out_features(self) -> int:
        """Numbers in one sample of the activity."""
        return prod(self.out_shape)

    def read(self, x: Tensor) -> Tensor:
        """Return what the transform sees of ``(rows, *shape)``, detached."""
        return self.normalise(x.detach()).reshape(len(x), *self.in_shape)

    def respond(self, a: Tensor) -> Tensor:
        """Turn pre-activations ``(rows, *transform.out_shape)`` into ``(rows, *out_shape)``."""
        return F.relu(self.pool(a) if self.pool else a)

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(rows, *shape)`` to ``(rows, *out_shape)``; ``shape`` may be flat."""
        return self.respond(self.transform(self.read(x)))

    @torch.no_grad()
    def activity(self, x: Reading) -> Tensor:
        """Return :meth:`forward` of ``x``, with no graph behind it."""
        if isinstance(x, LabelledRails):
            return self.respond(x.map_by(self.transform))
        return self.forward(x)

    def goodness(self, h: Tensor) -> Tensor:
        """Score an activity: ``(rows, classes)`` with one rail, ``(rows,)`` with two."""
        return self.objective.goodness(self.summary(h))

    @property
    def shares_input(self) -> bool:
        """Whether rails that differ in their labels alone can be mapped as one."""
        return self.transform.affine and self.normalise is unchanged

    @property
    def divisible(self) -> bool:
        """Whether a batch may be taken in parts: no sample's gradient depends on another."""
        return self.objective.separable and self.transform.rowwise and self.peers is None

    def learn(self, x: Reading, y: Tensor) -> tuple[Tensor, Tensor]:
        """Set the gradient of this layer's own parameters, and of nothing else.

        No autograd graph crosses the layer or outlives the call.

        Args:
            x: Input, shape ``(rails * batch, *shape)``, or labels and samples apart.
            y: True labels, shape ``(batch,)``.

        Returns:
            The layer's activity under the weights it was computed with, detached, shape
            ``(rails * batch, *out_shape)``, and its loss, a scalar.
        """
        step = self.evaluate(x, y)
        step.write_gradient()
        return step.h, step.loss

    @torch.no_grad()
    def evaluate(self, x: Reading, y: Tensor, *, out: Tensor | None = None) -> "LayerStep":
        """Do all of :meth:`learn` but the transform's gradient, which the step can write.

        Args:
            x: Input, shape ``(rails * batch, *shape)``, or labels and samples apart.
            y: True labels, shape ``(batch,)``.
            out: Where the activity may be put; not where the transform reads.
        """
        if isinstance(x, LabelledRails):
            a, pull = x.with_pullback(self.transform)
        elif (parts := self._fused(x)) is not None:
            transform, objective = parts
            h, pull = transform.with_pullback(self.read(x), rectify=True)
            loss, da, sums = objective.evaluate_rectified(h, y)
            return LayerStep(self, x, h, loss, da, pull, None, Summed(pull, sums))
        else:
            a, pull = self.transform.with_pullback(self.read(x))
        pairs = self.objective.contrast == "pairs"
        joined = join_pairs(a) if pairs else a
        unpool: Back | None = None
        if self.pool is not None:
            joined, unpool = self.pool.with_pullback(joined)
        if out is not None and out.stride() == joined.stride():
            h = torch.clamp_min(joined, 0, out=out)
        else:
            h = torch.relu_(joined)
        loss, gradient = self.judge(self.summary(h), y)
        da = self._rectified(self.summary.pull(gradient, h), h)
        if self.peers is not None:
            self.peers.add_gradient(da, h, len(y))
        if unpool is not None:
            da = unpool(da)
        if pairs:
            da = part_pairs(da)
            h = self.respond(a)
        return LayerStep(self, x, h, loss, da, pull, unpool)

    def _rectified(self, dh: Tensor, h: Tensor) -> Tensor:
        """Carry a gradient at the activity back through the ReLU, in its place if it may be."""
        if self.objective.vanishes and not self.summary.cells:
            return dh
        # In place, where it lies in memory as the activity does.
        da = dh if dh.stride() == h.stride() else torch.empty_like(h)
        # ReLU's derivative is 1 where its output is positive.
        torch.ops.aten.threshold_backward.grad_input(dh, h, 0, grad_input=da)
        return da

    def _fused(self, x: Tensor) -> tuple[Linear, Rectifying] | None:
        """Return the layer's parts if there are kernels for all between its two products."""
        if not x.is_cuda:
            return None
        transform, objective = self.transform, self.objective
        if self.pool is not None or self.peers is not None or not isinstance(transform, Linear):
            return None
        if not isinstance(objective, Rectifying) or not objective.rectifies(x):
            return None
        return transform, objective

    def judge(self, h: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the objective's loss of what it reads, and the gradient in the precision of that.

        Args:
            h: Shape ``(rails * batch, features)``.
            y: True labels, shape ``(batch,)``.
        """
        loss, gradient = self.objective.evaluate(h if self.objective.reads_low else in_full(h), y)
        return loss, gradient.to(h.dtype)

    def trace(self, x: Tensor) -> "Trace":
        """Map as one step of learning does, with a graph that begins at the input."""
        a = self.transform.learning(self.read(x))
        pairs = self.objective.contrast == "pairs"
        joined = join_pairs(a) if pairs else a
        pre = self.pool(joined) if self.pool is not None else joined
        judged = F.relu(pre)
        return Trace(pre, judged, self.respond(a) if pairs else judged)


@dataclass(frozen=True, slots=True)
class Trace:
    """What autograd sees of one layer.

    Attributes:
        pre: What the ReLU reads.
        judged: What the objective reads.
        h: The activity, which is not the same where pairs are judged.
    """

    pre: Tensor
    judged: Tensor
    h: Tensor


class Summed(NamedTuple):
    """The sum over rows of a gradient, and the pullback that takes it."""

    pull: SummedPullback
    sums: Tensor


@dataclass(frozen=True, slots=True)
class LayerStep:
    """One layer on one batch, its loss known and the gradient of its weights not yet written.

    Attributes:
        layer: Whose step it is.
        x: What the layer was given.
        h: Its activity, shape ``(rails * batch, *out_shape)``.
        loss: Its loss, a scalar.
        da: Gradient of the loss at the transform's output.
        pull: Writes the gradient of the transform's parameters.
        unpool: Carries a gradient at ``h`` back through the pool, if there is one.
        summed: The sum of ``da`` over rows, where it is known, and who takes it.
    """

    layer: FFLayer
    x: Reading
    h: Tensor
    loss: Tensor
    da: Tensor
    pull: Pullback
    unpool: Back | None
    summed: "Summed | None" = None

    def share(self, share: float) -> None:
        """Take all gradients as a part's of a batch; the loss is averaged over the part alone."""
        self.da.mul_(share)
        if self.summed is not None:
            self.summed.sums.mul_(share)

    @torch.no_grad()
    def write_gradient(self, from_above: Tensor | None = None, *, add: bool = False) -> None:
        """Set the gradient of the transform's parameters.

        Args:
            add: Add it to what earlier parts of the batch have left.
            from_above: Gradient of the next layer's loss at ``h``, where the two are a pair.
        """
        da = self.da
        if from_above is not None:
            passed = from_above.reshape(self.h.shape) * (self.h > 0)
            da = da + (self.unpool(passed) if self.unpool is not None else passed)
        if self.summed is not None and from_above is None:
            self.summed.pull(da, add=add, sums=self.summed.sums)
        else:
            self.pull(da, add=add)

    def input_gradient(self) -> Tensor:
        """Return the gradient of the layer's loss at what it was given, the shape of ``x``.

        The one gradient that can leave a layer. Autograd finds it, through normalisation and
        transform; the graph is gone on return.
        """
        assert isinstance(self.x, Tensor)  # noqa: S101 - labels apart are read by a first layer
        with torch.enable_grad():
            x = in_full(self.x).detach().requires_grad_()
            layer = self.layer
            a = layer.transform.traced(layer.normalise(x).reshape(len(x), *layer.in_shape))
            (gradient,) = torch.autograd.grad(a, x, in_full(self.da))
        return gradient


def join_pairs(a: Tensor) -> Tensor:
    """Turn the halves of pairs into pairs [x, x] and [x, x'], ``(2 * batch, *shape)``.

    Both halves share weights and bias, so a pair's pre-activation is the sum of two:
    ``W x + W x' + 2 b``.

    Args:
        a: Pre-activations of samples above those of their partners.
    """
    own, other = a.chunk(2)
    return torch.cat([2 * own, own + other])


def part_pairs(da: Tensor) -> Tensor:
    """Carry a gradient back through :func:`join_pairs`."""
    equal, mixed = da.chunk(2)
    return torch.cat([2 * equal + mixed, mixed])
