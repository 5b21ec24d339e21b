"""Flows: the way in which activity runs through the layers of a network."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from plurigrid_ff.learning.labelled import Reading, map_candidates
from plurigrid_ff.learning.labels import embed_labels
from plurigrid_ff.learning.layers import FFLayer
from plurigrid_ff.learning.shortcuts import Shortcut

Visit = Callable[[int, FFLayer, Reading], Tensor]
Measure = Callable[[FFLayer, Tensor], Tensor]


class Flow(ABC):
    """Carries prepared input through the layers; holds no weights and learns nothing.

    Attributes:
        visits: How often each layer is visited in one sweep.
        forgets: Nobody but the next layer reads an activity, so it may be written over then.
    """

    visits: int
    forgets: bool = False

    @abstractmethod
    def sweep(self, stack: Sequence[FFLayer], x: Reading, visit: Visit, last: int | None) -> None:
        """Visit the layers.

        Args:
            stack: The layers, first layer first.
            x: Prepared input, shape ``(rows, *shape)``, any label included or beside it.
            visit: Given a layer's place, the layer, and what it reads; returns its activity.
            last: Place of the last layer that must be visited; None: the top.
        """

    @abstractmethod
    def collect(self, stack: Sequence[FFLayer], x: Tensor, measure: Measure) -> list[Tensor]:
        """Return one measure of each layer's activity, without learning.

        Args:
            stack: The layers, first layer first.
            x: Prepared input, shape ``(rows, *shape)``, any label included.
            measure: Given a layer and its activity, returns what is wanted of it.
        """

    def collect_labels(
        self, stack: Sequence[FFLayer], x: Tensor, num_classes: int, measure: Measure
    ) -> list[list[Tensor]]:
        """Return :meth:`collect` of the samples with every label, one list per label.

        Args:
            stack: The layers, first layer first.
            x: Samples at scale, without a label.
            num_classes: Number of labels.
            measure: Given a layer and its activity, returns what is wanted of it.
        """
        labels = torch.arange(num_classes, device=x.device).unsqueeze(1).expand(-1, len(x))
        return [self.collect(stack, embed_labels(x, y, num_classes), measure) for y in labels]

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
        self.forgets = not any(shortcuts)

    def sweep(self, stack: Sequence[FFLayer], x: Reading, visit: Visit, last: int | None) -> None:
        """Visit the layers, first layer first, and none above ``last``."""
        self.climb(stack, x, visit, range(len(stack) if last is None else last + 1))

    def climb(
        self, stack: Sequence[FFLayer], x: Reading | deque[Tensor], visit: Visit, places: range
    ) -> deque[Tensor]:
        """Visit consecutive layers; return what the last ``reach`` of them have passed on.

        Args:
            stack: The layers, first layer first.
            x: What the first of them reads: prepared input, or what was passed on below, which is
                taken out of there so that nobody keeps it.
            visit: Given a layer's place, the layer, and what it reads; returns its activity.
            places: Which layers.
        """
        passed_on: deque[Tensor] = deque(maxlen=self.reach)
        if isinstance(x, deque):
            while x:
                passed_on.append(x.popleft())
        else:
            passed_on.append(visit(places.start, stack[places.start], x))
            places = places[1:]
        self.carry(stack, passed_on, visit, places)
        return passed_on

    def passed_on(self, stack: Sequence[FFLayer], place: int) -> list[tuple[int, ...]]:
        """Return the shapes of one row of what a layer is handed from below, the nearest last."""
        below = range(max(0, place - self.reach), place)
        cuts = ((self.shortcuts[index], stack[index]) for index in below)
        return [cut.out_shape if cut else layer.out_shape for cut, layer in cuts]

    def carry(
        self, stack: Sequence[FFLayer], passed_on: deque[Tensor], visit: Visit, places: range
    ) -> None:
        """Visit some of the layers above the first.

        Args:
            stack: The layers, first layer first.
            passed_on: What the last ``reach`` layers below have passed on, the nearest last;
                afterwards, what the last of all have.
            visit: Given a layer's place, the layer, and what it reads; returns its activity.
            places: Which layers, one after the other.
        """
        for index in places:
            layer, shortcut = stack[index], self.shortcuts[index]
            h = visit(index, layer, passed_on[-1])
            passed_on.append(shortcut(h, passed_on[-shortcut.span]) if shortcut else h)

    def collect(self, stack: Sequence[FFLayer], x: Tensor, measure: Measure) -> list[Tensor]:
        """Measure every layer's activity on its way up."""
        return self._measured(stack, stack[0].activity(x), measure)

    def collect_labels(
        self, stack: Sequence[FFLayer], x: Tensor, num_classes: int, measure: Measure
    ) -> list[list[Tensor]]:
        """Measure every layer's activity under every label; the first layer maps ``x`` once."""
        each = self._first_activities(stack[0], x, num_classes)
        return [self._measured(stack, h, measure) for h in each]

    def label_goodness(self, stack: Sequence[FFLayer], x: Tensor, num_classes: int) -> Tensor:
        """Score every label in the first layer."""
        first = stack[0]
        each = self._first_activities(first, x, num_classes)
        return torch.stack([first.goodness(h) for h in each], dim=1)

    def _first_activities(self, first: FFLayer, x: Tensor, num_classes: int) -> Iterator[Tensor]:
        """Yield the first layer's activity under every label.

        Where it can, it maps the samples once, and a label adds its own part.
        """
        if first.shares_input:
            for a in map_candidates(first.transform, x, num_classes):
                yield first.respond(a)
            return
        for label in torch.arange(num_classes, device=x.device):
            yield first.activity(embed_labels(x, label.expand(len(x)), num_classes))

    def _measured(self, stack: Sequence[FFLayer], h: Tensor, measure: Measure) -> list[Tensor]:
        """Measure the first layer's activity ``h``, and that of every layer above it."""
        measures = [measure(stack[0], h)]

        def visit(index: int, layer: FFLayer, x: Reading) -> Tensor:
            h = layer.activity(x)
            measures.append(measure(layer, h))
            return h

        self.carry(stack, deque([h], maxlen=self.reach), visit, range(1, len(stack)))
        return measures
