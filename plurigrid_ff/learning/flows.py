"""Flows: the way in which activity runs through the layers of a network."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from plurigrid_ff.learning.labels import embed_labels, embed_nothing
from plurigrid_ff.learning.layers import FFLayer
from plurigrid_ff.learning.norms import unchanged
from plurigrid_ff.learning.shortcuts import Shortcut

Visit = Callable[[int, FFLayer, Tensor], Tensor]


class Flow(ABC):
    """Carries prepared input through the layers; holds no weights and learns nothing.

    Attributes:
        visits: How often each layer is visited in one sweep.
    """

    visits: int

    @abstractmethod
    def sweep(self, stack: Sequence[FFLayer], x: Tensor, visit: Visit, last: int | None) -> None:
        """Visit the layers.

        Args:
            stack: The layers, first layer first.
            x: Prepared input, shape ``(rows, *shape)``, any label included.
            visit: Given a layer's place, the layer, and what it reads; returns its activity.
            last: Place of the last layer that must be visited; None: the top.
        """

    @abstractmethod
    def collect(
        self, stack: Sequence[FFLayer], x: Tensor, measure: Callable[[FFLayer, Tensor], Tensor]
    ) -> list[Tensor]:
        """Return one measure of each layer's activity, without learning.

        Args:
            stack: The layers, first layer first.
            x: Prepared input, shape ``(rows, *shape)``, any label included.
            measure: Given a layer and its activity, returns what is wanted of it.
        """

    @abstractmethod
    def label_goodness(self, stack: Sequence[FFLayer], x: Tensor, num_classes: int) -> Tensor:
        """Score every label in the one layer that reads it, ``(rows, classes)``.

        Args:
            stack: The layers, first layer first.
            x: Samples at scale, without a label.
            num_classes: Number of labels.
        """


class FeedForward(Flow):
    """Upwards, once. What a layer passes on may be joined with what was passed on earlier.

    Args:
        shortcuts: What ends at each layer, or None.
    """

    visits = 1

    def __init__(self, shortcuts: Sequence[Shortcut | None]) -> None:
        self.shortcuts = shortcuts
        # What was passed on is kept for as many layers as the longest shortcut spans.
        self.reach = max((cut.span for cut in shortcuts if cut), default=1)

    def sweep(self, stack: Sequence[FFLayer], x: Tensor, visit: Visit, last: int | None) -> None:
        """Visit the layers, first layer first, and none above ``last``."""
        passed_on = deque([x], maxlen=self.reach)
        end = len(stack) if last is None else last + 1
        for index in range(end):
            layer, shortcut = stack[index], self.shortcuts[index]
            h = visit(index, layer, passed_on[-1])
            passed_on.append(shortcut(h, passed_on[-shortcut.span]) if shortcut else h)

    def collect(
        self, stack: Sequence[FFLayer], x: Tensor, measure: Callable[[FFLayer, Tensor], Tensor]
    ) -> list[Tensor]:
        """Measure every layer's activity on its way up."""
        measures = []

        def visit(index: int, layer: FFLayer, x: Tensor) -> Tensor:
            h = layer.activity(x)
            measures.append(measure(layer, h))
            return h

        self.sweep(stack, x, visit, None)
        return measures

    def label_goodness(self, stack: Sequence[FFLayer], x: Tensor, num_classes: int) -> Tensor:
        """Score every label in the first layer.

        Where that layer is affine, the part of the sample is computed once and a label adds
        its own: ``a(x, k) = a(x, 0) + a(0, k) - a(0, 0)``.
        """
        first = stack[0]
        if not first.transform.affine or first.normalise is not unchanged:
            rows = torch.arange(num_classes, device=x.device).unsqueeze(1).expand(-1, len(x))
            each = [first.activity(embed_labels(x, y, num_classes)) for y in rows]
            return torch.stack([first.goodness(h) for h in each], dim=1)
        nothing = x.new_zeros(num_classes, *x.shape[1:])
        labels = torch.arange(num_classes, device=x.device)
        of_label = first.transform(embed_labels(nothing, labels, num_classes))
        of_label = of_label - first.transform(embed_nothing(nothing[:1], num_classes))
        of_sample = first.transform(embed_nothing(x, num_classes))
        scores = [first.goodness(first.respond(of_sample + part)) for part in of_label]
        return torch.stack(scores, dim=1)
