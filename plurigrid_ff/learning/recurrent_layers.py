"""Layers that read the layers below and above, and that keep a share of their activity."""

import torch
from torch import Tensor

from plurigrid_ff.learning.labelled import Reading
from plurigrid_ff.learning.layers import FFLayer, LayerStep, Trace
from plurigrid_ff.learning.norms import Normalise
from plurigrid_ff.learning.objectives.base import Objective
from plurigrid_ff.learning.peers import PeerNormalisation
from plurigrid_ff.learning.transforms import Linear


class RecurrentLayer(FFLayer):
    """A dense layer at one time step, trained by its own objective at that step.

    It reads one row, ``[below | above | own]``: activities as they were a step ago, each
    detached, so no gradient crosses a layer or a step. What below and above say is normalised
    and mapped; its own activity stays with the share ``damping``:
    ``h = damping own + (1 - damping) relu(W [below, above] + b)``.

    Args:
        transform: Maps below beside above, and beside its own normalised activity if lateral.
        objective: What the layer learns from.
        widths: Features of below and of above; a layer with no layer above it and no label
            has 0 of the latter.
        damping: Share of the old activity that is kept.
        normalise: What is done to below.
        normalise_above: What is done to above.
        normalise_own: What is done to its own activity before it is mapped; None: it is not.
        peers: Keeps units from falling silent; none by default.

    Reference:
        Hinton (2022), "The Forward-Forward Algorithm", arXiv:2212.13345, sec. 3.4, where
        ``damping`` is 0.3 and nothing is lateral.
    """

    def __init__(
        self,
        transform: Linear,
        objective: Objective,
        *,
        widths: tuple[int, int],
        damping: float,
        normalise: Normalise,
        normalise_above: Normalise,
        normalise_own: Normalise | None,
        peers: PeerNormalisation | None = None,
    ) -> None:
        super().__init__(transform, objective, normalise=normalise, peers=peers)
        self.widths = [*widths, transform.out_features]
        self.damping = damping
        self.normalise_above = normalise_above
        self.normalise_own = normalise_own

    def read(self, x: Tensor) -> Tensor:
        """Return what the transform sees of ``(rows, below + above + own)``, detached."""
        below, above, own = torch.split(x.detach(), self.widths, dim=1)
        seen = [self.normalise(below), self.normalise_above(above)]
        if self.normalise_own is not None:
            seen.append(self.normalise_own(own))
        return torch.cat(seen, dim=1)

    def damped(self, new: Tensor, x: Tensor) -> Tensor:
        """Join the computed activity with the old one, which is the last part of ``x``."""
        own = x.detach()[:, -self.widths[2] :]
        return self.damping * own + (1 - self.damping) * new

    def forward(self, x: Tensor) -> Tensor:
        """Map ``(rows, below + above + own)`` to the activity a step later, ``(rows, own)``."""
        return self.damped(self.respond(self.transform(self.read(x))), x)

    @torch.no_grad()
    def begin(self, below: Tensor) -> Tensor:
        """Return the activity before the first step: all else is silent, and nothing is kept."""
        silent = below.new_zeros(len(below), self.widths[1] + self.widths[2])
        return self.respond(self.transform(self.read(torch.cat([below, silent], dim=1))))

    @torch.no_grad()
    def evaluate(self, x: Reading, y: Tensor, *, out: Tensor | None = None) -> LayerStep:
        """Evaluate the objective of the damped activity, whose old part is a constant.

        ``out`` is not used.
        """
        assert isinstance(x, Tensor)  # noqa: S101 - a label stands above the highest layer
        a, pull = self.transform.with_pullback(self.read(x))
        new = torch.relu_(a)
        h = self.damped(new, x)
        loss, gradient = self.judge(h, y)
        da = gradient * (new > 0) * (1 - self.damping)
        if self.peers is not None:
            self.peers.add_gradient(da, h, len(y))
        return LayerStep(self, x, h, loss, da, pull, None)

    def trace(self, x: Tensor) -> Trace:
        """Map as one step of learning does, with a graph that begins at the input."""
        a = self.transform.learning(self.read(x))
        h = self.damped(torch.relu(a), x)
        return Trace(a, h, h)
