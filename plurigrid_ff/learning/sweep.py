"""One batch on its way through the layers."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from plurigrid_ff.learning.beside import Beside
from plurigrid_ff.learning.engine import Engine
from plurigrid_ff.learning.kernels.activity import mark_active
from plurigrid_ff.learning.kernels.usable import usable
from plurigrid_ff.learning.labelled import Reading
from plurigrid_ff.learning.layers import FFLayer, LayerStep
from plurigrid_ff.learning.learners import Learner

LOOKED_AT = 2048  # rows of a batch by which a layer is alive


class Sweep:
    """Lets every layer whose turn it is take a step on one batch.

    With a locality of 2 a layer also moves by the loss of the layer above it, through that
    one layer and no further: its gradient waits until the layer above has been evaluated.
    Every gradient is taken at the weights with which the batch went up; one that waits is of
    the whole batch, not in parts.

    Args:
        learners: One per layer that is visited, by its place.
        engine: Takes the steps.
        active: Which layers learn.
        y: True labels of the batch, shape ``(batch,)``.
        losses: Each layer's mean loss over its visits is added to it, shape ``(layers,)``.
        alive: Takes whether any unit of a layer is active, on :data:`LOOKED_AT` rows of a
            large batch, shape ``(layers,)``.
        locality: How many layers a loss may move.
        share: Of the batch's samples that are here.
        visits: How often each layer is visited; it takes a step at every visit.
        forgets: What a layer above the first reads may be written over once it is read.
        beside: Where layers step, if not each before the next is visited.

    Reference:
        Wu et al. (2024), "Distance-Forward Learning", arXiv:2408.14925, whose overlapping
        pairs are the locality of 2.
    """

    def __init__(
        self,
        learners: Mapping[int, Learner],
        engine: Engine,
        active: Sequence[bool],
        y: Tensor,
        *,
        losses: Tensor,
        alive: Tensor,
        locality: int,
        share: float = 1.0,
        visits: int = 1,
        forgets: bool = False,
        beside: Beside | None = None,
    ) -> None:
        self._learners = learners
        self._engine = engine
        self._active = active
        self._y = y
        self._losses = losses
        self._alive = alive
        self._locality = locality
        self._share = share
        self._visits = visits
        self._forgets = forgets
        self._beside = beside
        self._waiting: tuple[Learner, LayerStep] | None = None

    def visit(self, index: int, layer: FFLayer, x: Reading) -> Tensor:
        """Let a layer learn from what it reads, or only answer; return its activity."""
        # The first layer's input is the caller's, and a pair's is needed until both have learned.
        overwrite = self._forgets and index > 0 and self._locality == 1
        if not self._active[index]:
            self.finish()
            return self._engine.answer(layer, x, overwrite=overwrite)
        if self._locality == 1:
            beside = self._beside
            h, loss = self._engine.learn(layer, x, self._y, overwrite=overwrite, beside=beside)
            if beside is not None:
                beside.step(self._learners[index], self._share)
            else:
                self._learners[index].step(self._share)
        else:
            step = layer.evaluate(x, self._y)
            h, loss = step.h, step.loss
            self.finish(step)
            self._waiting = self._learners[index], step
        self._losses[index].add_(loss, alpha=self._share / self._visits)
        self._look(index, h)
        return h

    def _look(self, index: int, h: Tensor) -> None:
        """Note whether a layer says anything, unless it is known; only a CPU is asked for that."""
        alive = self._alive[index]
        # The middle rows: where there are two rails, some of each.
        start = max(0, (len(h) - LOOKED_AT) // 2)
        shown = h[start : start + LOOKED_AT]
        if usable(shown) and shown.is_contiguous():
            mark_active(shown, alive)
        elif h.device.type != "cpu" or not alive:
            # An activity is never negative, and one that is not a number is no silence.
            alive |= shown.amax() != 0

    def finish(self, above: LayerStep | None = None) -> None:
        """Let the layer that waits take its step, with the error of the layer above if any."""
        if self._waiting is None:
            return
        learner, step = self._waiting
        self._engine.lend(step.layer)
        step.write_gradient(above.input_gradient() if above is not None else None)
        learner.step(self._share)
        self._waiting = None
