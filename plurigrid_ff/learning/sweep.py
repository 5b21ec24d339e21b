"""One batch on its way through the layers."""

from collections.abc import Sequence

from torch import Tensor

from plurigrid_ff.learning.layers import FFLayer, LayerStep
from plurigrid_ff.learning.learners import Learner


class Sweep:
    """Lets every layer whose turn it is take a step on one batch.

    With a locality of 2 a layer also moves by the loss of the layer above it, through that
    one layer and no further: its gradient waits until the layer above has been evaluated.
    Every gradient is taken at the weights with which the batch went up.

    Args:
        learners: One per layer, first layer first.
        active: Which layers learn.
        y: True labels of the batch, shape ``(batch,)``.
        losses: Each layer's mean loss over its visits is added to it, shape ``(layers,)``.
        alive: Takes whether any unit of a layer is active, shape ``(layers,)``.
        locality: How many layers a loss may move.
        visits: How often each layer is visited; it takes a step at every visit.

    Reference:
        Wu et al. (2024), "Distance-Forward Learning", arXiv:2408.14925, whose overlapping
        pairs are the locality of 2.
    """

    def __init__(
        self,
        learners: Sequence[Learner],
        active: Sequence[bool],
        y: Tensor,
        *,
        losses: Tensor,
        alive: Tensor,
        locality: int,
        visits: int = 1,
    ) -> None:
        self._learners = learners
        self._active = active
        self._y = y
        self._losses = losses
        self._alive = alive
        self._locality = locality
        self._visits = visits
        self._waiting: tuple[Learner, LayerStep] | None = None

    def visit(self, index: int, layer: FFLayer, x: Tensor) -> Tensor:
        """Let a layer learn from what it reads, or only answer; return its activity."""
        if not self._active[index]:
            self.finish()
            return layer.activity(x)
        step = layer.evaluate(x, self._y)
        self._losses[index] += step.loss / self._visits
        self._alive[index] |= step.h.any()
        self.finish(step)
        self._waiting = self._learners[index], step
        if self._locality == 1:
            self.finish()
        return step.h

    def finish(self, above: LayerStep | None = None) -> None:
        """Let the layer that waits take its step, with the error of the layer above if any."""
        if self._waiting is None:
            return
        learner, step = self._waiting
        step.write_gradient(above.input_gradient() if above is not None else None)
        learner.step()
        self._waiting = None
